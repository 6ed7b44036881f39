"""Training, measuring and exporting on made-up drawings: resuming, learning, files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime as ort
import pytest
import torch

from fewshot import data, experiment, export, reference, report, tune
from fewshot.episodes import Pool, draw_episode, episode, training_episode
from fewshot.evaluate import Measure, is_measured, measure, of_folder, of_run
from fewshot.folder import metrics_of, read_card, table, without_episodes, write_card
from fewshot.golden import drawings
from fewshot.learner import Recipe, predict
from fewshot.maml import Inner
from fewshot.random import uniform
from fewshot.train import Trainer, best_weights

CPU = torch.device("cpu")
SHORT = Recipe("drawings", "maml", 6, (2, 3), shots=2, queries=2, filters=4, episodes=12)


@pytest.fixture(autouse=True, scope="module")
def _one_thread(_threads: None) -> Iterator[None]:
    torch.set_num_threads(1)  # tensors this small only wait for each other
    yield
    torch.set_num_threads(2)


def pool(classes: int, seed: int) -> Pool:
    return Pool([f"c{k:02d}" for k in range(classes)], list(drawings(classes, 6, seed)), (0.0,), (1.0,))


@pytest.fixture(scope="module")
def pools() -> tuple[Pool, Pool]:
    return pool(12, 1), pool(5, 2)


@pytest.fixture(autouse=True)
def _short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewshot.train.VALIDATE_EVERY", 6)
    monkeypatch.setattr("fewshot.train.SAVE_EVERY", 4)
    monkeypatch.setattr("fewshot.train.VALIDATION_EPISODES", 4)


def trainer(pools: tuple[Pool, Pool], recipe: Recipe = SHORT) -> Trainer:
    return Trainer(recipe, *pools, CPU)


@pytest.mark.parametrize(
    "recipe",
    [
        SHORT,
        replace(SHORT, second_order=False),
        replace(SHORT, semantic=True, mixup=True),
        replace(SHORT, kind="protonet", nodes=0, semantic=True),
    ],
)
def test_a_resumed_run_equals_an_uninterrupted_one(pools: tuple[Pool, Pool], recipe: Recipe, tmp_path: Path) -> None:
    trainer(pools, recipe).run(tmp_path / "whole", bar=False)
    killed = trainer(pools, recipe)
    saved = killed.save
    with pytest.MonkeyPatch.context() as patch:

        def save_and_die(path: Path) -> None:
            saved(path)
            if killed.episodes == 8:
                raise KeyboardInterrupt

        patch.setattr(killed, "save", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            killed.run(tmp_path / "parts", bar=False)
    trainer(pools, recipe).run(tmp_path / "parts", bar=False)
    a, b = (best_weights(tmp_path / name / "checkpoint.pt", CPU)[2] for name in ("whole", "parts"))
    for group in ("parameters", "head", "bank"):
        for name, values in a["learner"][group].items():
            assert torch.equal(values, b["learner"][group][name]), name
    assert a["best_at"] == b["best_at"]
    logs = [(tmp_path / name / "log.jsonl").read_text().splitlines() for name in ("whole", "parts")]
    entries = [[{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in log] for log in logs]
    assert entries[0] == entries[1]
    assert entries[0][-1]["episode"] == recipe.episodes


def test_another_recipe_does_not_take_over_a_checkpoint(pools: tuple[Pool, Pool], tmp_path: Path) -> None:
    trainer(pools).save(tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="other options"):
        trainer(pools, replace(SHORT, seed=2)).restore(tmp_path / "checkpoint.pt")


@pytest.mark.parametrize(("kind", "nodes"), [("maml", 6), ("protonet", 0)])
def test_training_learns_to_learn(pools: tuple[Pool, Pool], kind: str, nodes: int) -> None:
    gains = []
    for seed in (1, 2, 3):  # how well a net starts is luck, and so is what is left to gain
        recipe = replace(SHORT, kind=kind, nodes=nodes, episodes=80, rate=1e-2, inner=Inner(0.1, 3), seed=seed)
        run = trainer(pools, recipe)
        before = Measure(recipe, run.learner.parameters, pools[1], CPU, 25, bar=False).ways(3)
        while run.episodes < recipe.episodes:
            run.step()
        after = Measure(recipe, run.learner.parameters, pools[1], CPU, 25, bar=False).ways(3)
        gains.append(after["accuracy"] - before["accuracy"])
    assert sum(gains) / len(gains) > 0.05


def test_output_nodes_start_alike_unless_they_are_drawn(pools: tuple[Pool, Pool]) -> None:
    """And with nodes alike it cannot matter which of them are assigned: every single list predicts the same."""
    alike, drawn = (trainer(pools, replace(SHORT, zero_head=zero)).learner.parameters for zero in (True, False))
    assert not alike["head.weight"].any()
    assert drawn["head.weight"].any()
    for name in alike:
        assert name == "head.weight" or torch.equal(alike[name], drawn[name])
    e = episode(pools[1], 600, 0, 3, 2, 2, SHORT.nodes)
    first, second = (predict(SHORT, alike, e, e.assignments()[k : k + 1]) for k in (0, 1))
    torch.testing.assert_close(first, second)


@pytest.mark.parametrize("semantic", [False, True])
def test_an_outer_loss_averaged_is_the_sum_divided_by_how_many_lists_an_episode_has(
    pools: tuple[Pool, Pool], semantic: bool
) -> None:
    added, averaged = (
        trainer(pools, replace(SHORT, zero_head=False, semantic=semantic, outer=outer)).learner
        for outer in ("sum", "mean")
    )
    lists = []
    for number in range(6):
        ways = training_episode(pools[0], SHORT.seed, number, SHORT.ways, 2, 2, SHORT.nodes).ways
        lists.append(SHORT.nodes // ways)
        (total, right), (mean, same) = added.loss(pools[0], number), averaged.loss(pools[0], number)
        assert float(mean) * lists[-1] == pytest.approx(float(total), rel=1e-6)
        assert right == same
    assert set(lists) == {2, 3}


def test_impossible_recipes_are_refused() -> None:
    with pytest.raises(ValueError, match="mean or a sum"):
        Inner(over_lists="product")
    for changes in ({"nodes": 2}, {"kind": "protonet"}, {"mixup": True}, {"kind": "transformer"}, {"outer": "product"}):
        with pytest.raises(ValueError, match=r"nodes|mixup|unknown|sum or a mean"):
            replace(SHORT, **changes)
    assert Recipe.from_json(json.loads(json.dumps(SHORT.to_json()))) == SHORT


def test_a_fixed_learner_off_its_way_reads_one_assignment(pools: tuple[Pool, Pool]) -> None:
    recipe = replace(SHORT, nodes=5, ways=(5,))
    parameters = trainer(pools, recipe).learner.parameters
    found = Measure(recipe, parameters, pools[1], CPU, 2, bar=False).ways(2)["each"]
    for number, expected in enumerate(found):
        e = episode(pools[1], 600, number, 2, 2, 2, 5)
        scores = predict(recipe, parameters, e, torch.tensor([e.draw.nodes[:2]]))
        assert float((scores.argmax(1) == e.query_labels).float().mean()) == pytest.approx(expected)


@pytest.mark.parametrize(("kind", "nodes"), [("maml", 10), ("protonet", 0)])
def test_an_exported_learner_is_pytorchs(pools: tuple[Pool, Pool], kind: str, nodes: int, tmp_path: Path) -> None:
    recipe = replace(SHORT, kind=kind, nodes=nodes, episodes=4)
    if kind == "maml":  # a card says what is not the default
        recipe = replace(recipe, zero_head=False, outer="mean")
    run = tmp_path / "run"
    trainer(pools, recipe).run(run, bar=False)
    metrics = measure(of_run(run, CPU), pools[1], CPU, 2)
    (run / "metrics.json").write_text(json.dumps(metrics))
    card = export.export(run, tmp_path / "learner", "A learner", (0.0,), (1.0,))
    worst = export.check(run, tmp_path / "learner", pools[1])
    assert worst["scores"] == 0
    assert card["ways"] == "any"
    assert card["nodes"] == (nodes or None)
    assert "each" not in json.dumps(card)
    assert "5" in card["metrics"]["ways"]
    assert ("assignments" in card["metrics"]) == (kind == "maml")
    assert "5 ways" in report.write(tmp_path, None, tmp_path / "report")
    assert is_measured(metrics_of(card), recipe, 5, 2)
    assert not is_measured(metrics_of(card), recipe, 5, 3)

    # The folder alone gives the same recipe, table and report.
    stored = of_folder(tmp_path / "learner", CPU)
    assert stored.recipe == recipe
    assert table(measure(stored, pools[1], CPU, 2)) == read_card(tmp_path / "learner")["metrics"]
    assert report.markdown({"a": metrics_of(card)}) == report.markdown({"a": without_episodes(metrics)})

    data.write_pool(pools[1], tmp_path / "images")
    files = reference.class_folders(tmp_path / "images")
    draws = [draw_episode(uniform(600, r), [6] * 5, 3, 2, 2, nodes) for r in range(2)]
    again = reference.conv4_accuracies(tmp_path / "learner", card, files, draws, 2, None)
    expected = Measure(recipe, best_weights(run / "checkpoint.pt", CPU)[1], pools[1], CPU, 2, bar=False).ways(3)
    assert again == pytest.approx(expected["each"], abs=1e-6)

    session = ort.InferenceSession(tmp_path / "learner" / "model.onnx")
    batch = np.random.default_rng(1).random((3, 1, 28, 28), np.float32)
    assert session.run(["features"], {"images": batch})[0].shape == (3, card["features"])

    model = tmp_path / "learner" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\0")
    with pytest.raises(export.ExportError, match="card"):
        export.check(run, tmp_path / "learner", pools[1])


def test_metrics_of_other_weights_are_not_exported(pools: tuple[Pool, Pool], tmp_path: Path) -> None:
    trainer(pools, replace(SHORT, episodes=4)).run(tmp_path, bar=False)
    metrics = measure(of_run(tmp_path, CPU), pools[1], CPU, 2)
    metrics["trained"]["best_at"] = 2
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(export.ExportError, match="measure again"):
        export.export(tmp_path, tmp_path / "learner", "A learner", (0.0,), (1.0,))


def test_an_experiment_leaves_learners_that_are_not_done_again(
    pools: tuple[Pool, Pool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(SHORT, nodes=3, ways=(3,), episodes=4, inner=Inner(0.2, head_rate=0.5))
    monkeypatch.setattr(experiment, "recipes", lambda: {"drawings-fixed3": recipe})
    monkeypatch.setattr("fewshot.catalogue.recipes", lambda: {"drawings-fixed3": recipe})
    monkeypatch.setattr(experiment, "fixed_way", lambda *_: recipe)
    monkeypatch.setattr(data, "pool", lambda domain, split, *_: pools[split != "train"])
    monkeypatch.setattr("fewshot.tune.EPISODES", 2)
    learners = tmp_path / "learners"
    options = ["--learners", str(learners), "--episodes", "4", "--filters", "4", "--test-episodes", "2"]
    assert experiment.main([*options, "--out", str(tmp_path / "first")]) == 0
    card = read_card(learners / "drawings-fixed3")
    tried = card["training"]["innerTried"]
    chosen = {k: card["inner"][k] for k in ("learningRate", "headLearningRate")}
    best = max(each["validation"] for each in tried)
    assert {**chosen, "validation": best} in tried
    assert json.loads((learners / "index.json").read_text()) == {"learners": ["drawings-fixed3"]}

    # With the runs lost, the folder is neither trained nor measured again; without its table only measured.
    assert experiment.main([*options, "--out", str(tmp_path / "second")]) == 0
    assert sorted(p.name for p in (tmp_path / "second").iterdir()) == ["report.json", "report.md"]
    write_card(learners / "drawings-fixed3", {**card, "metrics": {}})
    assert experiment.main([*options, "--out", str(tmp_path / "third")]) == 0
    assert not (tmp_path / "third" / "drawings-fixed3" / "checkpoint.pt").exists()
    assert read_card(learners / "drawings-fixed3") == card


@pytest.mark.parametrize(("head", "expected"), [(0.5, (0.05, 1.0)), (None, (0.05, None))])
def test_tuning_walks_to_the_rates_no_neighbour_beats(
    head: float | None, expected: tuple[float, float | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "Trainer", lambda *_: SimpleNamespace(run=lambda _: None))
    monkeypatch.setattr(tune, "best_weights", lambda *_: (None, {}))

    def validate(recipe: Recipe, *_: object) -> float:  # a hill over the logarithms of the rates, best at 0.06 and 0.9
        inner = recipe.inner
        return 1 - abs(math.log(inner.rate / 0.06)) - abs(math.log((inner.head_rate or 0.9) / 0.9))

    monkeypatch.setattr(tune, "validate", validate)
    start = replace(SHORT, inner=Inner(0.2, head_rate=head))
    inner, tried = tune.choose(start, pool(2, 1), pool(2, 2), CPU, tmp_path)
    assert (inner.rate, inner.head_rate) == expected
    assert all(("headLearningRate" in each) == (head is not None) for each in tried)
    assert len(tried) < 15  # of 49


def test_differences_are_paired_by_episode() -> None:
    base = {"ways": {"5": {"each": [0.5, 0.7, 0.2]}}, "recipe": SHORT.to_json()}
    other = {"ways": {"5": {"each": [0.6, 0.8, 0.3]}}, "recipe": SHORT.to_json()}
    assert "+10.00 ± 0.00" in report.differences_table({"a": base, "b": other})[-1]
    assert report.differences_table({"a": base, "b": {**other, "ways": {"5": {}}}}) == []


def test_the_documents_tables_are_those_of_the_committed_cards() -> None:
    root = Path(__file__).parents[2]
    document = (root / "docs" / "fewshot-training.md").read_text()
    assert document == report.with_tables(document, root / "public" / "learners")
