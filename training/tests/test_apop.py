"""Activation patterns: replaying an image on itself changes nothing, and the pattern alone drives another carrier."""

from __future__ import annotations

import pytest
import torch

from heliograph_training import nets
from heliograph_training.apop import PatternTape


@pytest.mark.parametrize("name", ["residual", "basic", "vgg", "depthwise"])
def test_replaying_the_image_itself_gives_its_own_logits(name: str) -> None:
    net, x, _ = nets.make(name)
    tape = PatternTape(net)
    logits = tape.record(x)
    torch.testing.assert_close(tape.replay(x), logits)


@pytest.mark.parametrize("name", ["residual", "basic", "vgg"])
def test_a_fixed_pattern_makes_a_rectifier_net_affine(name: str) -> None:
    net, x, generator = nets.make(name)
    net, x = net.double(), x.double()
    tape = PatternTape(net)
    tape.record(x)
    a, b = (nets.sample_image(nets.NETS[name].size, generator).double() for _ in range(2))
    middle = tape.replay(0.25 * a + 0.75 * b)
    torch.testing.assert_close(middle, 0.25 * tape.replay(a) + 0.75 * tape.replay(b))
    with torch.no_grad():
        assert not torch.allclose(net(a), tape.replay(a))
