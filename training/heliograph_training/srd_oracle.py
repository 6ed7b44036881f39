"""Sharing Ratio Decomposition, written out literally: slow, and meant to be obviously right.

Source: Han, Kim, Kwak, "Respect the Model: Fine-grained and Robust Explanation with Sharing Ratio
Decomposition", ICLR 2024 (arXiv 2402.03348). What the paper leaves open is marked *reconstruction*.

A pointwise feature vector (PFV) is the channel vector at one position (y, x) of a map (C, H, W). One *unit*
leads from post-activation PFVs x_i to one pre-activation PFV v_j; every affine step between (convolution,
folded batch norm, max-pool, skip addition) belongs to it. For output position j and input position i

    u_ij = W_k x_i                                      contribution, k the kernel offset from i to j
    w_ij = u_ij + b · ‖u_ij‖ / Σ_i' ‖u_i'j‖             bias shared in proportion to contribution norms
    v_j  = Σ_i w_ij
    μ_ij = ⟨w_ij, v_j⟩ / ‖v_j‖²                         signed, Σ_i μ_ij = 1
    backward  R_i = Σ_j μ_ij R_j        forward  ERF(v_j) = Σ_i μ_ij ERF(x_i), ERF(pixel) = one-hot

Nothing here uses a Jacobian, a transposed convolution or any other shortcut: the vectors u_ij are built one
by one in float64 and kept as vectors until μ is read off. This is the reference the compiled graphs are
held against.

Conventions:

- Relevance passes an activation unchanged, smooth ones too; v and x of one unit carry the same relevance. A
  channel gate (squeeze-excite) is a fixed gain inside the affine map it stands in. (smooth activations and
  gates: reconstruction)
- Two affine layers with no activation between them (the linear bottleneck of MobileNetV2, the output of an
  average pool): the tensor between them is a PFV map in its own right, as if an identity activation stood
  there. Where a skip is added to it or others are concatenated to it, the tensor after that is the map; in a
  concatenation each branch writes its own channels, zeros elsewhere. (reconstruction)
- Residual addition v = Σ_branches: one ‖v_j‖² and one R_j serve all branches; each branch keeps its own bias
  and shares it by the norms of its own contributions; an identity branch has u_jj = x_j and no bias.
- Max-pool is merged into the affine map behind it: sources are the positions i *before* the pool. The switch
  S_q,i is the mask of channels that pooled position q took from i (the first in row-major window order on
  ties), and u_ij = Σ_k W_k (S_q(k),i ⊙ x_i): with overlapping windows all terms of one i are summed before
  the norm is taken. An identity branch behind a pool is the same with W = I. (the merge is published, the
  order of sum and norm is a reconstruction)
- Offsets that fall on zero padding contribute nothing and take no share of the bias.
- All u_ij = 0 at some j: all contributors get the same share of the bias, the limit of equal norms, so that no
  relevance is lost. v_j = 0: μ = 0.
  (reconstruction)
- Start at global average pool + linear head: o_i = W x_i / n + b / n over the n positions, R_i = Σ_c t_c o_i[c]
  for target weights t (one-hot: R_i = o_i[c], ΣR = logit_c); the contrastive start subtracts the mean over
  positions. With a max-pool between the last map and the average, x_i is replaced by Σ_q S_q,i ⊙ x_i, n
  stays the number of pooled positions and b is spread evenly over the pre-pool ones. (reconstruction)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Position = tuple[int, int]  # (y, x) in the rows and columns of a map

IMAGE = "image"  # name of the input map in every network description


@dataclass(frozen=True)
class Conv:
    """A convolution with its batch norm already folded in.

    ``weight`` (out, in / groups, kh, kw), ``bias`` (out,), ``stride`` and ``dilation`` (y, x) in positions,
    ``pads`` (top, left, bottom, right) in positions, as ONNX orders them.
    """

    weight: Array
    bias: Array
    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    def size(self, height: int, width: int) -> Position:
        """Give the output size for an input of ``height`` × ``width`` positions."""
        (top, left, bottom, right), (kh, kw) = self.pads, self.weight.shape[2:]
        span_y, span_x = self.dilation[0] * (kh - 1) + 1, self.dilation[1] * (kw - 1) + 1
        return (
            (height + top + bottom - span_y) // self.stride[0] + 1,
            (width + left + right - span_x) // self.stride[1] + 1,
        )

    def at(self, ky: int, kx: int, vector: Array) -> Array:
        """Return W_k x for the offset k = (ky, kx) and one PFV x (in,): a vector (out,) without bias."""
        kernel = self.weight[:, :, ky, kx]
        # Group g maps its own inputs to its own outputs: one small matrix each.
        matrices = kernel.reshape(self.groups, -1, kernel.shape[1])
        parts = np.matmul(matrices, vector.reshape(self.groups, kernel.shape[1], 1))
        return np.asarray(parts.reshape(-1))

    def source(self, j: Position, ky: int, kx: int) -> Position:
        """Return the input position that offset (ky, kx) reads for output ``j``; it may lie in the padding."""
        return (
            j[0] * self.stride[0] + ky * self.dilation[0] - self.pads[0],
            j[1] * self.stride[1] + kx * self.dilation[1] - self.pads[1],
        )


@dataclass(frozen=True)
class MaxPool:
    """A max-pool: ``kernel`` and ``stride`` (y, x), ``pads`` (top, left, bottom, right), all in positions."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def size(self, height: int, width: int) -> Position:
        """Give the output size for an input of ``height`` × ``width`` positions (floor, not ceil)."""
        top, left, bottom, right = self.pads
        return (
            (height + top + bottom - self.kernel[0]) // self.stride[0] + 1,
            (width + left + right - self.kernel[1]) // self.stride[1] + 1,
        )

    def window(self, q: Position, height: int, width: int) -> list[Position]:
        """List the positions under window ``q`` in row-major order, padding left out."""
        ys = [q[0] * self.stride[0] + k - self.pads[0] for k in range(self.kernel[0])]
        xs = [q[1] * self.stride[1] + k - self.pads[1] for k in range(self.kernel[1])]
        return [(y, x) for y in ys for x in xs if 0 <= y < height and 0 <= x < width]

    def switches(self, q: Position, x: Array) -> dict[Position, Array]:
        """Return, for window ``q`` of map ``x`` (C, H, W), the channel mask S_q,i (C,) of every position i in it."""
        window = self.window(q, x.shape[1], x.shape[2])
        values = np.stack([x[:, y, c] for y, c in window])  # (positions, C)
        winner = values.argmax(axis=0)  # first of equals, hence row-major order on ties
        return {i: (winner == n).astype(np.float64) for n, i in enumerate(window)}


