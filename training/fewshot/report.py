"""The tables of an experiment in Markdown and JSON.

    python -m fewshot.report [--runs RUNS] [--learners ../public/learners] --out DIR
    python -m fewshot.report --learners ../public/learners --docs ../docs/fewshot-training.md

From the cards of finished learners and, where given, the measurements in RUNS, which also hold single episodes: only
they give the table of differences, paired by episode. ``--docs`` puts the tables of the cards into a document.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from fewshot.catalogue import describe, menu
from fewshot.data import DOMAINS
from fewshot.evaluate import ASSIGNMENT_WAYS, ASSIGNMENTS, WAYS
from fewshot.folder import Metrics, cards, metrics_of, without_episodes
from fewshot.learner import Recipe

BEGIN, END = "<!-- fewshot.report: begin -->", "<!-- fewshot.report: end -->"


def gather(runs: Path | None = None, learners: Path | None = None) -> dict[str, Metrics]:
    """Measurements by name, in the menu's order: of cards, and of RUNS/NAME/metrics.json, which go before."""
    found = {n: metrics_of(c) for n, c in cards(learners).items() if c["metrics"]} if learners else {}
    if runs:
        found |= {p.parent.name: json.loads(p.read_text()) for p in sorted(runs.glob("*/metrics.json"))}
    order = menu()
    return dict(sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))


def title(metrics: Metrics) -> str:
    """Name a learner in a table."""
    return describe(Recipe.from_json(metrics["recipe"]))


def cell(found: Metrics | None) -> str:
    """Format an accuracy with its interval in percent."""
    return "–" if found is None else f"{100 * found['accuracy']:.2f} ± {100 * found['interval']:.2f}"


def _rows(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]


def ways_table(found: dict[str, Metrics]) -> list[str]:
    """Return a row a learner, a column a number of ways; a fixed-way learner off its way is in italics."""

    def at(m: Metrics, n: int) -> str:
        text, trained = cell(m["ways"].get(str(n))), m["recipe"]["ways"]
        return f"*{text}*" if text != "–" and len(trained) == 1 and trained != [n] else text

    rows = [
        [
            title(m), *(at(m, n) for n in WAYS), str(m["trained"]["episodes"]),
            f"{m['trained']['best_at']}", f"{m['trained']['seconds'] / 60:.0f}",
        ]
        for m in found.values()
    ]  # fmt: skip
    return _rows(["learner", *(f"{n} ways" for n in WAYS), "training episodes", "weights after", "minutes"], rows)


def assignments_table(found: dict[str, Metrics]) -> list[str]:
    """Two rows a learner with assignments, a column a number of assignments."""
    words = {"read": "adapted with all, read by J", "adapted": "adapted with J, read by J"}
    rows = [
        [title(m), words[kind], *(cell(m["assignments"][kind].get(str(j))) for j in ASSIGNMENTS)]
        for m in found.values()
        if "assignments" in m
        for kind in words
    ]
    return _rows(["learner", "", *(f"J = {j}" for j in ASSIGNMENTS)], rows)


def differences_table(found: dict[str, Metrics]) -> list[str]:
    """Return what each learner's accuracy is above the first one's, episode by episode; [] without single episodes."""

    def at(m: Metrics, n: int) -> str:
        mine, base = (x["ways"].get(str(n), {}).get("each") for x in (m, first))
        if mine is None or base is None or len(mine) != len(base):
            return "–"
        values = 100 * (np.array(mine) - np.array(base))
        return f"{values.mean():+.2f} ± {1.96 * values.std(ddof=1) / len(values) ** 0.5:.2f}"

    first, *others = found.values()
    rows = [[title(m), *(at(m, n) for n in WAYS)] for m in others]
    rows = [row for row in rows if any(text != "–" for text in row[1:])]
    return _rows([f"above {title(first)}", *(f"{n} ways" for n in WAYS)], rows) if rows else []


def markdown(found: dict[str, Metrics], heading: str = "##") -> str:
    """All tables."""
    parts: list[str] = []
    for domain in DOMAINS:
        for shots in sorted({m["recipe"]["shots"] for m in found.values()}, reverse=True):
            here = {n: m for n, m in found.items() if m["recipe"]["domain"] == domain and m["recipe"]["shots"] == shots}
            if not here:
                continue
            count = next(iter(next(iter(here.values()))["ways"].values()))["episodes"]
            unit = f"{shots} shot{'s' if shots > 1 else ''}"
            parts += [f"{heading} {domain.capitalize()}, {unit} ({count} episodes a cell, 95 % intervals, %)", ""]
            parts += [*ways_table(here), ""]
            if any("assignments" in m for m in here.values()):
                parts += [f"At {ASSIGNMENT_WAYS} ways, by the number J of assignments:", ""]
                parts += [*assignments_table(here), ""]
            if differences := differences_table(here):
                parts += ["Paired by episode, in points:", "", *differences, ""]
    return "\n".join(parts)


def write(runs: Path | None, learners: Path | None, out: Path) -> str:
    """Write report.md and report.json (without single episodes); returns the Markdown."""
    found = gather(runs, learners)
    if not found:
        raise SystemExit("nothing is measured")
    out.mkdir(parents=True, exist_ok=True)
    text = "# Few-shot: measured on test classes\n\n" + markdown(found)
    (out / "report.md").write_text(text)
    (out / "report.json").write_text(json.dumps({n: without_episodes(m) for n, m in found.items()}, indent=1) + "\n")
    return text


def with_tables(document: str, learners: Path) -> str:
    """Return a document with the tables of the cards between its two marks."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{markdown(gather(learners=learners), '####')}\n{END}{after}"


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.report", description="Tables of a few-shot experiment.")
    parser.add_argument("--runs", type=Path, help="folder with one run a learner")
    parser.add_argument("--learners", type=Path, help="folder of finished learners")
    parser.add_argument("--out", type=Path, help="folder for report.md and report.json")
    parser.add_argument("--docs", type=Path, help="document with marks for the tables of the cards")
    options = parser.parse_args(arguments)
    if options.out:
        print(write(options.runs, options.learners, options.out))
    if options.docs:
        if options.learners is None:
            parser.error("--docs needs --learners")
        options.docs.write_text(with_tables(options.docs.read_text(), options.learners))
    return 0


if __name__ == "__main__":
    sys.exit(main())
