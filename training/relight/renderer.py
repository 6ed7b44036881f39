"""Mitsuba 3 at work: radiance and ground truth of a scene of diffuse meshes under a physical sun and sky.

The renderer is Mitsuba's path tracer with its ``sunsky`` emitter (Hošek–Wilkie sky and sun), followed by Intel's Open
Image Denoise: 16 denoised paths a pixel come within 38 dB of a thousand. Import this module after
choosing a vectorised variant, ``mitsuba.set_variant("llvm_ad_rgb")`` or ``"cuda_ad_rgb"``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import drjit as dr
import mitsuba as mi
import mitsuba_oidn as oidn
import numpy as np
from numpy.typing import NDArray

from relight.dataset import Frame, Truth
from relight.mesh import Mesh
from relight.town import Material

Array = NDArray[np.float64]

TURBIDITY = 3.0  # a clear day
MAXIMUM_DEPTH = 4  # camera, three surfaces at most, light
SKY_SHARE = 4  # sun paths for each sky path
PIXEL_GRID = 4  # 4 × 4 rays a pixel where albedo, normals and visibility are averaged
GROUND_TOLERANCE = 0.02  # metres above y = 0 that still count as ground
HAZE_ELEVATION = math.radians(2.0)  # below this height the sky keeps this height's colour: haze
HAZE_DARKENING = 0.45  # by how much the haze is darker 30° and more below the horizon

# Exposure, the same for every image of a scene: a camera that opens as the sun sinks, but by less than the light
# fades, so that evenings stay darker than noons. Linear value = radiance · GAIN / (sin e + OFFSET)^POWER.
EXPOSURE_GAIN = 3.2
EXPOSURE_OFFSET = 0.08
EXPOSURE_POWER = 0.6


def exposure(elevation: float) -> float:
    """Return the factor from radiance to linear image value at a sun elevation in radians."""
    return EXPOSURE_GAIN / (math.sin(elevation) + EXPOSURE_OFFSET) ** EXPOSURE_POWER


def exposure_settings() -> dict[str, float]:
    """Return the constants of ``exposure``, to note beside images."""
    return {"gain": EXPOSURE_GAIN, "offset": EXPOSURE_OFFSET, "power": EXPOSURE_POWER}


def to_srgb_bytes(linear: Array) -> NDArray[np.uint8]:
    """Encode linear light with the exact sRGB transfer function (IEC 61966-2-1), clamped to [0, 1], as bytes."""
    clipped = np.clip(linear, 0.0, 1.0)
    encoded = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


class Renderer:
    """A scene loaded once and rendered from many cameras under many suns."""

    def __init__(self, meshes: dict[str, Mesh], materials: dict[str, Material]) -> None:
        emitter: dict[str, Any] = {
            "type": "sunsky",
            "sun_direction": [0.0, 1.0, 0.0],
            "turbidity": TURBIDITY,
            "to_world": mi.ScalarTransform4f().rotate([1, 0, 0], -90),  # the emitter's zenith is +z, the world's +y
        }
        # the backdrop is composited afterwards, so the path tracer's own background stays out of the picture
        integrator = {"type": "path", "max_depth": MAXIMUM_DEPTH, "hide_emitters": True}
        shapes = {name: _shape(name, mesh, materials[name]) for name, mesh in meshes.items()}
        sky, sun = {**emitter, "sun_scale": 0.0}, {**emitter, "sky_scale": 0.0}
        # Sun and sky are traced apart and added: paths that choose between the two waste themselves on the sky in
        # the sun and on the sun in the shade, and the sky alone needs fewer of them.
        self._sky_scene = mi.load_dict({"type": "scene", "integrator": integrator, "emitter": sky, **shapes})
        self._sun_scene = mi.load_dict({"type": "scene", "integrator": integrator, "emitter": sun, **shapes})
        self._backdrop = mi.load_dict(sky)
        self._directions = [
            (mi.traverse(self._sky_scene), "emitter.sun_direction"),
            (mi.traverse(self._sun_scene), "emitter.sun_direction"),
            (mi.traverse(self._backdrop), "sun_direction"),
        ]

    def _face_sun(self, sun: Array) -> None:
        for parameters, key in self._directions:
            parameters[key] = _vectors(sun[None])
            parameters.update()

    def backdrop(self, directions: Array, sun: Array) -> Array:
        """Return what lies behind the scene, as radiance: the sky without the sun's disc, and haze below the horizon.

        It depends on the direction and the sun only, so a sky model can learn it exactly.

        Args:
            directions: …×3, unit.
            sun: unit vector to the sun.
        """
        self._face_sun(sun)
        flat = directions.reshape(-1, 3)
        lifted = flat.copy()
        lowest = math.sin(HAZE_ELEVATION)
        low = flat[:, 1] < lowest
        across = np.hypot(flat[low, 0], flat[low, 2]) + 1e-9
        for axis in (0, 2):
            lifted[low, axis] = flat[low, axis] / across * math.cos(HAZE_ELEVATION)
        lifted[low, 1] = lowest
        point = dr.zeros(mi.SurfaceInteraction3f, len(flat))
        point.wi = -_vectors(lifted)
        radiance = np.array(self._backdrop.eval(point), dtype=np.float64).T
        depth = np.clip(-flat[:, 1] / 0.5, 0.0, 1.0)
        radiance *= (1.0 - HAZE_DARKENING * depth * depth * (3.0 - 2.0 * depth))[:, None]
        return radiance.reshape(directions.shape)

    def radiance(self, frame: Frame, sun: Array, samples: int, seed: int) -> Array:
        """Path-trace and denoise H×W×3 radiance, box-filtered over each pixel.

        Args:
            frame: the camera.
            sun: unit vector to the sun.
            samples: sun paths a pixel; a quarter as many look for the sky. A power of four.
            seed: of the paths.
        """
        self._face_sun(sun)
        sensor = _sensor(frame)
        hits = self._trace(*_subpixel_rays(frame, PIXEL_GRID), sun)
        albedo, normal = hits.mean(hits.albedo), hits.mean(hits.normal)
        total = np.zeros((frame.height, frame.width, 3))
        for scene, paths in ((self._sun_scene, samples), (self._sky_scene, samples // SKY_SHARE)):
            image = np.array(mi.render(scene, sensor=sensor, spp=paths, seed=mi.UInt32(seed)))
            # guided by exact albedo and normals, the denoiser smooths light and keeps texture and edges
            total += oidn.denoise(
                np.ascontiguousarray(image[..., :3]), albedo=albedo, normal=normal, hdr=True, clean_aux=True
            )
        coverage = hits.hit.mean(axis=2)[..., None]
        _, directions = _subpixel_rays(frame, 1)
        return total + (1.0 - coverage) * self.backdrop(directions[:, :, 0], sun)

    def truth(self, frame: Frame, sun: Array) -> Truth:
        """Trace ground truth: albedo and visibility averaged over each pixel, depth and masks at its centre."""
        hits = self._trace(*_subpixel_rays(frame, PIXEL_GRID), sun)
        share = np.maximum(hits.hit.mean(axis=2), 1e-6)
        centre = self._trace(*_subpixel_rays(frame, 1), sun)
        return Truth(
            albedo=(hits.mean(hits.albedo) / share[..., None]).astype(np.float32),
            depth=np.where(centre.hit, centre.distance, np.inf)[:, :, 0].astype(np.float32),
            visibility=(hits.visible.mean(axis=2) / share).astype(np.float32),
            ground=centre.ground[:, :, 0],
            sky=~centre.hit[:, :, 0],
        )

    def distances(self, frame: Frame) -> Array:
        """Return H×W distances along the pixels' centre rays, infinite in the sky."""
        hits = self._trace(*_subpixel_rays(frame, 1), np.array([0.0, 1.0, 0.0]))
        return np.where(hits.hit, hits.distance, np.inf)[:, :, 0]

    def _trace(self, origin: Array, directions: Array, sun: Array) -> _Hits:
        """Return what rays from one point meet first."""
        shape = directions.shape[:-1]
        flat = directions.reshape(-1, 3)
        ray = mi.Ray3f(mi.Point3f(_vectors(origin[None])), _vectors(flat))
        point = self._sky_scene.ray_intersect(ray)
        hit = point.is_valid()
        albedo = point.bsdf().eval_diffuse_reflectance(point, hit)
        to_sun = _vectors(sun[None])
        # two-sided surfaces: the side that is seen must be the side that is lit
        normal = dr.select(dr.dot(point.n, ray.d) > 0, -point.n, point.n)
        faces = hit & (dr.dot(normal, to_sun) > 0)
        visible = faces & ~self._sky_scene.ray_test(point.spawn_ray(to_sun), faces)
        mask, distance = np.array(hit).astype(bool), np.array(point.t, dtype=np.float64)
        normals = np.array(normal).T * mask[:, None]
        height = origin[1] + np.where(mask, distance, 0.0) * flat[:, 1]
        ground = mask & (np.abs(height) < GROUND_TOLERANCE) & (np.abs(normals[:, 1]) > 0.9)
        return _Hits(
            hit=mask.reshape(shape),
            albedo=(np.array(albedo).T * mask[:, None]).reshape(*shape, 3),
            normal=normals.reshape(*shape, 3),
            visible=np.array(visible).astype(bool).reshape(shape),
            distance=distance.reshape(shape),
            ground=ground.reshape(shape),
        )


