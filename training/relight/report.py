"""The table of all variants: gathers the measurements of an experiment into Markdown, JSON and plots.

python -m relight.report --runs DIR --out DIR
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ORDER = ("C-B", "B", "C-A", "A", "geometric", "none")
TITLES = {
    "C-B": "C on B (tensor mode + own transmittance)", "B": "B (light direction as tensor mode)",
    "C-A": "C on A (MLP + own transmittance)", "A": "A (MLP)",
    "geometric": "geometric (own transmittance alone)", "none": "sun-blind TensoRF",
}  # fmt: skip
COLUMNS = (
    ("psnr", "PSNR dB", "{:.2f}"), ("ssim", "SSIM", "{:.3f}"), ("mae", "MAE", "{:.4f}"),
    ("border_mae", "MAE at shadow borders", "{:.4f}"), ("shadow_iou_image", "shadow IoU", "{:.3f}"),
    ("shadow_iou_ground", "… on the ground", "{:.3f}"), ("geometric_iou_image", "T_sun IoU", "{:.3f}"),
    ("geometric_iou_ground", "… on the ground", "{:.3f}"), ("albedo_psnr", "albedo dB", "{:.2f}"),
    ("depth_median_error", "depth error m", "{:.3f}"),
)  # fmt: skip
SPLITS = ("unseen-both", "unseen-view", "unseen-sun", "all")


def gather(runs: Path) -> dict[str, dict[str, Any]]:
    """Measurements (``RUN/metrics.json``) and logs (``RUN/log.jsonl``) of the variants that have both."""
    found = {}
    for variant in ORDER:
        folder = runs / variant
        if (folder / "metrics.json").exists():
            log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
            found[variant] = {"metrics": json.loads((folder / "metrics.json").read_text()), "log": log}
    return found


def table(found: dict[str, dict[str, Any]], split: str) -> str:
    """One split's Markdown table, a row a variant."""
    head = ["variant", *(title for _, title, _ in COLUMNS), "iterations", "minutes"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for variant, run in found.items():
        values = run["metrics"].get(split, {})
        cells = [form.format(values[name]) if name in values else "–" for name, _, form in COLUMNS]
        if variant in ("none", "geometric"):  # s is not learned: 1, or a function of T_sun alone
            cells[4:6] = ["–", "–"] if variant == "none" else cells[4:6]
        last = run["log"][-1]
        cells += [str(last["iteration"]), f"{last['seconds'] / 60:.1f}"]
        lines.append("| " + " | ".join([TITLES[variant], *cells]) + " |")
    return "\n".join(lines)


def markdown(found: dict[str, dict[str, Any]]) -> str:
    """All tables, and what the targets say of the best variant."""
    parts = ["# Relight: measured on held-out images", ""]
    for split in SPLITS:
        if any(split in run["metrics"] for run in found.values()):
            count = next(run["metrics"][split]["images"] for run in found.values() if split in run["metrics"])
            parts += [f"## {split} ({count} images)", "", table(found, split), ""]
    return "\n".join(parts)


def plots(found: dict[str, dict[str, Any]], out: Path) -> None:
    """Training curves, and PSNR and IoU a variant."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    for variant, run in found.items():
        minutes = [e["seconds"] / 60 for e in run["log"]]
        axes[0].plot(minutes, [e["psnr"] for e in run["log"]], label=variant)
    axes[0].set(xlabel="training time / min", ylabel="PSNR of training rays / dB", title="Training")
    axes[0].legend()
    names, split = list(found), SPLITS[0]
    measured = [found[v]["metrics"].get(split, found[v]["metrics"]["all"]) for v in names]
    axes[1].bar(names, [m["psnr"] for m in measured])
    axes[1].axhline(28, color="grey", linestyle="--")
    axes[1].set(ylim=(15, None), ylabel="PSNR / dB", title=f"Picture, {split}")
    at = range(len(names))
    axes[2].bar([k - 0.2 for k in at], [m["shadow_iou_image"] for m in measured], 0.4, label="image")
    axes[2].bar([k + 0.2 for k in at], [m["shadow_iou_ground"] for m in measured], 0.4, label="ground")
    axes[2].set_xticks(list(at), names)
    axes[2].set(ylabel="shadow IoU", title=f"Shadow, {split}")
    axes[2].legend()
    figure.savefig(out / "report.png", dpi=110)


def write(runs: Path, out: Path) -> str:
    """Write report.md, report.json and report.png; returns the Markdown."""
    found = gather(runs)
    if not found:
        raise SystemExit(f"{runs} has no evaluated run")
    out.mkdir(parents=True, exist_ok=True)
    text = markdown(found)
    (out / "report.md").write_text(text)
    (out / "report.json").write_text(json.dumps(found, indent=1) + "\n")
    plots(found, out)
    return text


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m relight.report", description="Tables and plots of all variants.")
    parser.add_argument("--runs", type=Path, required=True, help="folder with one run a variant")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    print(write(options.runs, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
