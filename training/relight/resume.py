"""Weights of an exported scene (docs/relight-format.md) as those of a model again, to train on from where it stood.

What a scene file lacks starts anew: the optimiser's memory, and the normal that φ is drawn to. Its grids are 8-bit.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from relight.field import VMGrid
from relight.model import SceneModel
from relight.scene_file import decode


def read_header(folder: Path) -> dict[str, Any]:
    """Return a scene's header, or raise ValueError if this trainer cannot go on from it."""
    header: dict[str, Any] = json.loads((folder / "scene.json").read_text())
    variant = header["heads"]["shadow"]["variant"]
    if variant != "C-B":
        raise ValueError(f"{folder} has the shadow variant {variant}; training goes on from C-B only")
    return header


@torch.no_grad()
def adopt(model: SceneModel, folder: Path) -> tuple[int, float]:
    """Give a model of as many components the space and weights of an exported scene.

    Returns: the iterations and seconds of its training, by its header.
    """
    header = read_header(folder)

    def read(blob: dict[str, Any]) -> Tensor:
        return torch.from_numpy(np.array(decode(folder, blob))).to(model.space.low.device)

    occupancy, heads = header["occupancy"], header["heads"]
    model.space = replace(
        model.space,
        vertices=tuple(header["grid"]),
        cell=occupancy["cell"],
        step=header["step"],
        distance_scale=header["distance_scale"],
        occupied=read(occupancy),
    )
    grid: VMGrid
    for grid, entry in ((model.density, header["density"]), (model.appearance, header["appearance"])):
        grid.resample(model.space.vertices)
        for plane, blob in zip(grid.planes, entry["planes"], strict=True):
            plane.copy_(read(blob).permute(1, 2, 0))
        for line, blob in zip(grid.lines, entry["lines"], strict=True):
            line.copy_(read(blob).T)
    model.albedo.weight.copy_(read(heads["albedo"]["weight"]))
    model.albedo.bias.copy_(torch.tensor(heads["albedo"]["bias"]))
    shadow = heads["shadow"]
    model.shadow.rows.copy_(read(shadow["rows"]))
    model.shadow.row_bias.copy_(read(shadow["row_bias"]))
    cube = read(shadow["cube"])
    model.shadow.cube.table[model.shadow.cube.index.flatten()] = cube.reshape(-1, cube.shape[-1])
    model.light.knots.copy_(torch.tensor(header["light"]["elevations_degrees"]))
    model.light.ambient.copy_(torch.tensor(header["light"]["ambient"]).log())
    model.light.sun.copy_(torch.tensor(header["light"]["sun"]).log())
    model.sky.elevations.copy_(torch.tensor(header["sky"]["elevations_degrees"]))
    model.sky.colour.copy_(read(header["sky"]["colour"]).log())
    metrics = header["metrics"]
    return int(metrics.get("iterations", 0)), float(metrics.get("training_seconds", 0))


@torch.no_grad()
def average(model: SceneModel, folder: Path) -> None:
    """Move a model half way back to the exported scene that its training went on from; it keeps its own space.

    Trained on other images, the two err apart, and the mean of their weights by less (Wortsman et al., ICML 2022).
    Raises ValueError where the scene has other vertices.
    """
    own, space = {name: values.clone() for name, values in model.state_dict().items()}, model.space
    grid = tuple(read_header(folder)["grid"])
    if grid != space.vertices:
        raise ValueError(f"{folder} has {grid} vertices and the model {space.vertices}; a mean needs the same")
    adopt(model, folder)
    for name, values in model.state_dict().items():
        values.lerp_(own[name], 0.5)
    model.space = space
