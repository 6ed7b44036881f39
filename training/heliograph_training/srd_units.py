"""Describe the golden nets to the SRD oracle: which affine maps lie between which activations.

The descriptions are written by hand, net by net, so that they share nothing with the graph analysis they
are used to test. Map names are the tensor names of the exported graphs.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from torch import Tensor, nn

from heliograph_training.nets import BasicBlock, Bottleneck, Depthwise, InvertedResidual, PooledResidual, Vgg
from heliograph_training.srd_oracle import IMAGE, Array, Branch, Conv, Head, MaxPool, Unit, fold


def _array(tensor: Tensor | None) -> Array:
    assert tensor is not None
    return tensor.detach().double().numpy().astype(np.float64)


def _conv(conv: nn.Module, bn: nn.Module | None = None, extra_pads: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Conv:
    """Turn a PyTorch convolution, the batch norm behind it and explicit padding before it into oracle form."""
    assert isinstance(conv, nn.Conv2d)
    weight, bias = _array(conv.weight), None if conv.bias is None else _array(conv.bias)
    if bn is not None:
        assert isinstance(bn, nn.BatchNorm2d)
        weight, bias = fold(
            weight,
            bias,
            _array(bn.weight),
            _array(bn.bias),
            _array(bn.running_mean),
            _array(bn.running_var),
            bn.eps,
        )
    py, px = cast(tuple[int, int], conv.padding)
    top, left, bottom, right = extra_pads
    return Conv(
        weight,
        np.zeros(len(weight)) if bias is None else bias,
        stride=cast(tuple[int, int], conv.stride),
        pads=(py + top, px + left, py + bottom, px + right),
        dilation=cast(tuple[int, int], conv.dilation),
        groups=conv.groups,
    )


def _head(source: str, linear: nn.Linear) -> Head:
    return Head(source, _array(linear.weight), _array(linear.bias))


def _residual_block(block: nn.Module, at: str, source: str, pool: MaxPool | None) -> list[Unit]:
    """Describe one basic or bottleneck block; ``pool`` is the max-pool between ``source`` and the block."""
    assert isinstance(block, BasicBlock | Bottleneck)
    skip = Branch(source, _conv(block.down_conv, block.down_bn) if block.projected else None, pool)
    first = Unit(f"{at}.relu1", f"{at}.bn1", [Branch(source, _conv(block.conv1, block.bn1), pool)], "relu")
    if isinstance(block, BasicBlock):
        inner, main = [], Branch(first.name, _conv(block.conv2, block.bn2))
    else:
        second = Unit(f"{at}.relu2", f"{at}.bn2", [Branch(first.name, _conv(block.conv2, block.bn2))], "relu")
        inner, main = [second], Branch(second.name, _conv(block.conv3, block.bn3))
    return [first, *inner, Unit(f"{at}.relu", f"{at}.Add", [main, skip], "relu")]


def residual_units(net: PooledResidual) -> tuple[list[Unit], Head]:
    """Describe ``residual`` and ``basic``."""
    units = [Unit("stem.relu", "stem.bn", [Branch(IMAGE, _conv(net.stem.conv, net.stem.bn))], "relu")]
    pool: MaxPool | None = MaxPool((3, 3), (2, 2), (1, 1, 1, 1))
    for k, block in enumerate(net.blocks):
        units += _residual_block(block, f"blocks.{k}", units[-1].name, pool)
        pool = None
    return units, _head(units[-1].name, net.head)


def vgg_units(net: Vgg) -> tuple[list[Unit], None]:
    """Describe ``vgg`` up to its last feature map; the head has a hidden layer, so there is no linear start."""
    units: list[Unit] = []
    source, pool = IMAGE, None
    for k, stage in enumerate(net.stages):
        for n in range(1, cast(int, stage.count) + 1):
            at = f"stages.{k}"
            conv = _conv(stage.get_submodule(f"conv{n}"))
            units.append(Unit(f"{at}.relu{n}", f"{at}.conv{n}", [Branch(source, conv, pool)], "relu"))
            source, pool = units[-1].name, None
        pool = MaxPool((2, 2), (2, 2))
    return units, None


def depthwise_units(net: Depthwise) -> tuple[list[Unit], Head]:
    """Describe ``depthwise``: projections have no activation, so their sums with the skip are maps themselves."""
    stem = _conv(net.stem_conv, net.stem_bn, extra_pads=(0, 0, 1, 1))
    units = [Unit("stem_relu6", "stem_bn", [Branch(IMAGE, stem)], "relu6")]
    for k, block in enumerate(net.blocks):
        assert isinstance(block, InvertedResidual)
        at, entry = f"blocks.{k}", units[-1].name
        if block.expanded:
            expand = Branch(entry, _conv(block.expand_conv, block.expand_bn))
            units.append(Unit(f"{at}.expand_relu6", f"{at}.expand_bn", [expand], "relu6"))
        deep = Branch(units[-1].name, _conv(block.depthwise_conv, block.depthwise_bn))
        units.append(Unit(f"{at}.depthwise_relu6", f"{at}.depthwise_bn", [deep], "relu6"))
        project = Branch(units[-1].name, _conv(block.project_conv, block.project_bn))
        if block.skipped:
            units.append(Unit(f"{at}.Add", f"{at}.Add", [project, Branch(entry)], "identity"))
        else:
            units.append(Unit(f"{at}.project_bn", f"{at}.project_bn", [project], "identity"))
    top = Branch(units[-1].name, _conv(net.top_conv, net.top_bn))
    units.append(Unit("top_relu6", "top_bn", [top], "relu6"))
    return units, _head("top_relu6", net.head)


def describe(net: nn.Module) -> tuple[list[Unit], Head | None]:
    """Return the units of a golden net in topological order, and its affine head where it has one."""
    if isinstance(net, PooledResidual):
        return residual_units(net)
    if isinstance(net, Vgg):
        return vgg_units(net)
    if isinstance(net, Depthwise):
        return depthwise_units(net)
    raise TypeError(f"no SRD description of {type(net).__name__}")
