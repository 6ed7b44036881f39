"""An SR-TensoRF scene: density and appearance grids, heads, light and sky, rendered with deferred shading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relight.field import VMGrid
from relight.march import Space, differentiable_transmittance, sample, sun_transmittance, transmitted
from relight.shadow import ShadowHead

NEAR = 1.0  # metres; training does not look nearer, so that no image is explained by a veil before its camera
FULL_GRADIENT_DISTANCE = 8.0  # metres
EDGE = 0.48  # T_sun this near to a half is a shadow's edge
HALF = 0.5  # of the light used up: where a ray's median lies
VIEW_SINES = (-0.3, -0.1, -0.03, 0.0, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0)
SUN_COSINES = (-1.0, -0.6, -0.2, 0.2, 0.5, 0.75, 0.9, 0.97, 1.0)


def srgb(linear: Tensor) -> Tensor:
    """Apply the sRGB transfer function; continued above 1, so that too bright a pixel still has a gradient."""
    x = linear.clamp(min=0)
    return torch.where(x <= 0.0031308, 12.92 * x, 1.055 * x.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)


def interpolate(knots: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Lower and upper knot index and the weight of the upper; constant outside the knots."""
    if len(knots) == 1:
        zero = torch.zeros_like(x, dtype=torch.long)
        return zero, zero, torch.zeros_like(x)
    i = (torch.searchsorted(knots, x.contiguous(), right=True) - 1).clamp(0, len(knots) - 2)
    return i, i + 1, ((x - knots[i]) / (knots[i + 1] - knots[i])).clamp(0, 1)


