"""Net, inner loop and outer gradient against textbook forms in float64."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from conftest import GOLDENS, load, relative
from torch import Tensor
from torch.nn import functional as F

from fewshot import golden
from fewshot.maml import Inner, adapt, adapted_logits, assignment_loss, summed
from fewshot.nets import Conv4, Parameters
from fewshot.protonet import prototypes, scores

NET = Conv4(channels=2, size=16, filters=3, nodes=7)
LISTS = torch.tensor([[4, 0, 2], [1, 6, 3]])
LABELS = torch.tensor([0, 0, 1, 1, 2, 2])


@pytest.fixture(autouse=True, scope="module")
def _one_thread(_threads: None) -> Iterator[None]:
    torch.set_num_threads(1)  # tensors this small only wait for each other
    yield
    torch.set_num_threads(2)


def textbook_logits(parameters: Parameters, x: Tensor) -> Tensor:
    for k in range(4):
        x = F.conv2d(x, parameters[f"blocks.{k}.conv.weight"], padding=1)
        scale, shift = (parameters[f"blocks.{k}.norm.{n}"].flatten() for n in ("weight", "bias"))
        x = F.max_pool2d(F.relu(F.batch_norm(x, None, None, scale, shift, training=True)), 2)
    return x.flatten(1) @ parameters["head.weight"].T + parameters["head.bias"]


def start() -> tuple[Parameters, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    parameters = NET.initial(generator, torch.float64)
    for name, p in parameters.items():
        if "norm" in name:
            p.add_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    assert any((p < 0).any() for n, p in parameters.items() if n.endswith("norm.weight"))
    support, query = torch.randn(2, 6, 2, 16, 16, generator=generator, dtype=torch.float64)
    return {n: p.requires_grad_() for n, p in parameters.items()}, support, query


def test_the_net_is_the_textbooks_also_in_its_gradients() -> None:
    parameters, images, _ = start()
    ours, theirs = NET.logits(parameters, images), textbook_logits(parameters, images)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    weights = torch.randn(ours.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for a, b in zip(
        torch.autograd.grad((ours * weights).sum(), list(parameters.values())),
        torch.autograd.grad((theirs * weights).sum(), list(parameters.values())),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)


def test_the_loss_is_the_sum_over_assignments_of_mean_cross_entropies() -> None:
    logits = torch.randn(6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    expected = 0.0
    for nodes in LISTS.tolist():
        for row, label in zip(logits, LABELS.tolist(), strict=True):
            chosen = row[nodes]
            expected += float(torch.logsumexp(chosen, 0) - chosen[label]) / 6
    assert float(assignment_loss(logits, LABELS, LISTS)) == pytest.approx(expected, rel=1e-12)
    torch.testing.assert_close(summed(logits, LISTS), logits[:, LISTS[0]] + logits[:, LISTS[1]])
    # The mean is over the two lists that fit, also where one is used.
    for lists in (LISTS, LISTS[:1]):
        half = float(assignment_loss(logits, LABELS, lists)) / 2
        assert float(Inner().loss(logits, LABELS, lists)) == pytest.approx(half, rel=1e-12)


@pytest.mark.parametrize("head_rate", [None, 0.9])
@pytest.mark.parametrize(("over_lists", "weight"), [("sum", 1), ("mean", 1 / len(LISTS))])
def test_the_inner_loop_is_gradient_descent_written_by_hand(
    over_lists: str, weight: float, head_rate: float | None
) -> None:
    parameters, support, query = start()
    found = adapted_logits(NET, parameters, support, LABELS, query, LISTS, Inner(0.3, 3, over_lists, head_rate))
    now = {n: p.detach().clone() for n, p in parameters.items()}
    for _ in range(3):
        now = {n: p.requires_grad_() for n, p in now.items()}
        logits = textbook_logits(now, support)
        loss = weight * sum(F.cross_entropy(logits[:, nodes], LABELS) for nodes in LISTS)
        loss.backward()
        rates = {"head": head_rate or 0.3, "blocks": 0.3}
        now = {n: (p - rates[n.split(".")[0]] * p.grad).detach() for n, p in now.items()}
    torch.testing.assert_close(found, textbook_logits(now, query).detach(), rtol=1e-8, atol=1e-8)


def outer(parameters: Parameters, support: Tensor, query: Tensor, *, second_order: bool) -> Tensor:
    adapted = adapt(NET, parameters, support, LABELS, LISTS, Inner(0.1, 2), second_order=second_order)
    return assignment_loss(NET.logits(adapted, query), LABELS, LISTS)


def test_the_outer_gradient_is_that_of_finite_differences() -> None:
    parameters, support, query = start()
    loss = outer(parameters, support, query, second_order=True)
    gradients = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True))
    generator = torch.Generator().manual_seed(5)
    direction = {n: torch.randn(p.shape, generator=generator, dtype=torch.float64) for n, p in parameters.items()}
    step = 1e-6

    def at(sign: float) -> float:
        moved = {n: (p.detach() + sign * step * direction[n]).requires_grad_() for n, p in parameters.items()}
        return float(outer(moved, support, query, second_order=True))

    measured = (at(1) - at(-1)) / (2 * step)
    slope = sum(float((gradients[n] * direction[n]).sum()) for n in parameters)
    assert slope == pytest.approx(measured, rel=1e-4)
    first = torch.autograd.grad(
        outer(parameters, support, query, second_order=False), list(parameters.values())
    )  # the gradient at the adapted weights, another one
    assert abs(sum(float((g * direction[n]).sum()) for n, g in zip(parameters, first, strict=True)) - slope) > 0.01


def test_re_assigned_nodes_predict_the_same_after_training_nothing_but_the_names_changed() -> None:
    """A permutation of the head's rows together with the assignments changes nothing."""
    parameters, support, query = start()
    order = torch.tensor([3, 5, 0, 6, 2, 1, 4])
    permuted = dict(parameters)
    for name in ("head.weight", "head.bias"):
        permuted[name] = parameters[name].detach()[order]
    place = order.argsort()
    a = summed(adapted_logits(NET, parameters, support, LABELS, query, LISTS, Inner()), LISTS)
    b = summed(adapted_logits(NET, permuted, support, LABELS, query, place[LISTS], Inner()), place[LISTS])
    torch.testing.assert_close(a, b)


