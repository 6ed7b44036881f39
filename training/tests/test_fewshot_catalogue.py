"""The catalogue of learners, and the folder that is committed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from fewshot import bench, catalogue

LEARNERS = Path(__file__).parents[2] / "public" / "learners"


def test_the_committed_index_names_the_committed_learners_in_order() -> None:
    index = json.loads((LEARNERS / catalogue.INDEX).read_text())
    assert index == {"learners": catalogue.present(LEARNERS)}
    for name in index["learners"]:
        card = json.loads((LEARNERS / name / "card.json").read_text())
        assert card["name"] == name
        assert (LEARNERS / name / card["file"]).is_file()


def test_titles_tell_all_learners_apart() -> None:
    titles = [catalogue.title_of(r) for r in catalogue.recipes().values()]
    assert len(set(titles)) == len(titles)
    assert catalogue.title_of(catalogue.recipes()["drawings-anyway"]) == "Drawings, any-way MAML"
    assert catalogue.title_of(catalogue.recipes()["photographs-fixed5"]) == "Photographs, fixed-way MAML, 5 ways"
    assert catalogue.title_of(catalogue.recipes()["drawings-anyway-sum"]) == "Drawings, any-way MAML, losses summed"


def test_the_index_is_written_in_the_menus_order_and_strangers_are_named(tmp_path: Path) -> None:
    for name in ("photographs-fixed5", "drawings-fixed5", "photographs-simpleshot", "drawings-anyway"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "card.json").write_text("{}")
    (tmp_path / "half-written").mkdir()
    assert catalogue.write_index(tmp_path) == [
        "drawings-anyway", "photographs-simpleshot", "photographs-fixed5", "drawings-fixed5",
    ]  # fmt: skip
    (tmp_path / "half-written" / "card.json").write_text("{}")
    with pytest.raises(ValueError, match="half-written"):
        catalogue.write_index(tmp_path)


def test_the_bench_answers_each_line_with_a_measurement(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))
    assert bench.main(["--channels", "1", "--size", "16", "--filters", "2", "--episodes", "2", "--rounds"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["episodes"] for answer in answers] == [2, 2]
    assert all(answer["milliseconds"] > 0 for answer in answers)
