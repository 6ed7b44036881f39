"""Renders an exported scene folder in NumPy, following docs/relight-format.md word by word.

It shares no code with the trainer: what it draws is what the file says. The shader is compared with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .scene_file import FORMAT, READABLE, decode

TINY = 1e-9  # small enough to lose nothing, large enough for a logarithm
CHUNK = 2048  # rays rendered at once
BLOCK = 32  # samples of a ray marched between two looks at whether it has stopped
PAIRS = ((0, 1, 2), (0, 2, 1), (1, 2, 0))  # plane's column axis, plane's row axis, line's axis


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Logistic function, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def srgb(linear: np.ndarray) -> np.ndarray:
    """Exact sRGB transfer function of values clamped to 0…1."""
    x = np.clip(linear, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-12) ** (1 / 2.4) - 0.055)


def sun_direction(azimuth_degrees: float, elevation_degrees: float, psi_degrees: float) -> np.ndarray:
    """Return the unit vector from the scene to the sun (section 2)."""
    a, e, psi = (np.radians(v) for v in (azimuth_degrees, elevation_degrees, psi_degrees))
    x, y, z = np.cos(e) * np.sin(a), np.sin(e), -np.cos(e) * np.cos(a)
    return np.array([np.cos(psi) * x + np.sin(psi) * z, y, -np.sin(psi) * x + np.cos(psi) * z])


def knot_weights(knots: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Piecewise-linear interpolation, constant outside: lower index, upper index, weight of the upper."""
    if len(knots) == 1:
        zero = np.zeros(x.shape, int)
        return zero, zero, np.zeros(x.shape)
    i = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    return i, i + 1, np.clip((x - knots[i]) / (knots[i + 1] - knots[i]), 0, 1)