def test_prototypes_and_scores_are_those_of_loops() -> None:
    features = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    query = torch.randn(4, 5, generator=torch.Generator().manual_seed(2))
    centres = prototypes(features, 3)
    for c in range(3):
        torch.testing.assert_close(centres[c], (features[2 * c] + features[2 * c + 1]) / 2)
        for q in range(4):
            assert float(scores(query, centres)[q, c]) == pytest.approx(-float(((query[q] - centres[c]) ** 2).sum()))


def test_the_maml_golden_is_what_the_textbook_net_gives() -> None:
    manifest = json.loads((GOLDENS / "fewshot-maml" / "golden.json").read_text())
    support, query = (
        torch.from_numpy(load("fewshot-maml", manifest[k]["file"])).double() for k in ("support", "query")
    )
    now = golden.initial(Conv4(1, 28, 4, manifest["nodes"]))
    lists, labels = torch.tensor(manifest["assignments"]), torch.tensor(manifest["support"]["labels"])
    inner = manifest["inner"]
    assert inner["loss"] == "mean"
    rates = {"head": inner["headLearningRate"], "blocks": inner["learningRate"]}
    assert sorted(manifest["permutation"]) == list(range(manifest["nodes"]))
    for step in manifest["steps"]:
        now = {n: p.detach().requires_grad_() for n, p in now.items()}
        logits = textbook_logits(now, support)
        loss = sum(F.cross_entropy(logits[:, nodes], labels) for nodes in lists) / len(lists)
        assert loss.item() == pytest.approx(step["loss"], rel=1e-9)
        loss.backward()
        now = {n: p - rates[n.split(".")[0]] * p.grad for n, p in now.items()}
        for name, file in step["parameters"].items():
            assert relative(now[name].detach().numpy(), load("fewshot-maml", file)) < 1e-6
    logits = textbook_logits(now, query).detach().numpy()
    assert relative(logits, load("fewshot-maml", manifest["logits"])) < 1e-6
    read = np.sum([logits[:, nodes] for nodes in manifest["assignments"]], axis=0)
    assert relative(read, load("fewshot-maml", manifest["scores"])) < 1e-6


def test_the_golden_explanations_sum_to_the_scores_averaged_over_assignments() -> None:
    manifest = json.loads((GOLDENS / "fewshot-maml" / "golden.json").read_text())
    averaged = load("fewshot-maml", manifest["scores"]) / len(manifest["assignments"])
    for case in manifest["explained"]:
        values = load("fewshot-maml", case["map"])
        assert values.shape == (28, 28)
        score = averaged[case["query"], case["way"]]
        assert abs(values.sum() - score) < 1e-5 * np.abs(values).sum()
