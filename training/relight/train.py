"""Train an SR-TensoRF scene from a dataset folder (relight.dataset).

    python -m relight.train --data DIR --out DIR [--variant C-B] [--start SCENE]

Writes OUT/checkpoint.pt every few hundred iterations and OUT/log.jsonl; run again after a kill, it goes on from the
checkpoint and ends with the same weights as an uninterrupted run on the same machine. CUDA is used when present.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from relight import dataset as data
from relight import resume
from relight.dataset import TRAIN, Dataset
from relight.march import Space, occupancy
from relight.model import ModelOptions, Rendered, SceneModel, srgb
from relight.rays import Batch, RayBank
from relight.shadow import VARIANTS

CHECKPOINT_VERSION = 2
OPTICAL_LENGTH = 150.0  # distance_scale · longest side; 25 of TensoRF's units times the six units of its larger boxes
ELEVATION_KNOTS = 8
GOING_ON_RATE = 0.12  # of the first run's; a short run must not begin faster, for it has no time to come to rest again
GOING_ON_REST = 0.018  # of the first run's rates, at the end
FIRST_PRUNING = 500  # iterations; a sun-blind field has not begun to condense after 150, and what is dropped is lost


@dataclass(frozen=True)
class Schedule:
    """How to train; times are fractions of ``iterations``."""

    iterations: int = 8000
    batch: int = 4096
    seed: int = 1
    first_vertices: int = 72  # along the longest side
    last_vertices: int = 240
    upsample_at: tuple[float, ...] = (0.1, 0.18, 0.27, 0.38)
    occupancy_at: tuple[float, ...] = (0.05, 0.075, 0.14, 0.22, 0.32, 0.45, 0.6, 0.8)
    shadow_march_from: float = 0.15  # T_sun waits for a density worth asking
    shadows_teach_from: float = 1.0  # T_sun has gradients from then on: never, unless said otherwise
    step_ratio: float = 0.6  # of a voxel's edge
    alpha_threshold: float = 2e-3
    ripe_from: float = 0.3  # until then what thins the density out is held back
    grid_rate: float = 0.02
    head_rate: float = 4e-3
    final_rate: float = 0.05  # of the first
    density_variation: float = 0.02
    appearance_variation: float = 0.004
    density_magnitude: float = 4e-4
    shadow_pull: float = 1e-3  # of s (A, B) or φ (C) to 1
    transmittance_trust: float = 1e-3  # pulls C's learned ℓ_s to 0
    plain_surroundings: float = 3e-4  # pulls C's κ to 1
    lambertian: float = 0.03  # pulls C's φ to the cosine of one normal a point
    other_suns: int = 64  # directions without an image in which φ is asked for, an iteration
    grid_losses_every: int = 1  # iterations, then as many times heavier: they read every entry of the grids
    smoothness: float = 1e-4  # of light and sky tables
    cube_smoothness: float = 2e-3
    opacity_pull: float = 2e-3  # to nothing: a floater the sky would explain as well goes
    checkpoint_every: int = 500
    warm_up: int = 0  # iterations until the full rate
    normal_settles: int = 0  # iterations in which the normal learns φ before it is allowed to teach it


def going_on(schedule: Schedule, rate: float = GOING_ON_RATE) -> Schedule:
    """Return the schedule of a training that starts from an exported scene: nothing is fog any more.

    ``rate``: its first learning rates, as a fraction of those of a training from nothing.
    """
    return replace(
        schedule,
        upsample_at=(),
        occupancy_at=(0.3, 0.6, 0.85),
        grid_losses_every=4,
        shadow_march_from=0.0,
        shadows_teach_from=0.0,
        ripe_from=0.0,
        grid_rate=rate * schedule.grid_rate,
        head_rate=rate * schedule.head_rate,
        final_rate=GOING_ON_REST / rate,
        warm_up=200,
        normal_settles=300,
    )


def vertices_for(low: Tensor, high: Tensor, longest: int) -> tuple[int, int, int]:
    """Vertices along the axes for voxels that are cubes, with ``longest`` along the longest side."""
    side = high - low
    x, y, z = ((side / side.max() * (longest - 1)).round().long() + 1).tolist()
    return x, y, z


def initial_space(dataset: Dataset, schedule: Schedule, device: torch.device) -> Space:
    """Return the coarsest space, everything occupied."""
    low, high = (torch.tensor(corner, dtype=torch.float32, device=device) for corner in dataset.box)
    longest = float((high - low).max())
    empty = torch.ones(1, 1, 1, dtype=torch.uint8, device=device)
    space = Space(low, high, (2, 2, 2), empty, cell=2, step=1.0, distance_scale=OPTICAL_LENGTH / longest)
    voxel = longest / (schedule.first_vertices - 1)
    return space.with_vertices(vertices_for(low, high, schedule.first_vertices), schedule.step_ratio * voxel)


def elevation_knots(elevations: Tensor) -> list[float]:
    """Knots from the lowest to the highest training sun, closer together where the sun is low."""
    low, high = float(elevations.min()), float(elevations.max())
    if high - low < 1.0:
        return [0.5 * (low + high)]
    return [low + (high - low) * (k / (ELEVATION_KNOTS - 1)) ** 1.5 for k in range(ELEVATION_KNOTS)]


class Trainer:
    """One training run: model, optimiser, random numbers and where it stands."""

    def __init__(self, dataset: Dataset, options: ModelOptions, schedule: Schedule, device: torch.device) -> None:
        torch.manual_seed(schedule.seed)
        self.dataset, self.options, self.schedule, self.device = dataset, options, schedule, device
        self.bank = RayBank(dataset, dataset.split(TRAIN), device)
        space = initial_space(dataset, schedule, device)
        self.model = SceneModel(options, space, elevation_knots(self.bank.elevations)).to(device)
        self.generator = torch.Generator().manual_seed(schedule.seed)
        self.iteration = 0
        self.seconds = 0.0
        self.before = (0, 0.0)  # iterations and seconds of the scene that training goes on from
        self.optimiser = self._optimiser()
        a, b = math.log(schedule.first_vertices), math.log(schedule.last_vertices)
        steps = len(schedule.upsample_at)
        self.resolutions = [round(math.exp(a + (b - a) * (k + 1) / steps)) for k in range(steps)]

    def _optimiser(self) -> torch.optim.Adam:
        rate, s = self._rate(), self.schedule
        grids = [*self.model.density.parameters(), *self.model.appearance.parameters()]
        inside = {id(p) for p in grids}
        heads = [p for p in self.model.parameters() if id(p) not in inside]
        groups = [
            {"params": grids, "lr": s.grid_rate * rate, "first": s.grid_rate},
            {"params": heads, "lr": s.head_rate * rate, "first": s.head_rate},
        ]
        return torch.optim.Adam(groups, betas=(0.9, 0.99), fused=True)

    def _rate(self) -> float:
        s = self.schedule
        return s.final_rate ** (self.iteration / s.iterations) * min(1.0, (self.iteration + 1) / max(s.warm_up, 1))

    def _ripeness(self) -> float:
        """From 0 to 1: the fog of the beginning must not be judged as empty before it has condensed."""
        ripe = self.schedule.ripe_from * self.schedule.iterations
        return min(1.0, self.iteration / ripe) if ripe > 0 else 1.0

    def _at(self, fractions: tuple[float, ...]) -> int | None:
        """Index of the fraction whose iteration this is."""
        times = [round(f * self.schedule.iterations) for f in fractions]
        return times.index(self.iteration) if self.iteration in times else None

    @torch.no_grad()
    def update_occupancy(self) -> None:
        """Drop cells that have become empty; a dropped cell stays dropped (plane × line fields would bring ghosts)."""
        space, s = self.model.space, self.schedule
        if self.iteration < FIRST_PRUNING:
            return
        threshold = s.alpha_threshold * max(0.1, self._ripeness())
        kept = occupancy(self.model.density, space, threshold)
        self.model.space = replace(space, occupied=kept & space.occupied)

    @torch.no_grad()
    def upsample(self, longest: int) -> None:
        """Resample both grids; occupancy is judged anew within what was occupied."""
        model, old, s = self.model, self.model.space, self.schedule
        vertices = vertices_for(old.low, old.high, longest)
        for grid in (model.density, model.appearance):
            grid.resample(vertices)
        voxel = float((old.high - old.low).max()) / (longest - 1)
        space = old.with_vertices(vertices, s.step_ratio * voxel)
        axes = [torch.linspace(float(a), float(b), n) for a, b, n in zip(old.low, old.high, vertices, strict=True)]
        z, y, x = torch.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        points = torch.stack([x, y, z], -1).reshape(-1, 3).to(self.device)
        kept = old.is_occupied(old.coordinates(points)).reshape(z.shape).float()[None, None]
        kept = F.max_pool3d(kept, 3, 1, 1)
        v = space.cell
        pad = [q for n in reversed(z.shape) for q in (0, math.ceil((n - 1) / v) * v + 1 - n)]
        inside = (F.max_pool3d(F.pad(kept, pad), v + 1, v)[0, 0] > 0).to(torch.uint8)
        model.space = replace(space, occupied=inside.contiguous())
        self.update_occupancy()
        self.optimiser = self._optimiser()

    def loss(self, batch: Batch, rendered: Rendered) -> tuple[Tensor, Tensor]:
        """Total loss and the mean squared error of the sRGB colours within it."""
        s, model = self.schedule, self.model
        error = srgb(rendered.colour) - batch.colours
        # A saturated pixel only says that the light was at least that bright.
        error = torch.where(batch.colours >= 1, error.clamp(max=0), error)
        mse = error.square().mean()
        total = mse + s.smoothness * (model.sky.roughness() + 10 * model.light.roughness())
        if self.iteration % s.grid_losses_every == 0:
            grids = s.density_variation * model.density.total_variation()
            grids = grids + s.appearance_variation * model.appearance.total_variation()
            grids = grids + s.density_magnitude * self._ripeness() * model.density.magnitude()
            total = total + s.grid_losses_every * grids
        total = total + s.opacity_pull * self._ripeness() * rendered.opacity.mean()
        if model.options.variant != "none":
            trusting = model.shadow.needs_transmittance
            gauge = rendered.incidence if trusting else rendered.shadow
            total = total + s.shadow_pull * (1 - gauge).mean()
            if trusting and rendered.logits is not None:
                total = total + s.transmittance_trust * rendered.logits[:, 0].square().mean()
                total = total + s.plain_surroundings * rendered.logits[:, 2:].square().mean()
        if model.shadow.normal is not None:
            total = total + s.lambertian * self.lambertian_error(batch, rendered)
        if hasattr(model.shadow, "cube"):
            total = total + s.cube_smoothness * model.shadow.cube.roughness()
        return total, mse.detach()

    def lambertian_error(self, batch: Batch, rendered: Rendered) -> Tensor:
        """Mean squared distance of φ from the cosine of one normal a point.

        Asked where an image's sun shines, and under suns no image was taken in: there nothing else would hold φ.
        """
        s, head = self.schedule, self.model.shadow
        if self.iteration < s.normal_settles:
            known = replace(rendered, vector=rendered.vector.detach(), incidence=rendered.incidence.detach())
            off = (known.incidence - head.cosine(known.vector, self.bank.suns, batch.image)).square()
            return (rendered.opacity.detach() * rendered.shadow.detach() * off).mean() / s.lambertian
        low, high = self.bank.elevations.min().deg2rad(), self.bank.elevations.max().deg2rad()
        across, up = torch.rand(2, s.other_suns, generator=self.generator).to(self.device)
        azimuth, elevation = 2 * math.pi * across, low + (high - low) * up
        suns = torch.stack([elevation.cos() * azimuth.cos(), elevation.sin(), elevation.cos() * azimuth.sin()], 1)
        which = torch.randint(s.other_suns, (len(rendered.vector),), generator=self.generator).to(self.device)
        there = (head.incidence(rendered.vector, suns, which) - head.cosine(rendered.vector, suns, which)).square()
        here = (rendered.incidence - head.cosine(rendered.vector, self.bank.suns, batch.image)).square()
        return (rendered.opacity.detach() * (there + rendered.shadow.detach() * here)).mean()

    def step(self) -> float:
        """Do one iteration; returns its PSNR."""
        s = self.schedule
        stage = self._at(s.upsample_at)
        if stage is not None:
            self.upsample(self.resolutions[stage])
        if self._at(s.occupancy_at) is not None:
            self.update_occupancy()
        batch = self.bank.draw(s.batch, self.generator)
        offset = torch.rand(s.batch, generator=self.generator).to(self.device)
        rendered = self.model(
            batch.origins, batch.directions, self.bank.suns, self.bank.elevations, batch.image, offset,
            march_to_sun=self.iteration >= s.shadow_march_from * s.iterations,
            shadows_teach=self.iteration >= s.shadows_teach_from * s.iterations,
        )  # fmt: skip
        loss, mse = self.loss(batch, rendered)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        rate = self._rate()
        for group in self.optimiser.param_groups:
            group["lr"] = group["first"] * rate
        self.optimiser.step()
        self.iteration += 1
        return -10 * math.log10(max(float(mse), 1e-12))

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {
            "version": CHECKPOINT_VERSION,
            "options": asdict(self.options),
            "schedule": asdict(self.schedule),
            "iteration": self.iteration,
            "seconds": self.seconds,
            "before": list(self.before),
            "space": {
                **{k: getattr(self.model.space, k) for k in ("vertices", "cell", "step", "distance_scale", "occupied")}
            },
            "knots": self.model.light.knots,
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
        }

    def save(self, path: Path) -> None:
        """Write a checkpoint; a kill while writing leaves the former one."""
        scratch = path.with_suffix(".tmp")
        torch.save(self.state(), scratch)
        scratch.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint of the same options and schedule."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["version"] != CHECKPOINT_VERSION:
            raise ValueError(f"{path}: checkpoint version {state['version']}, expected {CHECKPOINT_VERSION}")
        if state["options"] != asdict(self.options) or state["schedule"] != asdict(self.schedule):
            raise ValueError(f"{path} was trained with other options; choose another --out or give the same options")
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self.before = (state["before"][0], state["before"][1])
        load_weights(self.model, state)
        self.optimiser = self._optimiser()
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())

    def start_from(self, scene: Path) -> None:
        """Take the weights of an exported scene; where the schedule wants other vertices, its grids are resampled."""
        self.before = resume.adopt(self.model, scene)
        if max(self.model.space.vertices) != self.schedule.last_vertices:
            self.upsample(self.schedule.last_vertices)
        self.optimiser = self._optimiser()

    def run(self, out: Path, bar: bool = True) -> None:
        """Train to the end of the schedule."""
        out.mkdir(parents=True, exist_ok=True)
        checkpoint, s = out / "checkpoint.pt", self.schedule
        if checkpoint.exists():
            self.restore(checkpoint)
        progress = tqdm(
            total=s.iterations, initial=self.iteration, disable=not bar, desc=self.options.variant, mininterval=2
        )
        psnr, begun = 0.0, time.perf_counter()
        with (out / "log.jsonl").open("a") as log:
            while self.iteration < s.iterations:
                now = self.step()
                psnr = now if psnr == 0 else 0.98 * psnr + 0.02 * now
                progress.update()
                if self.iteration % 50 == 0:
                    progress.set_postfix(psnr=f"{psnr:.2f}")
                last = self.iteration == s.iterations
                if last or self.iteration % s.checkpoint_every == 0:
                    self.seconds += time.perf_counter() - begun
                    begun = time.perf_counter()
                    entry = {"iteration": self.iteration, "psnr": round(psnr, 3), "seconds": round(self.seconds, 1)}
                    entry["occupied"] = round(float(self.model.space.occupied.float().mean()), 5)
                    log.write(json.dumps(entry) + "\n")
                    log.flush()
                    self.save(checkpoint)
        progress.close()


def load_weights(model: SceneModel, state: dict[str, Any]) -> None:
    """Give a model the space and weights of a checkpoint."""
    space = state["space"]
    model.space = replace(model.space, **{**space, "vertices": tuple(space["vertices"])})
    for grid in (model.density, model.appearance):
        grid.resample(model.space.vertices)
    model.load_state_dict(state["model"])


def load_model(path: Path, dataset: Dataset, device: torch.device) -> tuple[SceneModel, dict[str, Any]]:
    """Return the model of a checkpoint and the checkpoint itself."""
    state = torch.load(path, map_location=device, weights_only=True)
    # Resolution, step and occupancy come with the weights; only the box is the dataset's.
    space = initial_space(dataset, Schedule(), device)
    model = SceneModel(ModelOptions(**state["options"]), space, state["knots"].tolist()).to(device)
    load_weights(model, state)
    return model.eval(), state


def device_for(name: str | None) -> torch.device:
    """Return the named device, else CUDA when present."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m relight.train", description="Train a Relight scene.")
    parser.add_argument("--data", type=Path, required=True, help="dataset folder")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoint and log")
    parser.add_argument("--start", type=Path, help="folder of an exported scene to go on from, of as many components")
    parser.add_argument("--rate", type=float, default=GOING_ON_RATE, help="with --start: of a whole run's first rates")
    parser.add_argument("--variant", choices=VARIANTS, default="C-B")
    parser.add_argument("--iterations", type=int, default=Schedule.iterations)
    parser.add_argument("--batch", type=int, help="rays an iteration; 4096, on CUDA 16384")
    parser.add_argument("--vertices", type=int, default=Schedule.last_vertices, help="along the longest side")
    parser.add_argument("--density", type=int, default=ModelOptions.density_components)
    parser.add_argument("--appearance", type=int, default=ModelOptions.appearance_components)
    parser.add_argument("--seed", type=int, default=Schedule.seed)
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    device = device_for(options.device)
    batch = options.batch or (16384 if device.type == "cuda" else Schedule.batch)
    schedule = Schedule(iterations=options.iterations, batch=batch, seed=options.seed, last_vertices=options.vertices)
    model = ModelOptions(
        variant=options.variant, density_components=options.density, appearance_components=options.appearance
    )
    if options.start is not None:
        schedule = going_on(schedule, options.rate)
    trainer = Trainer(data.load(options.data), model, schedule, device)
    if options.start is not None:
        trainer.start_from(options.start)
    trainer.run(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
