"""The tables of an experiment in Markdown and JSON.

python -m fewshot.report --runs RUNS --out DIR
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fewshot.data import DOMAINS
from fewshot.evaluate import ASSIGNMENTS, WAYS

Metrics = dict[str, Any]


def gather(runs: Path) -> dict[str, Metrics]:
    """Measurements (``RUN/metrics.json``) of the finished runs, by name."""
    return {p.parent.name: json.loads(p.read_text()) for p in sorted(runs.glob("*/metrics.json"))}


def title(recipe: dict[str, Any]) -> str:
    """Name a learner in a table."""
    if recipe["kind"] == "protonet":
        base = "ProtoNet"
    elif len(recipe["ways"]) == 1:
        base = f"fixed-way MAML, {recipe['ways'][0]} ways"
    else:
        base = f"any-way MAML, O = {recipe['nodes']}"
    for key, words in (("semantic", "semantic"), ("mixup", "mixup")):
        base += f", {words}" if recipe[key] else ""
    base += "" if recipe["second_order"] or recipe["kind"] == "protonet" else ", first order"
    return base


def cell(found: Metrics | None) -> str:
    """Format an accuracy with its interval in percent."""
    return "–" if found is None else f"{100 * found['accuracy']:.2f} ± {100 * found['interval']:.2f}"


def _rows(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]


def ways_table(found: dict[str, Metrics]) -> list[str]:
    """Return a row a learner, a column a number of ways."""
    rows = [
        [
            title(m["recipe"]), *(cell(m["ways"].get(str(n))) for n in WAYS), str(m["trained"]["episodes"]),
            f"{m['trained']['seconds'] / 60:.0f}",
        ]
        for m in found.values()
    ]  # fmt: skip
    return _rows(["learner", *(f"{n} ways" for n in WAYS), "training episodes", "minutes"], rows)


def assignments_table(found: dict[str, Metrics]) -> list[str]:
    """Two rows a learner with assignments, a column a number of assignments."""
    words = {"read": "adapted with all, read by J", "adapted": "adapted with J, read by J"}
    rows = [
        [title(m["recipe"]), words[kind], *(cell(m["assignments"][kind].get(str(j))) for j in ASSIGNMENTS)]
        for m in found.values()
        if "assignments" in m
        for kind in words
    ]
    return _rows(["learner", "", *(f"J = {j}" for j in ASSIGNMENTS)], rows)


def markdown(found: dict[str, Metrics]) -> str:
    """All tables."""
    parts = ["# Few-shot: measured on test classes", ""]
    for domain in DOMAINS:
        for shots in sorted({m["recipe"]["shots"] for m in found.values()}, reverse=True):
            here = {n: m for n, m in found.items() if m["recipe"]["domain"] == domain and m["recipe"]["shots"] == shots}
            if not here:
                continue
            count = next(iter(next(iter(here.values()))["ways"].values()))["episodes"]
            parts += [f"## {domain}, {shots} shots ({count} episodes a cell, 95 % intervals, %)", ""]
            parts += [*ways_table(here), ""]
            if any("assignments" in m for m in here.values()):
                parts += ["At 5 ways, by the number J of assignments:", "", *assignments_table(here), ""]
    return "\n".join(parts)


def write(runs: Path, out: Path) -> str:
    """Write report.md and report.json (without single episodes); returns the Markdown."""
    found = gather(runs)
    if not found:
        raise SystemExit(f"{runs} has no measured run")
    out.mkdir(parents=True, exist_ok=True)
    text = markdown(found)
    (out / "report.md").write_text(text)
    (out / "report.json").write_text(json.dumps({n: without_episodes(m) for n, m in found.items()}, indent=1) + "\n")
    return text


def without_episodes(values: Any) -> Any:
    """Drop the lists of single episodes."""
    if isinstance(values, dict):
        return {k: without_episodes(v) for k, v in values.items() if k != "each"}
    return values


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.report", description="Tables of a few-shot experiment.")
    parser.add_argument("--runs", type=Path, required=True, help="folder with one run a learner")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    print(write(options.runs, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