@dataclass(frozen=True)
class Branch:
    """One summand of a unit: ``source`` map, then an optional max-pool, then a convolution or the identity."""

    source: str
    conv: Conv | None = None
    pool: MaxPool | None = None


@dataclass(frozen=True)
class Unit:
    """One affine map with its activation.

    ``pre`` names the tensor v, ``name`` the tensor x = act(v); they are the same for an identity activation.
    ``activation`` is one of 'identity', 'relu', 'relu6', 'silu', 'hardswish'.
    """

    name: str
    pre: str
    branches: Sequence[Branch]
    activation: str


@dataclass(frozen=True)
class LayerNorm:
    """Layer norm over the channels: ``gain`` and ``shift`` (C,)."""

    gain: Array
    shift: Array
    epsilon: float


@dataclass(frozen=True)
class Head:
    """Global average pool (behind an optional max-pool), layer norm where there is one, and linear map.

    ``weight`` (classes, C), ``bias`` (classes,).
    """

    source: str
    weight: Array
    bias: Array
    pool: MaxPool | None = None
    norm: LayerNorm | None = None


def activate(kind: str, v: Array) -> Array:
    """Apply an activation by name."""
    if kind == "relu":
        return np.maximum(v, 0.0)
    if kind == "relu6":
        return np.clip(v, 0.0, 6.0)
    if kind == "silu":
        return v / (1.0 + np.exp(-v))
    if kind == "hardswish":
        return v * np.clip(v + 3.0, 0.0, 6.0) / 6.0
    if kind == "identity":
        return v
    raise ValueError(f"unknown activation {kind!r}")


