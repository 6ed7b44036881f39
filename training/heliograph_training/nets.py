"""Tiny classifiers whose graphs hold every construction the explainers must get right.

All nets take one RGB-like image, NCHW float, and return ten raw logits. Each activation and each pool
is a module of its own, used once: the exporter turns module paths into tensor names and the recorders
(``apop``) hook them one by one.

The weights are random but well conditioned (``condition``): He-scaled kernels, non-zero biases,
batch-norm statistics measured on images of the kind the goldens use, gains and shifts away from 1 and 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 10


def conv_bn(
    c_in: int,
    c_out: int,
    kernel: int,
    stride: int = 1,
    *,
    groups: int = 1,
    bias: bool = False,
    padding: int | None = None,
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """Return a convolution padded to keep the size at stride 1 (unless told otherwise) and its batch norm."""
    pad = kernel // 2 if padding is None else padding
    return nn.Conv2d(c_in, c_out, kernel, stride, pad, groups=groups, bias=bias), nn.BatchNorm2d(c_out)


class ConvStem(nn.Module):
    """Convolution, batch norm, ReLU: the entry of the residual nets."""

    def __init__(self, c_out: int, kernel: int, *, bias: bool) -> None:
        super().__init__()
        self.conv, self.bn = conv_bn(3, c_out, kernel, 2, bias=bias)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, c_out, H/2, W/2)."""
        return self.relu(self.bn(self.conv(x)))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a skip (He et al., CVPR 2016, figure 5 left)."""

    def __init__(self, c_in: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv_bn(c_in, c_out, 3, stride)
        self.relu1 = nn.ReLU()
        self.conv2, self.bn2 = conv_bn(c_out, c_out, 3)
        self.projected = stride != 1 or c_in != c_out
        if self.projected:
            self.down_conv, self.down_bn = conv_bn(c_in, c_out, 1, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, H, W) to (B, c_out, H/stride, W/stride)."""
        main = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        skip = self.down_bn(self.down_conv(x)) if self.projected else x
        return self.relu(main + skip)