@dataclass(frozen=True)
class _Hits:
    """First surfaces along H×W×n rays; albedo and normal are zero where there is none.

    ``visible``: the seen side faces the sun's centre and nothing stands between.
    """

    hit: NDArray[np.bool_]
    albedo: Array
    normal: Array
    visible: NDArray[np.bool_]
    distance: Array
    ground: NDArray[np.bool_]

    def mean(self, values: Array) -> NDArray[np.float32]:
        """Average over the rays of each pixel, as the float32 image the denoiser reads."""
        return np.ascontiguousarray(values.mean(axis=2), dtype=np.float32)


def _vectors(values: Array) -> Any:
    """Return N×3 numbers as Mitsuba vectors: held in memory, where literals would be compiled into every kernel."""
    return mi.Vector3f(*(mi.Float(np.ascontiguousarray(values[:, k], dtype=np.float32)) for k in range(3)))


def _subpixel_rays(frame: Frame, grid: int) -> tuple[Array, Array]:
    """Return a frame's camera position and H×W×grid²×3 unit directions through a regular grid in every pixel."""
    offsets = (np.arange(grid) + 0.5) / grid
    rows, columns, down, right = np.meshgrid(
        np.arange(frame.height), np.arange(frame.width), offsets, offsets, indexing="ij"
    )
    x, y = (columns + right - frame.cx) / frame.fx, -(rows + down - frame.cy) / frame.fy
    camera = np.stack([x, y, -np.ones_like(x)], axis=-1)
    pose = frame.pose
    world = (camera @ pose[:3, :3].T).reshape(frame.height, frame.width, grid * grid, 3)
    return pose[:3, 3], world / np.linalg.norm(world, axis=-1, keepdims=True)