def contributions(branch: Branch, x: Array, j: Position) -> dict[Position, Array]:
    """Return u_ij for one output position j of a branch: source position i → vector (C_out,), padding left out.

    ``x`` is the source map (C, H, W), before the max-pool if the branch has one.
    """
    height, width = x.shape[1:]
    pooled = branch.pool.size(height, width) if branch.pool else (height, width)
    result: dict[Position, Array] = {}

    def read(q: Position) -> dict[Position, Array]:
        """Split the PFV that the affine map reads at ``q`` into the source PFVs it was taken from."""
        if branch.pool is None:
            return {q: x[:, q[0], q[1]]}
        return {i: mask * x[:, i[0], i[1]] for i, mask in branch.pool.switches(q, x).items()}

    if branch.conv is None:
        return read(j)
    for ky in range(branch.conv.weight.shape[2]):
        for kx in range(branch.conv.weight.shape[3]):
            q = branch.conv.source(j, ky, kx)
            if not (0 <= q[0] < pooled[0] and 0 <= q[1] < pooled[1]):
                continue  # zero padding
            for i, part in read(q).items():
                result[i] = result.get(i, np.zeros(len(branch.conv.bias))) + branch.conv.at(ky, kx, part)
    return result


def share_bias(u: Mapping[Position, Array], bias: Array | None) -> dict[Position, Array]:
    """Return w_ij = u_ij + b ‖u_ij‖ / Σ_i' ‖u_i'j‖ for the contributions of one branch at one position."""
    if bias is None:
        return dict(u)
    norms = {i: float(np.linalg.norm(vector)) for i, vector in u.items()}
    total = sum(norms.values())
    if total == 0.0:
        return {i: vector + bias / len(u) for i, vector in u.items()}
    return {i: vector + bias * (norms[i] / total) for i, vector in u.items()}


@dataclass
class Decomposition:
    """A network run on one image, with every sharing ratio μ written down.

    ``x`` holds the post-activation maps (C, H, W), ``v`` the pre-activation maps, both by unit name;
    ``ratios[unit][j]`` lists (source map, i, μ_ij).
    """

    units: list[Unit]
    x: dict[str, Array] = field(default_factory=dict)
    v: dict[str, Array] = field(default_factory=dict)
    ratios: dict[str, dict[Position, list[tuple[str, Position, float]]]] = field(default_factory=dict)

    def size(self, name: str) -> Position:
        """Return (H, W) of a map."""
        return self.x[name].shape[1], self.x[name].shape[2]

    def backward(self, start: Mapping[str, Array]) -> dict[str, Array]:
        """Propagate relevance from given maps (H, W) down to the image; returns the relevance at *every* map.

        R_i = Σ_j μ_ij R_j, units visited from last to first.
        """
        relevance = {name: np.zeros(self.size(name)) for name in self.x}
        for name, values in start.items():
            relevance[name] = relevance[name] + values
        for unit in reversed(self.units):
            for j, shares in self.ratios[unit.name].items():
                for source, i, ratio in shares:
                    relevance[source][i] += ratio * relevance[unit.name][j]
        return relevance

    def erf(self, name: str, position: Position) -> Array:
        """Return the effective receptive field (H, W of the image) of one PFV: backward from a one-hot."""
        one_hot = np.zeros(self.size(name))
        one_hot[position] = 1.0
        return self.backward({name: one_hot})[IMAGE]

    def erf_forward(self) -> dict[str, Array]:
        """Return the ERF of every PFV by the forward recursion: map name → (H, W, H_image, W_image).

        ERF(v_j) = Σ_i μ_ij ERF(x_i) with ERF(pixel) = one-hot. Memory grows with positions × pixels.
        """
        height, width = self.size(IMAGE)
        pixels = np.zeros((height, width, height, width))
        for y in range(height):
            for x in range(width):
                pixels[y, x, y, x] = 1.0
        fields = {IMAGE: pixels}
        for unit in self.units:
            rows, columns = self.size(unit.name)
            here = np.zeros((rows, columns, height, width))
            for j, shares in self.ratios[unit.name].items():
                for source, i, ratio in shares:
                    here[j] += ratio * fields[source][i]
            fields[unit.name] = here
        return fields