def cube_lookup(cube: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Bilinear value of a cube map [6, S, S, C] in direction d (section 5)."""
    axis = int(np.argmax(np.abs(d)))
    face = 2 * axis + int(d[axis] < 0)
    p, q = np.delete(d, axis) / abs(d[axis])
    S = cube.shape[1]
    column, row = (p + 1) / 2 * (S - 1), (q + 1) / 2 * (S - 1)
    i, j = min(int(column), S - 2), min(int(row), S - 2)
    u, v = column - i, row - j
    corner = cube[face, j : j + 2, i : i + 2]
    return (1 - v) * ((1 - u) * corner[0, 0] + u * corner[0, 1]) + v * ((1 - u) * corner[1, 0] + u * corner[1, 1])


def camera_rays(camera: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Origin [3] and unit directions [H, W, 3] of a camera (section 7)."""
    pose = np.asarray(camera["camera_to_world"], float).reshape(4, 4)
    i, j = np.meshgrid(np.arange(camera["width"]) + 0.5, np.arange(camera["height"]) + 0.5)
    d = np.stack([(i - camera["cx"]) / camera["fx"], -(j - camera["cy"]) / camera["fy"], -np.ones_like(i)], -1)
    d = d @ pose[:3, :3].T
    return pose[:3, 3], d / np.linalg.norm(d, axis=-1, keepdims=True)


def resized(camera: dict[str, Any], width: int, height: int) -> dict[str, Any]:
    """Return the same camera with another number of pixels."""
    x, y = width / camera["width"], height / camera["height"]
    return {**camera, "width": width, "height": height, "fx": camera["fx"] * x, "cx": camera["cx"] * x,
            "fy": camera["fy"] * y, "cy": camera["cy"] * y}  # fmt: skip


@dataclass
class Render:
    """Layers of one picture, each [H, W] or [H, W, 3]; ``final`` is sRGB-encoded, ``albedo`` linear."""

    final: np.ndarray
    albedo: np.ndarray
    shadow: np.ndarray
    incidence: np.ndarray
    surroundings: np.ndarray
    transmittance: np.ndarray
    depth: np.ndarray
    opacity: np.ndarray


class Scene:
    """A scene folder, decoded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.header: dict[str, Any] = json.loads((folder / "scene.json").read_text())
        h = self.header
        if h["format"] != FORMAT or h["version"] not in READABLE:
            raise ValueError(f"not a {FORMAT} of version {' or '.join(map(str, READABLE))}: {folder}")
        self.low, self.high = np.asarray(h["box"], float)
        self.n = np.asarray(h["grid"])
        self.grids = {name: self._grid(folder, h[name]) for name in ("density", "appearance")}
        self.occupied = decode(folder, h["occupancy"]) > 0
        self.albedo = decode(folder, h["heads"]["albedo"]["weight"])
        self.albedo_bias = np.asarray(h["heads"]["albedo"]["bias"])
        shadow = h["heads"]["shadow"]
        self.variant: str = shadow["variant"]
        self.shadow = {k: decode(folder, shadow[k]) for k in ("features", "rows", "row_bias", "cube") if k in shadow}
        self.layers = [(decode(folder, x["weight"]), decode(folder, x["bias"])) for x in shadow.get("layers", [])]
        self.sky = decode(folder, h["sky"]["colour"])

    @staticmethod
    def _grid(folder: Path, entry: dict[str, Any]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Planes as [rows · columns, R] and lines as [N, R]: one corner is one row, which NumPy gathers fast."""
        planes = [decode(folder, blob).reshape(blob["shape"][0], -1).T for blob in entry["planes"]]
        lines = [decode(folder, blob).T for blob in entry["lines"]]
        return [np.ascontiguousarray(p) for p in planes], [np.ascontiguousarray(x) for x in lines]

    def direction(self, azimuth_degrees: float, elevation_degrees: float) -> np.ndarray:
        """Direction to the sun in the world."""
        return sun_direction(azimuth_degrees, elevation_degrees, self.header["psi_degrees"])

    def _lookup(self, name: str, x: np.ndarray) -> list[np.ndarray]:
        """Products of plane and line vectors of the three pairs, each [n, R], at world positions [n, 3]."""
        g = np.clip((x - self.low) / (self.high - self.low) * (self.n - 1), 0, self.n - 1)
        i = np.minimum(g.astype(int), self.n - 2)
        t = g - i
        products = []
        for (a, b, c), plane, line in zip(PAIRS, *self.grids[name], strict=True):
            corner, width = i[:, b] * self.n[a] + i[:, a], self.n[a]
            ta, tb, tc = (t[:, axis, None].astype(np.float32) for axis in (a, b, c))
            low = plane[corner] * (1 - ta) + plane[corner + 1] * ta
            high = plane[corner + width] * (1 - ta) + plane[corner + width + 1] * ta
            p = low * (1 - tb) + high * tb
            products.append(p * (line[i[:, c]] * (1 - tc) + line[i[:, c] + 1] * tc))
        return products

    def density(self, x: np.ndarray) -> np.ndarray:
        """σ [n] at world positions [n, 3]."""
        f = sum(p.sum(1) for p in self._lookup("density", x)) + self.header["density_shift"]
        return np.logaddexp(0, f)

    def is_occupied(self, x: np.ndarray) -> np.ndarray:
        """Whether the occupancy cell of each position [n, 3] is set."""
        g = np.clip((x - self.low) / (self.high - self.low) * (self.n - 1), 0, self.n - 1)
        nz, ny, nx = self.occupied.shape
        cell = np.minimum((g / self.header["occupancy"]["cell"]).astype(int), np.array([nx, ny, nz]) - 1)
        return self.occupied[cell[:, 2], cell[:, 1], cell[:, 0]]

    def inside(self, o: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances at which rays [n, 3] enter (at least 0) and leave the box; leave ≤ enter means missed."""
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (self.low - o) / d, (self.high - o) / d
        return np.maximum(np.nanmax(np.minimum(a, b), 1), 0), np.nanmin(np.maximum(a, b), 1)

    def _alphas(
        self, o: np.ndarray, d: np.ndarray, start: np.ndarray, end: np.ndarray, step: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sample distances [n, K], start + (k + ½)·step, and their α.

        α is 0 in empty cells, beyond the end, and where the ray had stopped before.
        """
        count = max(int(np.ceil(np.max((end - start) / step, initial=0))), 1)
        t = start[:, None] + (np.arange(count) + 0.5) * step
        alpha, left = np.zeros(t.shape), np.ones(len(t))
        for first in range(0, count, BLOCK):
            now = slice(first, first + BLOCK)
            going = left >= self.header["march"]["termination"]
            ray, k = np.nonzero((t[:, now] < end[:, None]) & going[:, None])
            k += first
            x = o[ray] + t[ray, k, None] * d[ray]
            full = self.is_occupied(x)
            ray, k, x = ray[full], k[full], x[full]
            alpha[ray, k] = 1 - np.exp(-self.density(x) * step * self.header["distance_scale"])
            left *= np.prod(1 - alpha[:, now], 1)
        return t, alpha

    def sun_transmittance(self, p: np.ndarray, sun: np.ndarray) -> np.ndarray:
        """T_sun [n] of world positions [n, 3] (section 4)."""
        march = self.header["march"]
        d = np.broadcast_to(sun, p.shape)
        _, end = self.inside(p, d)
        start = np.full(len(p), march["shadow_bias"])
        _, alpha = self._alphas(p, d, start, end, self.header["step"] * march["shadow_step_factor"])
        after = np.cumprod(1 - alpha, 1)
        stopped = after < march["termination"]
        first = np.where(stopped.any(1), stopped.argmax(1), after.shape[1] - 1)
        return after[np.arange(len(p)), first]

    def rows(self, sun: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is composited besides the albedo logits: matrix [n, 3R_a], and offsets [n] added afterwards."""
        if "rows" in self.shadow:
            h = cube_lookup(self.shadow["cube"], sun)
            K = self.shadow["rows"].shape[1]
            return self.shadow["row_bias"] + np.einsum("k,lkc->lc", h[:K], self.shadow["rows"]), h[K:]
        if "features" in self.shadow:
            return self.shadow["features"], np.zeros(len(self.shadow["features"]))
        return np.zeros((0, self.albedo.shape[1])), np.zeros(0)

    def _mlp(self, features: np.ndarray, sun: np.ndarray) -> np.ndarray:
        encoded = [sun]
        for octave in range(self.header["heads"]["shadow"]["frequencies"]):
            encoded += [np.sin(2.0**octave * sun), np.cos(2.0**octave * sun)]
        x = np.concatenate([features, np.broadcast_to(np.concatenate(encoded), (len(features), 3 * len(encoded)))], 1)
        for weight, bias in self.layers[:-1]:
            x = np.maximum(x @ weight.T + bias, 0)
        weight, bias = self.layers[-1]
        return x @ weight.T + bias

    def sky_colour(self, d: np.ndarray, sun: np.ndarray, elevation_degrees: float) -> np.ndarray:
        """Linear sky [n, 3] in directions [n, 3]."""
        sky = self.header["sky"]
        coordinates = (np.full(len(d), elevation_degrees), d[:, 1], d @ sun)
        names = ("elevations_degrees", "view_sines", "sun_cosines")
        i, j, k = (knot_weights(np.asarray(sky[n], float), x) for n, x in zip(names, coordinates, strict=True))
        total = np.zeros((len(d), 3))
        for e in (0, 1):
            for v in (0, 1):
                for s in (0, 1):
                    w = np.prod([x[2] if bit else 1 - x[2] for x, bit in ((i, e), (j, v), (k, s))], 0)
                    total += w[:, None] * self.sky[i[e], j[v], k[s]]
        return total

    def light(self, elevation_degrees: float) -> tuple[np.ndarray, np.ndarray]:
        """Ambient and sun colour [3] at a sun elevation."""
        light = self.header["light"]
        i, j, w = knot_weights(np.asarray(light["elevations_degrees"], float), np.array(elevation_degrees))
        ambient, sun = (np.asarray(light[k]) for k in ("ambient", "sun"))
        return (1 - w) * ambient[i] + w * ambient[j], (1 - w) * sun[i] + w * sun[j]

    def _chunk(self, o: np.ndarray, d: np.ndarray, sun: np.ndarray, elevation: float) -> tuple[np.ndarray, ...]:
        march, n = self.header["march"], len(d)
        o = np.broadcast_to(o, d.shape)
        t0, t1 = self.inside(o, d)
        t, alpha = self._alphas(o, d, t0, t1, self.header["step"])
        after = np.cumprod(1 - alpha, 1)
        before = np.concatenate([np.ones((n, 1)), after[:, :-1]], 1)
        weights = np.where(before >= march["termination"], before * alpha, 0)
        opacity = weights.sum(1)
        depth = (weights * t).sum(1) / np.maximum(opacity, 1e-12)
        surface = depth
        if march.get("surface") == "median":
            past = after < 0.5
            rays = np.flatnonzero(past.any(1))
            k = past[rays].argmax(1)
            within = np.log(2 * before[rays, k]) / -np.log(np.maximum(1 - alpha[rays, k], TINY))
            surface = depth.copy()
            surface[rays] = t[rays, k] + (within - 0.5) * self.header["step"]

        rows, offsets = self.rows(sun)
        matrix = np.concatenate([self.albedo, rows])
        ray, k = np.nonzero((weights >= march["weight_threshold"]) & (weights > 0))
        c = np.concatenate(self._lookup("appearance", o[ray] + t[ray, k, None] * d[ray]), 1)
        composited, used = np.zeros((n, len(matrix))), np.zeros(n)
        np.add.at(composited, ray, weights[ray, k, None] * (c @ matrix.T))
        np.add.at(used, ray, weights[ray, k])
        F = composited / np.maximum(used, 1e-12)[:, None]

        solid = opacity >= march["opacity_threshold"]
        opacity, depth = np.where(solid, opacity, 0), np.where(solid, depth, 0)
        albedo = sigmoid(F[:, :3] + self.albedo_bias)
        features = F[:, 3:] + offsets
        logits = self._mlp(features, sun) if self.layers else features
        shadow, incidence, surroundings, T = (np.ones(n) for _ in range(4))
        if self.variant in ("A", "B"):
            shadow = sigmoid(logits[:, 0])
        elif self.variant in ("C-A", "C-B", "geometric"):
            T[solid] = self.sun_transmittance(o[solid] + surface[solid, None] * d[solid], sun)
            compare = self.header["heads"]["shadow"]["transmittance"]
            logit = compare["weight"] * T + compare["bias"]
            if self.variant != "geometric":
                logit = logit + logits[:, 0]
                incidence, surroundings = sigmoid(logits[:, 1]), 2 * sigmoid(logits[:, 2])
            shadow = sigmoid(logit)
        shadow, incidence, surroundings = (np.where(solid, x, 1) for x in (shadow, incidence, surroundings))

        ambient, direct = self.light(elevation)
        radiance = albedo * (ambient * surroundings[:, None] + direct * (incidence * shadow)[:, None])
        sky = self.sky_colour(d, sun, elevation)
        final = srgb(opacity[:, None] * radiance + (1 - opacity[:, None]) * sky)
        return final, np.where(solid[:, None], albedo, 0), shadow, incidence, surroundings, T, depth, opacity

    def render(self, camera: dict[str, Any], azimuth_degrees: float, elevation_degrees: float) -> Render:
        """Render a camera of section 7 under a sun."""
        sun = self.direction(azimuth_degrees, elevation_degrees)
        o, d = camera_rays(camera)
        flat = d.reshape(-1, 3)
        parts = [self._chunk(o, flat[i : i + CHUNK], sun, elevation_degrees) for i in range(0, len(flat), CHUNK)]
        layers = [
            np.concatenate(layer).reshape(*d.shape[:2], *layer[0].shape[1:]) for layer in zip(*parts, strict=True)
        ]
        return Render(*layers)