class Bottleneck(nn.Module):
    """1×1, 3×3 (carrying the stride), 1×1 and a skip (He et al., figure 5 right)."""

    def __init__(self, c_in: int, c_mid: int, c_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv_bn(c_in, c_mid, 1)
        self.relu1 = nn.ReLU()
        self.conv2, self.bn2 = conv_bn(c_mid, c_mid, 3, stride)
        self.relu2 = nn.ReLU()
        self.conv3, self.bn3 = conv_bn(c_mid, c_out, 1)
        self.projected = stride != 1 or c_in != c_out
        if self.projected:
            self.down_conv, self.down_bn = conv_bn(c_in, c_out, 1, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, H, W) to (B, c_out, H/stride, W/stride)."""
        main = self.relu1(self.bn1(self.conv1(x)))
        main = self.relu2(self.bn2(self.conv2(main)))
        main = self.bn3(self.conv3(main))
        skip = self.down_bn(self.down_conv(x)) if self.projected else x
        return self.relu(main + skip)


class PooledResidual(nn.Module):
    """Stem, overlapping 3×3/2 max-pool, residual blocks, global average pool, linear head."""

    def __init__(self, stem: ConvStem, blocks: list[nn.Module], width: int) -> None:
        super().__init__()
        self.stem = stem
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.blocks = nn.ModuleList(blocks)
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, 10) logits."""
        x = self.pool(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(self.flatten(self.gap(x)))


def residual() -> PooledResidual:
    """Bottlenecks with projection and identity skips, stride 1 and 2, one basic block; biased stem under its BN."""
    blocks: list[nn.Module] = [
        Bottleneck(16, 8, 32),
        Bottleneck(32, 8, 32),
        Bottleneck(32, 16, 40, stride=2),
        BasicBlock(40, 40),
    ]
    return PooledResidual(ConvStem(16, 7, bias=True), blocks, 40)


def basic() -> PooledResidual:
    """ResNet-18's order: the pooled map feeds an identity skip, then a strided basic block projects."""
    return PooledResidual(ConvStem(12, 3, bias=False), [BasicBlock(12, 12), BasicBlock(12, 20, 2)], 20)


class VggStage(nn.Module):
    """Biased 3×3 convolutions with ReLU, then a 2×2/2 max-pool."""

    def __init__(self, c_in: int, widths: list[int]) -> None:
        super().__init__()
        self.count = len(widths)
        for k, c_out in enumerate(widths, start=1):
            self.add_module(f"conv{k}", nn.Conv2d(c_in, c_out, 3, padding=1))
            self.add_module(f"relu{k}", nn.ReLU())
            c_in = c_out
        self.pool = nn.MaxPool2d(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, H, W) to (B, c_out, H/2, W/2)."""
        for k in range(1, self.count + 1):
            x = self.get_submodule(f"relu{k}")(self.get_submodule(f"conv{k}")(x))
        return self.pool(x)


class Vgg(nn.Module):
    """VGG in small (Simonyan & Zisserman 2015): the head has a hidden layer and dropout, so it is not affine."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList([VggStage(3, [8, 8]), VggStage(8, [16]), VggStage(16, [24, 24])])
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(24 * 6 * 6, 32)
        self.hidden_relu = nn.ReLU()
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, 48, 48) to (B, 10) logits."""
        for stage in self.stages:
            x = stage(x)
        return self.head(self.dropout(self.hidden_relu(self.hidden(self.flatten(x)))))


class InvertedResidual(nn.Module):
    """Expand 1×1, depthwise, linear projection, skip where shapes agree (Sandler et al., CVPR 2018)."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, ratio: int) -> None:
        super().__init__()
        hidden = c_in * ratio
        self.expanded = ratio != 1
        if self.expanded:
            self.expand_conv, self.expand_bn = conv_bn(c_in, hidden, 1)
            self.expand_relu6 = nn.ReLU6()
        self.depthwise_conv, self.depthwise_bn = conv_bn(hidden, hidden, kernel, stride, groups=hidden)
        self.depthwise_relu6 = nn.ReLU6()
        self.project_conv, self.project_bn = conv_bn(hidden, c_out, 1)
        self.skipped = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, H, W) to (B, c_out, H/stride, W/stride)."""
        y = self.expand_relu6(self.expand_bn(self.expand_conv(x))) if self.expanded else x
        y = self.depthwise_relu6(self.depthwise_bn(self.depthwise_conv(y)))
        y = self.project_bn(self.project_conv(y))
        return x + y if self.skipped else y


class Depthwise(nn.Module):
    """EfficientNet-Lite in small: ReLU6, depthwise 3×3 and 5×5, linear bottlenecks.

    The stem pads below and to the right only, as TensorFlow's SAME does at stride 2, by a Pad node.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem_pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.stem_conv, self.stem_bn = conv_bn(3, 12, 3, 2, padding=0)
        self.stem_relu6 = nn.ReLU6()
        self.blocks = nn.ModuleList(
            [
                InvertedResidual(12, 8, 3, 1, 1),
                InvertedResidual(8, 12, 3, 2, 4),
                InvertedResidual(12, 12, 5, 1, 4),
                InvertedResidual(12, 16, 5, 2, 4),
                InvertedResidual(16, 16, 3, 1, 4),
            ]
        )
        self.top_conv, self.top_bn = conv_bn(16, 48, 1)
        self.top_relu6 = nn.ReLU6()
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(48, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, 10) logits."""
        x = self.stem_relu6(self.stem_bn(self.stem_conv(self.stem_pad(x))))
        for block in self.blocks:
            x = block(x)
        x = self.top_relu6(self.top_bn(self.top_conv(x)))
        return self.head(self.dropout(self.flatten(self.gap(x))))


class Affine(nn.Module):
    """``x W + b`` on the last axis with W stored (in, out), so that it exports as MatMul on a *named* initializer."""

    def __init__(self, c_in: int, c_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(c_in, c_out))
        self.bias = nn.Parameter(torch.empty(c_out))

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in) to (..., out)."""
        return x @ self.weight + self.bias


class Attention(nn.Module):
    """Multi-head self-attention in plain MatMul and Softmax (Vaswani et al., NeurIPS 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = Affine(width, 3 * width)
        self.softmax = nn.Softmax(dim=-1)
        self.out = Affine(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, width) tokens to (B, T, width)."""
        batch, tokens, width = x.shape
        depth = width // self.heads
        packed = self.qkv(x).reshape(batch, tokens, 3, self.heads, depth).permute(2, 0, 3, 1, 4)
        q, k, v = packed[0], packed[1], packed[2]
        weights = self.softmax(q @ k.transpose(-2, -1) * (1.0 / math.sqrt(depth)))
        return self.out((weights @ v).transpose(1, 2).reshape(batch, tokens, width))


class EncoderBlock(nn.Module):
    """Pre-norm Transformer block with a GELU MLP (Dosovitskiy et al., ICLR 2021)."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = Affine(width, hidden)
        self.gelu = nn.GELU()
        self.fc2 = Affine(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T, width) tokens to (B, T, width)."""
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(self.gelu(self.fc1(self.norm2(x))))


