"""Describe the golden nets to the SRD oracle: which affine maps lie between which activations.

The descriptions are written by hand, net by net, so that they share nothing with the graph analysis they
are used to test. Map names are the tensor names of the exported graphs.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from torch import Tensor, nn

from heliograph_training.nets import (
    BasicBlock,
    Bottleneck,
    DenseLayer,
    Densenet,
    Depthwise,
    GatedBlock,
    InvertedResidual,
    NormedHead,
    PooledResidual,
    Se,
    Vgg,
)
from heliograph_training.srd_oracle import IMAGE, Array, Branch, Conv, Head, LayerNorm, MaxPool, Unit, fold


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


def _pointwise(bn: nn.Module) -> Conv:
    """Turn a batch norm that stands alone into a depthwise 1×1 convolution."""
    assert isinstance(bn, nn.BatchNorm2d)
    statistics = (_array(t) for t in (bn.weight, bn.bias, bn.running_mean, bn.running_var))
    gain, shift, mean, variance = statistics
    channels = bn.num_features
    weight, bias = fold(np.ones((channels, 1, 1, 1)), None, gain, shift, mean, variance, bn.eps)
    return Conv(weight, bias, groups=channels)


def _average(channels: int, pool: nn.Module) -> Conv:
    """Turn an average pool that counts its padding into a uniform depthwise convolution without bias."""
    assert isinstance(pool, nn.AvgPool2d)
    assert pool.count_include_pad
    kernel, stride, pad = (cast(int, n) for n in (pool.kernel_size, pool.stride, pool.padding))
    weight = np.full((channels, 1, kernel, kernel), 1.0 / kernel**2)
    return Conv(weight, np.zeros(channels), (stride, stride), (pad,) * 4, groups=channels)


def _placed(conv: Conv, first: int, channels: int) -> Conv:
    """Let a convolution write to channels ``first``… of a wider map, zeros elsewhere: one branch of a concat."""
    weight, bias = np.zeros((channels, *conv.weight.shape[1:])), np.zeros(channels)
    weight[first : first + len(conv.weight)], bias[first : first + len(conv.bias)] = conv.weight, conv.bias
    return Conv(weight, bias, conv.stride, conv.pads, conv.dilation)


def _identity(channels: int) -> Conv:
    """Return the identity as an ungrouped 1×1 convolution, for ``_placed``."""
    return Conv(np.eye(channels)[:, :, None, None], np.zeros(channels))


def densenet_units(net: Densenet) -> tuple[list[Unit], Head]:
    """Describe ``densenet``: concatenations and average pools are maps with identity activation (reconstruction)."""
    stem = Branch(IMAGE, _conv(net.stem_conv, net.stem_bn))
    units = [Unit("stem_relu", "stem_bn", [stem], "relu")]

    def add(name: str, pre: str, conv: Conv, activation: str) -> None:
        units.append(Unit(name, pre, [Branch(units[-1].name, conv)], activation))

    def dense_layer(layer: nn.Module, at: str, channels: int) -> int:
        assert isinstance(layer, DenseLayer)
        entry, growth = units[-1].name, layer.conv2.out_channels
        add(f"{at}.relu1", f"{at}.bn1", _pointwise(layer.bn1), "relu")
        add(f"{at}.relu2", f"{at}.bn2", _conv(layer.conv1, layer.bn2), "relu")
        wide = channels + growth
        old = Branch(entry, _placed(_identity(channels), 0, wide))
        new = Branch(units[-1].name, _placed(_conv(layer.conv2), channels, wide))
        units.append(Unit(f"{at}.Concat", f"{at}.Concat", [old, new], "identity"))
        return wide

    channels = net.stem_conv.out_channels
    add("stem_pool", "stem_pool", _average(channels, net.stem_pool), "identity")
    for k, layer in enumerate(net.dense):
        channels = dense_layer(layer, f"dense.{k}", channels)
    add("transition_relu", "transition_bn", _pointwise(net.transition_bn), "relu")
    add("transition_conv", "transition_conv", _conv(net.transition_conv), "identity")
    channels = net.transition_conv.out_channels
    add("transition_pool", "transition_pool", _average(channels, net.transition_pool), "identity")
    dense_layer(net.last, "last", channels)
    add("relu", "bn", _pointwise(net.bn), "relu")
    return units, _head("relu", net.head)


def se_units(net: Se, image: Tensor) -> tuple[list[Unit], Head]:
    """Describe ``se``: smooth activations pass relevance unchanged, gates are fixed gains (reconstruction).

    The gains are read off a PyTorch run on ``image`` (1, 3, H, W) and scale the input channels of the
    projection behind them.
    """
    gates: dict[nn.Module, Array] = {}
    gated = [block.gate for block in net.blocks if isinstance(block, GatedBlock)]
    handles = [g.register_forward_hook(lambda m, _i, o: gates.__setitem__(m, _array(o)[0, :, 0, 0])) for g in gated]
    net(image)
    for handle in handles:
        handle.remove()

    units = [Unit("stem_act", "stem_bn", [Branch(IMAGE, _conv(net.stem_conv, net.stem_bn))], "silu")]
    for k, block in enumerate(net.blocks):
        assert isinstance(block, GatedBlock)
        at, entry = f"blocks.{k}", units[-1].name
        activation = "hardswish" if isinstance(block.expand_act, nn.Hardswish) else "silu"
        expand = Branch(entry, _conv(block.expand_conv, block.expand_bn))
        units.append(Unit(f"{at}.expand_act", f"{at}.expand_bn", [expand], activation))
        deep = Branch(units[-1].name, _conv(block.depthwise_conv, block.depthwise_bn))
        units.append(Unit(f"{at}.depthwise_act", f"{at}.depthwise_bn", [deep], activation))
        plain = _conv(block.project_conv, block.project_bn)
        gain = gates[block.gate][None, :, None, None]
        project = Branch(units[-1].name, Conv(plain.weight * gain, plain.bias))
        name = f"{at}.Add" if block.skipped else f"{at}.project_bn"
        units.append(Unit(name, name, [project, Branch(entry)] if block.skipped else [project], "identity"))
    top = Branch(units[-1].name, _conv(net.top_conv, net.top_bn))
    units.append(Unit("top_act", "top_bn", [top], "hardswish"))
    return units, _head("top_act", net.head)


def normed_units(net: NormedHead) -> tuple[list[Unit], Head]:
    """Describe ``normed``."""
    units = [
        Unit("relu1", "conv1", [Branch(IMAGE, _conv(net.conv1))], "relu"),
        Unit("relu2", "conv2", [Branch("relu1", _conv(net.conv2))], "relu"),
    ]
    norm = LayerNorm(_array(net.norm.weight), _array(net.norm.bias), net.norm.eps)
    return units, Head("relu2", _array(net.head.weight), _array(net.head.bias), norm=norm)


def describe(net: nn.Module, image: Tensor) -> tuple[list[Unit], Head | None]:
    """Return the units of a golden net in topological order, and its affine head where it has one."""
    if isinstance(net, PooledResidual):
        return residual_units(net)
    if isinstance(net, Vgg):
        return vgg_units(net)
    if isinstance(net, Depthwise):
        return depthwise_units(net)
    if isinstance(net, Densenet):
        return densenet_units(net)
    if isinstance(net, Se):
        return se_units(net, image)
    if isinstance(net, NormedHead):
        return normed_units(net)
    raise TypeError(f"no SRD description of {type(net).__name__}")