def _sensor(frame: Frame) -> Any:
    """Return Mitsuba's camera for a frame. Mitsuba looks along +z with x to the left: a half turn about y."""
    pose = frame.pose @ np.diag([-1.0, 1.0, -1.0, 1.0])
    return mi.load_dict(
        {
            "type": "perspective",
            "fov": math.degrees(2 * math.atan(frame.width / 2 / frame.fx)),
            "fov_axis": "x",
            "near_clip": 0.05,
            "far_clip": 500.0,
            "to_world": mi.ScalarTransform4f(pose.tolist()),
            "film": {
                "type": "hdrfilm",
                "width": frame.width,
                "height": frame.height,
                "pixel_format": "rgba",
                "rfilter": {"type": "box"},
            },
            "sampler": {"type": "ldsampler"},  # low discrepancy: at 64 paths 4 dB above independent draws
        }
    )


def _shape(name: str, mesh: Mesh, material: Material) -> Any:
    texture = mi.Bitmap(np.ascontiguousarray(material.texture, dtype=np.float32))
    properties = mi.Properties()
    properties["bsdf"] = mi.load_dict(
        {
            "type": "twosided",
            "bsdf": {
                "type": "diffuse",
                "reflectance": {"type": "bitmap", "bitmap": texture, "raw": True, "wrap_mode": "repeat"},
            },
        }
    )
    positions, coordinates = np.array(mesh.positions), np.array(mesh.coordinates) / material.tile
    count = len(positions)
    shape = mi.Mesh(name, count, count // 3, has_vertex_texcoords=True, props=properties)
    parameters = mi.traverse(shape)
    parameters["vertex_positions"] = mi.Float(positions.astype(np.float32).ravel())
    parameters["vertex_texcoords"] = mi.Float(coordinates.astype(np.float32).ravel())
    parameters["faces"] = mi.UInt32(np.arange(count, dtype=np.uint32))
    parameters.update()
    return shape