def decompose(units: Sequence[Unit], image: Array) -> Decomposition:
    """Run a network, given as units in topological order, on ``image`` (3, H, W) and compute every μ_ij."""
    result = Decomposition(list(units), x={IMAGE: image.astype(np.float64)}, v={})
    for unit in units:
        rows, columns = _output_size(unit, result.x)
        v: Array | None = None
        result.ratios[unit.name] = {}
        for y in range(rows):
            for x in range(columns):
                j = (y, x)
                parts = [(b, contributions(b, result.x[b.source], j)) for b in unit.branches]
                v_j = sum(np.sum(list(u.values()), axis=0) + (0.0 if b.conv is None else b.conv.bias) for b, u in parts)
                assert isinstance(v_j, np.ndarray)
                if v is None:
                    v = np.zeros((len(v_j), rows, columns))
                v[:, y, x] = v_j
                norm = float(v_j @ v_j)
                result.ratios[unit.name][j] = [
                    (branch.source, i, float(w_ij @ v_j) / norm if norm > 0.0 else 0.0)
                    for branch, u in parts
                    for i, w_ij in share_bias(u, None if branch.conv is None else branch.conv.bias).items()
                ]
        assert v is not None
        result.v[unit.name] = v
        result.x[unit.name] = activate(unit.activation, v)
    return result


def _output_size(unit: Unit, maps: Mapping[str, Array]) -> Position:
    """Return the (H, W) on which all branches of a unit agree."""
    sizes = set()
    for branch in unit.branches:
        size: Position = (maps[branch.source].shape[1], maps[branch.source].shape[2])
        for step in (branch.pool, branch.conv):
            size = step.size(*size) if step is not None else size
        sizes.add(size)
    if len(sizes) != 1:
        raise ValueError(f"branches of {unit.name} disagree on the output size: {sorted(sizes)}")
    return sizes.pop()


def start_identity(head: Head, x: Array, target: Array) -> Array:
    """Return the identity start map (H, W): R_i = Σ_c t_c o_i[c], so that ΣR = Σ_c t_c logit_c.

    Args:
        head: average pool and linear map.
        x: last feature map (C, H, W).
        target: weight t of every class (classes,); one-hot for one class, +1 and −1 for a difference.
    """
    height, width = x.shape[1:]
    if head.pool is None:
        taken, count = x, height * width
    else:
        rows, columns = head.pool.size(height, width)
        taken, count = np.zeros_like(x), rows * columns
        for y in range(rows):
            for c in range(columns):
                for i, mask in head.pool.switches((y, c), x).items():
                    taken[:, i[0], i[1]] += mask * x[:, i[0], i[1]]
    weight, bias = head.weight, head.bias
    if head.norm is not None:
        # The deviation of the pooled vector is held fixed, so the norm is affine: subtract the mean, scale, shift.
        pooled = taken.sum((1, 2)) / count
        deviation = float(np.sqrt(np.mean((pooled - pooled.mean()) ** 2) + head.norm.epsilon))
        channels = len(pooled)
        centre = np.eye(channels) - np.ones((channels, channels)) / channels
        bias = bias + weight @ head.norm.shift
        weight = weight @ np.diag(head.norm.gain / deviation) @ centre
    start = np.zeros((height, width))
    for y in range(height):
        for c in range(width):
            o_i = weight @ taken[:, y, c] / count + bias / (height * width)
            start[y, c] = float(target @ o_i)
    return start


def contrastive(start: Array) -> Array:
    """Return the contrastive start: relevance minus its mean over positions."""
    return start - start.mean()


def fold(
    weight: Array, bias: Array | None, gain: Array, shift: Array, mean: Array, variance: Array, epsilon: float
) -> tuple[Array, Array]:
    """Fold an inference-mode batch norm into the convolution before it: scale on W, the rest into b."""
    scale = gain / np.sqrt(variance + epsilon)
    folded = weight * scale[:, None, None, None]
    return folded, ((0.0 if bias is None else bias) - mean) * scale + shift