class Light(nn.Module):
    """Ambient and sun colour over the sun's elevation: log-linear-light tables at knots in degrees."""

    knots: Tensor

    def __init__(self, knots: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("knots", torch.tensor(knots))
        self.ambient = nn.Parameter(torch.full((len(knots), 3), -1.2))
        self.sun = nn.Parameter(torch.full((len(knots), 3), 0.0))

    def forward(self, elevations: Tensor) -> tuple[Tensor, Tensor]:
        """Colours [n, 3] of both at elevations [n] in degrees."""
        i, j, w = interpolate(self.knots, elevations)
        w = w[:, None]
        ambient, sun = self.ambient.exp(), self.sun.exp()
        return (1 - w) * ambient[i] + w * ambient[j], (1 - w) * sun[i] + w * sun[j]

    def roughness(self) -> Tensor:
        """Mean squared second difference over the knots."""
        both = torch.cat([self.ambient, self.sun], 1)
        return both.diff(2, 0).square().mean() if len(both) > 2 else both.sum() * 0


class Sky(nn.Module):
    """Colour of what lies outside the box: a table over sun elevation, the view's height and its angle to the sun."""

    elevations: Tensor
    sines: Tensor
    cosines: Tensor

    def __init__(self, elevations: Sequence[float], sun_blind: bool) -> None:
        super().__init__()
        cosines = (0.0,) if sun_blind else SUN_COSINES
        self.register_buffer("elevations", torch.tensor(elevations))
        self.register_buffer("sines", torch.tensor(VIEW_SINES))
        self.register_buffer("cosines", torch.tensor(cosines))
        self.colour = nn.Parameter(torch.full((len(elevations), len(VIEW_SINES), len(cosines), 3), -0.7))

    def forward(self, elevations: Tensor, sines: Tensor, cosines: Tensor) -> Tensor:
        """Linear colour [n, 3]."""
        table = self.colour.exp()
        i, j, k = (
            interpolate(knots, x)
            for knots, x in ((self.elevations, elevations), (self.sines, sines), (self.cosines, cosines))
        )
        total = torch.zeros(len(sines), 3, device=sines.device)
        for e in (0, 1):
            for v in (0, 1):
                for s in (0, 1):
                    w = torch.ones_like(sines)
                    for axis, bit in ((i, e), (j, v), (k, s)):
                        w = w * (axis[2] if bit else 1 - axis[2])
                    total = total + w[:, None] * table[i[e], j[v], k[s]]
        return total

    def roughness(self) -> Tensor:
        """Mean squared difference of neighbouring entries along every axis with more than one knot."""
        terms = [self.colour.diff(1, axis).square().mean() for axis in range(3) if self.colour.shape[axis] > 1]
        return torch.stack(terms).sum()


@dataclass
class Rendered:
    """What one batch of rays gives, all [n] or [n, 3]; ``colour`` is linear."""

    colour: Tensor
    albedo: Tensor
    shadow: Tensor
    incidence: Tensor
    transmittance: Tensor | None
    depth: Tensor
    surface: Tensor
    opacity: Tensor
    logits: Tensor | None
    vector: Tensor


@dataclass(frozen=True)
class ModelOptions:
    """Sizes of a model. Components are a pair's."""

    variant: str = "C-B"
    density_components: int = 8
    appearance_components: int = 24
    shadow_bias: float = 0.35
    shadow_step_factor: float = 1.0
    weight_threshold: float = 1e-3
    opacity_threshold: float = 0.02


class SceneModel(nn.Module):
    """The trained thing. ``space`` changes as training goes on and is saved beside the weights."""

    def __init__(self, options: ModelOptions, space: Space, elevations: Sequence[float]) -> None:
        super().__init__()
        self.options = options
        self.space = space
        sun_blind = options.variant == "none"
        knots = [sum(elevations) / len(elevations)] if sun_blind else list(elevations)
        # The density starts as a thin fog (f ≈ 3), so that every ray has something to learn from.
        self.density = VMGrid(space.vertices, options.density_components, line_mean=1.0)
        with torch.no_grad():
            for plane in self.density.planes:
                plane.add_(3.0 / (3 * options.density_components))
        self.appearance = VMGrid(space.vertices, options.appearance_components, line_mean=1.0)
        inputs = 3 * options.appearance_components
        self.albedo = nn.Linear(inputs, 3)
        nn.init.normal_(self.albedo.weight, std=0.2)
        nn.init.zeros_(self.albedo.bias)
        self.shadow = ShadowHead(options.variant, inputs)
        self.light = Light(knots)
        self.sky = Sky(knots, sun_blind)

    def forward(
        self, o: Tensor, d: Tensor, suns: Tensor, elevations: Tensor, which: Tensor,
        offset: Tensor | float = 0.5, march_to_sun: bool = True, shadows_teach: bool = False,
    ) -> Rendered:  # fmt: skip
        """Render rays [n]; ray i sees the sun suns[which[i]] at elevations[which[i]] degrees.

        ``shadows_teach``: whether T_sun has gradients, so that a shadow's edge draws the density that casts it.
        """
        n, space, options = len(o), self.space, self.options
        samples = sample(self.density, space, o, d, offset, NEAR if self.training else 0.0)
        f = self.density.sum(samples.g, samples.f)
        if self.training:
            # Near a camera samples lie denser than its pixels' footprints, and fog there would explain one image each;
            # gradients are weakened by the squared distance (Philip and Deschaintre, "Floaters No More", EGSR 2023).
            heed = (samples.t / FULL_GRADIENT_DISTANCE).square().clamp(max=1)
            f = f * heed + (f * (1 - heed)).detach()
        thickness = F.softplus(f + space.shift) * (space.step * space.distance_scale)
        before = transmitted(thickness, samples.ray, n)
        weights = before * -torch.expm1(-thickness)
        zero = torch.zeros(n, device=o.device)
        opacity = zero.index_add(0, samples.ray, weights)
        depth = zero.index_add(0, samples.ray, weights * samples.t) / opacity.clamp(min=1e-6)

        # Where a ray grazes an edge, the mean depth lies in the air between near and far: T_sun is asked at the median.
        with torch.no_grad():
            crossing = (before >= HALF) & (before * torch.exp(-thickness) < HALF)
            within = torch.log(before[crossing] / HALF) / thickness[crossing]
            surface = depth.index_copy(0, samples.ray[crossing], samples.t[crossing] + (within - 0.5) * space.step)

        threshold = options.weight_threshold
        used = zero.index_add(0, samples.ray, torch.where(weights >= threshold, weights, 0))
        vector = self.appearance.composite(samples.g, weights, samples.ray, n, threshold)
        vector = vector / used.clamp(min=1e-6)[:, None]

        T = None
        if self.shadow.needs_transmittance and march_to_sun:
            T = torch.ones_like(zero)
            solid = opacity.detach() >= options.opacity_threshold
            p, sun = (o + surface[:, None] * d)[solid], suns[which[solid]]
            march = options.shadow_bias, options.shadow_step_factor
            T[solid] = sun_transmittance(self.density, space, p, sun, *march)
            if shadows_teach:
                # In full light and in full shadow s has hardly a slope.
                edge = ((T - 0.5).abs() < EDGE)[solid]
                at = solid.nonzero()[:, 0][edge]
                T = T.index_put((at,), differentiable_transmittance(self.density, space, p[edge], sun[edge], *march))
        albedo = torch.sigmoid(self.albedo(vector))
        shadow, incidence, surroundings, logits = self.shadow(vector, suns, which, T)
        ambient, direct = self.light(elevations)
        lit = albedo * (ambient[which] * surroundings[:, None] + direct[which] * (incidence * shadow)[:, None])
        sky = self.sky(elevations[which], d[:, 1], (d * suns[which]).sum(1))
        colour = opacity[:, None] * lit + (1 - opacity[:, None]) * sky
        return Rendered(colour, albedo, shadow, incidence, T, depth, surface, opacity, logits, vector)