class Vit(nn.Module):
    """Patch convolution, class token, learned positions, two encoder blocks, linear head on the class token."""

    def __init__(self, size: tuple[int, int] = (48, 40), patch: int = 8, width: int = 32) -> None:
        super().__init__()
        tokens = (size[0] // patch) * (size[1] // patch)
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.position = nn.Parameter(torch.empty(1, tokens + 1, width))
        self.blocks = nn.ModuleList([EncoderBlock(width, 4, 64), EncoderBlock(width, 4, 64)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, 48, 40) to (B, 10) logits."""
        x = self.patch(x).flatten(2).transpose(1, 2)
        # Batch 1 needs no Expand node in the exported graph.
        token = self.class_token if x.shape[0] == 1 else self.class_token.expand(x.shape[0], -1, -1)
        x = torch.cat([token, x], dim=1) + self.position
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0])


class DenseLayer(nn.Module):
    """BN, ReLU, 1×1, BN, ReLU, 3×3, concatenated to its input (Huang et al., CVPR 2017)."""

    def __init__(self, c_in: int, growth: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(c_in)
        self.relu1 = nn.ReLU()
        self.conv1, self.bn2 = conv_bn(c_in, 2 * growth, 1)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, H, W) to (B, c_in + growth, H, W)."""
        y = self.conv2(self.relu2(self.bn2(self.conv1(self.relu1(self.bn1(x))))))
        return torch.cat([x, y], dim=1)


class Densenet(nn.Module):
    """Concatenations, batch norm before the convolution, average pools, padded average pool."""

    def __init__(self) -> None:
        super().__init__()
        self.stem_conv, self.stem_bn = conv_bn(3, 12, 3, 2)
        self.stem_relu = nn.ReLU()
        self.stem_pool = nn.AvgPool2d(3, 2, 1)
        self.dense = nn.ModuleList([DenseLayer(12, 6), DenseLayer(18, 6)])
        self.transition_bn = nn.BatchNorm2d(24)
        self.transition_relu = nn.ReLU()
        self.transition_conv = nn.Conv2d(24, 12, 1, bias=False)
        self.transition_pool = nn.AvgPool2d(2, 2)
        self.last = DenseLayer(12, 8)
        self.bn = nn.BatchNorm2d(20)
        self.relu = nn.ReLU()
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(20, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, 10) logits."""
        x = self.stem_pool(self.stem_relu(self.stem_bn(self.stem_conv(x))))
        for layer in self.dense:
            x = layer(x)
        x = self.transition_pool(self.transition_conv(self.transition_relu(self.transition_bn(x))))
        x = self.relu(self.bn(self.last(x)))
        return self.head(self.flatten(self.gap(x)))


class GatedBlock(nn.Module):
    """Inverted residual with SiLU or hard-swish and squeeze-excite (Tan & Le 2019; Howard et al. 2019)."""

    def __init__(self, c_in: int, c_out: int, stride: int, *, hard: bool) -> None:
        super().__init__()
        hidden = 4 * c_in
        self.expand_conv, self.expand_bn = conv_bn(c_in, hidden, 1)
        self.expand_act = nn.Hardswish() if hard else nn.SiLU()
        self.depthwise_conv, self.depthwise_bn = conv_bn(hidden, hidden, 3, stride, groups=hidden)
        self.depthwise_act = nn.Hardswish() if hard else nn.SiLU()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(hidden, 4, 1)
        self.reduce_act = nn.ReLU() if hard else nn.SiLU()
        self.excite = nn.Conv2d(4, hidden, 1)
        self.gate = nn.Hardsigmoid() if hard else nn.Sigmoid()
        self.project_conv, self.project_bn = conv_bn(hidden, c_out, 1)
        self.skipped = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, c_in, H, W) to (B, c_out, H/stride, W/stride)."""
        y = self.expand_act(self.expand_bn(self.expand_conv(x)))
        y = self.depthwise_act(self.depthwise_bn(self.depthwise_conv(y)))
        y = y * self.gate(self.excite(self.reduce_act(self.reduce(self.squeeze(y)))))
        y = self.project_bn(self.project_conv(y))
        return x + y if self.skipped else y


class Se(nn.Module):
    """Smooth activations and channel gates: one SiLU/sigmoid block, one hard-swish/hard-sigmoid block."""

    def __init__(self) -> None:
        super().__init__()
        self.stem_conv, self.stem_bn = conv_bn(3, 8, 3, 2)
        self.stem_act = nn.SiLU()
        self.blocks = nn.ModuleList(
            [
                GatedBlock(8, 12, 2, hard=False),
                GatedBlock(12, 12, 1, hard=False),
                GatedBlock(12, 12, 1, hard=True),
            ]
        )
        self.top_conv, self.top_bn = conv_bn(12, 32, 1)
        self.top_act = nn.Hardswish()
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, 10) logits."""
        x = self.stem_act(self.stem_bn(self.stem_conv(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(self.flatten(self.gap(self.top_act(self.top_bn(self.top_conv(x))))))


class NormedHead(nn.Module):
    """Two convolutions under ConvNeXt's head (Liu et al., CVPR 2022): average pool, layer norm, linear map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.relu1 = nn.Conv2d(3, 8, 4, 4), nn.ReLU()
        self.conv2, self.relu2 = nn.Conv2d(8, 12, 3, padding=1), nn.ReLU()
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.norm = nn.LayerNorm(12, eps=1e-6)
        self.head = nn.Linear(12, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, 10) logits."""
        x = self.relu2(self.conv2(self.relu1(self.conv1(x))))
        return self.head(self.norm(self.flatten(self.gap(x))))


@dataclass(frozen=True)
class NetSpec:
    """How one golden net is made: constructor, image size (H, W) in pixels, seed of weights and image.

    ``feature`` is the tensor Grad-CAM reads: the last one that is still a map of positions.
    """

    build: Callable[[], nn.Module]
    size: tuple[int, int]
    seed: int
    feature: str


# `vgg` has a seed whose Grad-CAM map has negative places, so that clipping it makes a difference.
# Height and width differ wherever the architecture allows, so that a swapped axis cannot go unnoticed.
NETS: dict[str, NetSpec] = {
    "residual": NetSpec(residual, (56, 48), 11, "blocks.3.relu"),
    "basic": NetSpec(basic, (40, 48), 12, "blocks.1.relu"),
    "vgg": NetSpec(Vgg, (48, 48), 73, "stages.2.relu2"),
    "depthwise": NetSpec(Depthwise, (48, 56), 14, "top_relu6"),
    "vit": NetSpec(Vit, (48, 40), 15, "patch"),
    "densenet": NetSpec(Densenet, (48, 40), 16, "relu"),
    "se": NetSpec(Se, (40, 48), 17, "top_act"),
    "normed": NetSpec(NormedHead, (24, 28), 18, "relu2"),
}


def sample_image(size: tuple[int, int], generator: torch.Generator, batch: int = 1) -> Tensor:
    """Draw images (B, 3, H, W), about zero mean and unit variance: coarse random blobs with fine noise on top."""
    coarse = torch.randn(batch, 3, 5, 5, generator=generator)
    blobs = F.interpolate(coarse, size=size, mode="bicubic", align_corners=False)
    return 1.2 * blobs + 0.35 * torch.randn(batch, 3, *size, generator=generator)


def condition(net: nn.Module, size: tuple[int, int], generator: torch.Generator) -> None:
    """Give a net seeded weights under which signals keep their scale from the first layer to the logits.

    Args:
        net: any net of this file; its parameters and buffers are overwritten in place.
        size: (height, width) of its input in pixels.
        generator: the only source of randomness.
    """

    def normal(tensor: Tensor, std: float, mean: float = 0.0) -> None:
        tensor.copy_(mean + std * torch.randn(tensor.shape, generator=generator))

    def uniform(tensor: Tensor, low: float, high: float) -> None:
        tensor.copy_(low + (high - low) * torch.rand(tensor.shape, generator=generator))

    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    # ReLU6 must really saturate somewhere, or its upper branch would go untested.
    gain = (0.8, 3.2) if isinstance(net, Depthwise) else (0.6, 1.5)
    with torch.no_grad():
        for name, module in net.named_modules():
            if isinstance(module, nn.Conv2d):
                fan_in = module.weight[0].numel()
                normal(module.weight, math.sqrt(2.0 / fan_in))
                if module.bias is not None:
                    normal(module.bias, 0.2)
            elif isinstance(module, nn.Linear):
                normal(module.weight, (2.5 if name == "head" else 1.4) / math.sqrt(module.in_features))
                normal(module.bias, 0.3)
            elif isinstance(module, Affine):
                normal(module.weight, 1.3 / math.sqrt(module.weight.shape[0]))
                normal(module.bias, 0.2)
            elif isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
                uniform(module.weight, *gain)
                normal(module.bias, 0.3)
        if isinstance(net, Vit):
            normal(net.class_token, 0.5)
            normal(net.position, 0.3)
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # plain average over the calibration batches below
        net.train()
        for _ in range(4):
            net(sample_image(size, generator, batch=8))
        net.eval()


def make(name: str) -> tuple[nn.Module, Tensor, torch.Generator]:
    """Build golden net ``name`` with its weights and input.

    Returns:
        The net in evaluation mode (float32), its input (1, 3, H, W) and the generator, advanced past both.
    """
    spec = NETS[name]
    generator = torch.Generator().manual_seed(spec.seed)
    net = spec.build()
    torch.manual_seed(spec.seed)  # dropout draws from the global generator during calibration
    condition(net, spec.size, generator)
    return net, sample_image(spec.size, generator), generator
