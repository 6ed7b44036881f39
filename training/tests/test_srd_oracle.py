"""The oracle's invariants, and its forward pass against PyTorch's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from heliograph_training import nets, srd_oracle
from heliograph_training.srd_oracle import (
    IMAGE,
    Array,
    Branch,
    Conv,
    Decomposition,
    Head,
    MaxPool,
    Unit,
    decompose,
)
from heliograph_training.srd_units import describe


@dataclass
class Run:
    """A golden net in float64, decomposed on its input."""

    net: nn.Module
    logits: Array
    activations: dict[str, Array]
    result: Decomposition
    head: Head | None


@pytest.fixture(scope="module", params=["residual", "basic", "vgg", "depthwise", "densenet", "se"])
def run(request: pytest.FixtureRequest) -> Run:
    net, x, _ = nets.make(request.param)
    net, x = net.double(), x.double()
    activations: dict[str, Array] = {}
    for name, module in net.named_modules():
        module.register_forward_hook(lambda m, i, o, name=name: activations.__setitem__(name, o.detach().numpy()[0]))
    with torch.no_grad():
        logits = net(x)[0].numpy()
    units, head = describe(net, x)
    return Run(net, logits, activations, decompose(units, x[0].numpy()), head)


def test_forward_equals_pytorch(run: Run) -> None:
    compared = [u.name for u in run.result.units if u.name in run.activations]
    assert len(compared) >= 5
    for name in compared:
        np.testing.assert_allclose(run.result.x[name], run.activations[name], atol=1e-10)


def test_ratios_of_a_position_sum_to_one(run: Run) -> None:
    for unit in run.result.units:
        for shares in run.result.ratios[unit.name].values():
            assert sum(ratio for *_, ratio in shares) == pytest.approx(1.0, abs=1e-9)


def test_identity_start_conserves_the_logit(run: Run) -> None:
    if run.head is None:  # `vgg`: whatever map it starts from is conserved
        last = run.result.units[-1].name
        start = np.random.default_rng(0).normal(size=run.result.size(last))
        assert run.result.backward({last: start})[IMAGE].sum() == pytest.approx(start.sum(), rel=1e-9)
        return
    for c, logit in enumerate(run.logits):
        start = srd_oracle.start_identity(run.head, run.result.x[run.head.source], np.eye(len(run.logits))[c])
        assert start.sum() == pytest.approx(logit, rel=1e-9)
        assert run.result.backward({run.head.source: start})[IMAGE].sum() == pytest.approx(logit, rel=1e-9)
    assert srd_oracle.contrastive(start).sum() == pytest.approx(0.0, abs=1e-9)


def strided_residual(seed: int) -> tuple[list[Unit], Array]:
    """Overlapping max-pool into a skip and a biased, padded convolution: the hardest unit, on 9×7 pixels."""
    random = np.random.default_rng(seed)

    def conv(c_out: int, c_in: int, kernel: int, **options: object) -> Conv:
        pads = (kernel // 2,) * 4
        return Conv(random.normal(size=(c_out, c_in, kernel, kernel)), random.normal(size=c_out), pads=pads, **options)

    pool = MaxPool((3, 3), (2, 2), (1, 1, 1, 1))
    units = [
        Unit("stem", "stem_v", [Branch(IMAGE, conv(4, 3, 3))], "relu"),
        Unit("inner", "inner_v", [Branch("stem", conv(4, 4, 3), pool)], "relu6"),
        Unit("sum", "sum", [Branch("inner", conv(4, 4, 1)), Branch("stem", None, pool)], "identity"),
        Unit("deep", "deep_v", [Branch("sum", conv(4, 1, 3, stride=(2, 2), groups=4))], "relu"),
    ]
    return units, random.normal(size=(3, 9, 7))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_backward_is_the_dual_of_the_forward_recursion(seed: int) -> None:
    units, image = strided_residual(seed)
    run = decompose(units, image)
    fields = run.erf_forward()
    for unit in units:
        height, width = run.size(unit.name)
        for y in range(height):
            for x in range(width):
                np.testing.assert_allclose(run.erf(unit.name, (y, x)), fields[unit.name][y, x], atol=1e-12)


def test_relevance_of_any_map_is_its_receptive_fields_weighted() -> None:
    units, image = strided_residual(5)
    run = decompose(units, image)
    start = np.random.default_rng(6).normal(size=run.size("deep"))
    relevance = run.backward({"deep": start})[IMAGE]
    np.testing.assert_allclose(relevance, np.einsum("yx,yxhw->hw", start, run.erf_forward()["deep"]), atol=1e-12)


def test_max_pool_switches_pick_the_first_of_equals() -> None:
    x = np.zeros((1, 2, 2))
    x[0] = [[1.0, 3.0], [3.0, 3.0]]
    masks = MaxPool((2, 2), (2, 2)).switches((0, 0), x)
    assert [i for i, mask in masks.items() if mask[0]] == [(0, 1)]


def test_a_bias_without_contributions_is_shared_evenly() -> None:
    unit = Unit("v", "v", [Branch(IMAGE, Conv(np.ones((1, 1, 1, 2)), np.ones(1)))], "identity")
    run = decompose([unit], np.zeros((1, 1, 2)))
    assert run.v["v"][0, 0, 0] == 1.0
    np.testing.assert_allclose(run.backward({"v": np.ones((1, 1))})[IMAGE], [[0.5, 0.5]])


def test_a_zero_vector_passes_no_relevance_on() -> None:
    unit = Unit("v", "v", [Branch(IMAGE, Conv(np.ones((1, 1, 1, 1)), np.zeros(1)))], "identity")
    run = decompose([unit], np.zeros((1, 1, 1)))
    assert run.backward({"v": np.ones((1, 1))})[IMAGE][0, 0] == 0.0


def test_start_behind_a_max_pool_sums_to_the_logit() -> None:
    random = np.random.default_rng(3)
    x, weight, bias = random.normal(size=(5, 6, 8)), random.normal(size=(2, 5)), random.normal(size=2)
    pool = MaxPool((2, 2), (2, 2))
    pooled = x.reshape(5, 3, 2, 4, 2).max(axis=(2, 4)).mean(axis=(1, 2))
    start = srd_oracle.start_identity(Head("x", weight, bias, pool), x, np.array([1.0, -1.0]))
    assert start.sum() == pytest.approx(float(np.array([1.0, -1.0]) @ (weight @ pooled + bias)))
