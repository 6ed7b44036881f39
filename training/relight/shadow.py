"""The sun-conditioned shadow: variants A, B and C (docs/relight-format.md, section 5; formulas: our reconstruction).

All variants read one composited appearance vector a ray. Because every composited output is linear in it, compositing
the vector first and applying the rows afterwards is the same as compositing the outputs, as the shader does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

VARIANTS = ("none", "geometric", "A", "B", "C-A", "C-B")
WITH_TRANSMITTANCE = ("geometric", "C-A", "C-B")
# w and v of sigmoid(w·T_sun + v): 0.05 in full shadow, 0.99 in full light. Not learned: given the choice, training
# lifts full shadow to 0.4 to stand for light that walls reflect, and s is no longer a shadow.
COMPARE_WEIGHT = 8.0
COMPARE_BIAS = -3.0
BEHIND = 0.1  # slope of the cosine behind a surface: with none, a normal that faces away never turns


def encode(d: Tensor, frequencies: int) -> Tensor:
    """[d, sin(2^l d), cos(2^l d) for l = 0 … frequencies − 1]."""
    parts = [d]
    for octave in range(frequencies):
        parts += [torch.sin(2.0**octave * d), torch.cos(2.0**octave * d)]
    return torch.cat(parts, -1)


def polynomials(d: Tensor, count: int) -> Tensor:
    """Return the first ``count`` of a list of polynomials in a unit vector, of degrees 1 to 3, and zeros after them."""
    x, y, z = d.unbind(1)
    terms = [
        x, y, z, x * y, y * z, x * z, x * x - z * z, 1.5 * y * y - 0.5,
        x * y * z, y * (x * x - z * z), x * (x * x - 3 * z * z), z * (3 * x * x - z * z),
    ]  # fmt: skip
    basis = torch.stack(terms[:count], 1)
    return nn.functional.pad(basis, (0, count - basis.shape[1]))


class CubeMap(nn.Module):
    """A continuous cube map of C channels: S × S entries a face, shared where faces meet.

    The channels start as smooth polynomials of the direction, of degree one first, with which a row can express a
    Lambertian cosine. Entries that no training sun comes near thus hold something sensible from the start.
    """

    index: Tensor

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        s = torch.linspace(-1, 1, size)
        q, p = torch.meshgrid(s, s, indexing="ij")
        faces = []
        for axis in range(3):
            for sign in (1.0, -1.0):
                parts = [p, q]
                parts.insert(axis, torch.full_like(p, sign))
                faces.append(torch.stack(parts, -1))
        lattice = torch.stack(faces).reshape(-1, 3)
        entries, index = torch.unique((lattice * 1e4).round().long(), dim=0, return_inverse=True)
        self.register_buffer("index", index.reshape(6, size, size), persistent=False)
        self.table = nn.Parameter(polynomials(nn.functional.normalize(entries.float(), dim=1), channels))

    @property
    def size(self) -> int:
        """S."""
        return self.index.shape[1]

    def forward(self, d: Tensor) -> Tensor:
        """Values [n, C] in directions [n, 3]."""
        magnitude, axis = d.abs().max(1)
        others = torch.tensor([[1, 2], [0, 2], [0, 1]], device=d.device)[axis]
        face = 2 * axis + (d.gather(1, axis[:, None])[:, 0] < 0).long()
        g = (d.gather(1, others) / magnitude[:, None] + 1) / 2 * (self.size - 1)
        low = g.floor().clamp(0, self.size - 2).long()
        u, v = (g - low).unbind(1)
        (i, j) = low.unbind(1)
        at = [[self.table[self.index[face, j + y, i + x]] for x in (0, 1)] for y in (0, 1)]
        u, v = u[:, None], v[:, None]
        return (1 - v) * ((1 - u) * at[0][0] + u * at[0][1]) + v * ((1 - u) * at[1][0] + u * at[1][1])

    def faces(self) -> Tensor:
        """All entries, [6, S, S, C]."""
        return self.table[self.index]

    def roughness(self) -> Tensor:
        """Mean squared difference of neighbouring entries."""
        f = self.faces()
        return (f[:, 1:] - f[:, :-1]).square().mean() + (f[:, :, 1:] - f[:, :, :-1]).square().mean()


class ShadowHead(nn.Module):
    """Shadow s, incidence φ and surroundings κ of rays from their composited vector, the sun's direction and T_sun."""

    def __init__(
        self, variant: str, inputs: int, components: int = 12, cube_size: int = 8, features: int = 8, hidden: int = 32
    ) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"no shadow variant {variant!r}; there are {', '.join(VARIANTS)}")
        self.variant = variant
        self.frequencies = 2
        self.components = components
        logits = 3 if variant in ("C-A", "C-B") else 1
        if variant in ("A", "C-A"):
            self.features = nn.Linear(inputs, features, bias=False)
            width = features + 3 + 6 * self.frequencies
            last = nn.Linear(hidden, logits)
            self.layers = nn.ModuleList([nn.Linear(width, hidden), nn.Linear(hidden, hidden), last])
            with torch.no_grad():
                last.weight.mul_(0.3)
                last.bias.fill_(0.5)
                last.bias[2:] = 0.0
        elif variant in ("B", "C-B"):
            self.rows = nn.Parameter(0.1 * torch.randn(logits, components, inputs))
            self.row_bias = nn.Parameter(0.1 * torch.randn(logits, inputs))
            self.cube = CubeMap(cube_size, components + logits)
            with torch.no_grad():
                self.cube.table[:, components:] = 0.5
                if logits > 1:
                    self.cube.table[:, components] = 0.0
                    self.cube.table[:, components + 2] = 0.0
        # Of training only: the one normal a point whose cosine φ is drawn to.
        self.normal = nn.Linear(inputs, 3) if logits > 1 else None
        if variant in WITH_TRANSMITTANCE:
            self.compare = nn.Parameter(torch.tensor([COMPARE_WEIGHT, COMPARE_BIAS]), requires_grad=False)

    @property
    def needs_transmittance(self) -> bool:
        """Whether T_sun is an input."""
        return self.variant in WITH_TRANSMITTANCE

    def logits(self, vector: Tensor, suns: Tensor, which: Tensor) -> Tensor | None:
        """Learned logits [n, L] of appearance vectors [n, 3R] under suns[which]; None where nothing is learned."""
        if self.variant in ("A", "C-A"):
            x = torch.cat([self.features(vector), encode(suns, self.frequencies)[which]], 1)
            for layer in self.layers[:-1]:
                x = layer(x).relu()
            return self.layers[-1](x)
        if self.variant in ("B", "C-B"):
            h = self.cube(suns)[which]
            L, K, _ = self.rows.shape
            g = (vector @ self.rows.reshape(L * K, -1).T).reshape(-1, L, K)
            return (g * h[:, None, :K]).sum(2) + vector @ self.row_bias.T + h[:, K:]
        return None

    def incidence(self, vector: Tensor, suns: Tensor, which: Tensor) -> Tensor:
        """φ [n] of appearance vectors under suns[which]; 1 where it is not learned."""
        logits = self.logits(vector, suns, which)
        if logits is None or logits.shape[1] == 1:
            return torch.ones(len(vector), device=vector.device)
        return torch.sigmoid(logits[:, 1])

    def cosine(self, vector: Tensor, suns: Tensor, which: Tensor) -> Tensor:
        """Cosine [n] between learned normals and suns[which], just below 0 behind a surface; 1 where there is none."""
        if self.normal is None:
            return torch.ones(len(vector), device=vector.device)
        normals = nn.functional.normalize(self.normal(vector), dim=1)
        return nn.functional.leaky_relu((normals * suns[which]).sum(1), BEHIND)

    def forward(
        self, vector: Tensor, suns: Tensor, which: Tensor, transmittance: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Return s, φ, κ, all [n], and the learned logits; ``transmittance`` None means T_sun = 1 (not yet marched)."""
        one = torch.ones(len(vector), device=vector.device)
        logits = self.logits(vector, suns, which)
        if self.variant == "none":
            return one, one, one, None
        total = torch.zeros_like(one) if logits is None else logits[:, 0]
        if self.needs_transmittance:
            total = total + self.compare[0] * (one if transmittance is None else transmittance) + self.compare[1]
        if logits is None or logits.shape[1] == 1:
            return torch.sigmoid(total), one, one, logits
        return torch.sigmoid(total), torch.sigmoid(logits[:, 1]), 2 * torch.sigmoid(logits[:, 2]), logits
