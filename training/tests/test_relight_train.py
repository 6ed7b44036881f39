"""Training on boxes in closed form: the loss falls, resuming changes nothing, exports keep the picture."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boxes
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from relight import dataset as data
from relight.evaluate import evaluate, model_renderer, scene_renderer, smooth
from relight.export import export
from relight.march import inside
from relight.metrics import Layers, psnr
from relight.model import ModelOptions
from relight.reference import Scene
from relight.resume import average
from relight.scene_file import write_header
from relight.shadow import VARIANTS, CubeMap, ShadowHead
from relight.train import Schedule, Trainer, going_on, load_model

CPU = torch.device("cpu")
SHORT = Schedule(iterations=60, batch=256, first_vertices=24, last_vertices=40, checkpoint_every=20)


@pytest.fixture(autouse=True, scope="module")
def _one_thread(_threads: None) -> Iterator[None]:
    torch.set_num_threads(1)  # tensors this small only wait for each other
    yield
    torch.set_num_threads(2)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> data.Dataset:
    return boxes.write(tmp_path_factory.mktemp("boxes"), train=24, held_out=2, width=48, height=32)


def trainer(dataset: data.Dataset, variant: str = "C-B", schedule: Schedule = SHORT) -> Trainer:
    return Trainer(dataset, ModelOptions(variant=variant), schedule, CPU)


def test_truth_of_training_images_is_never_read(dataset: data.Dataset) -> None:
    with pytest.raises(data.DatasetError):
        dataset.truth(dataset.split("train")[0])


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_loss_falls_and_the_export_keeps_the_picture(dataset: data.Dataset, variant: str, tmp_path: Path) -> None:
    run = trainer(dataset, variant)
    first = np.mean([run.step() for _ in range(5)])
    run.run(tmp_path / "run", bar=False)
    assert json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])["iteration"] == SHORT.iterations
    last = np.mean([run.step() for _ in range(5)])
    assert last > first + 2

    model, _ = load_model(tmp_path / "run" / "checkpoint.pt", dataset, CPU)
    header = export(model, dataset, tmp_path / "scene", "Boxes", "CC0-1.0")
    write_header(tmp_path / "scene", header)
    frame = dataset.split("unseen-both")[0]
    a = model_renderer(model, dataset)(frame, frame)
    b = scene_renderer(Scene(tmp_path / "scene"))(frame, frame)
    # Eight bits, the march's coarser thresholds and float64 together stay below what a display shows.
    assert psnr(a.final, b.final) > 38
    assert psnr(a.albedo, b.albedo) > 34


def test_a_resumed_run_equals_an_uninterrupted_one(dataset: data.Dataset, tmp_path: Path) -> None:
    trainer(dataset).run(tmp_path / "whole", bar=False)
    killed = trainer(dataset)
    for _ in range(40):
        killed.step()
    (tmp_path / "parts").mkdir()
    killed.save(tmp_path / "parts" / "checkpoint.pt")
    trainer(dataset).run(tmp_path / "parts", bar=False)
    a, b = (load_model(tmp_path / name / "checkpoint.pt", dataset, CPU)[0].state_dict() for name in ("whole", "parts"))
    for name, values in a.items():
        assert torch.equal(values, b[name]), name


def test_training_goes_on_from_an_exported_scene(dataset: data.Dataset, tmp_path: Path) -> None:
    first = trainer(dataset)
    first.run(tmp_path / "first", bar=False)
    write_header(tmp_path / "scene", export(first.model, dataset, tmp_path / "scene", "Boxes", "CC0-1.0"))
    schedule = going_on(replace(SHORT, iterations=40))
    second = trainer(dataset, schedule=schedule)
    second.start_from(tmp_path / "scene")
    frame = dataset.split("unseen-both")[0]
    before = scene_renderer(Scene(tmp_path / "scene"))(frame, frame)
    adopted = model_renderer(second.model.eval(), dataset)(frame, frame)
    assert psnr(adopted.final, before.final) > 45
    finer = trainer(dataset, schedule=replace(schedule, last_vertices=schedule.last_vertices + 9))
    finer.start_from(tmp_path / "scene")
    assert max(finer.model.space.vertices) == schedule.last_vertices + 9
    assert psnr(model_renderer(finer.model.eval(), dataset)(frame, frame).final, before.final) > 30
    second.model.train()
    assert np.mean([second.step() for _ in range(5)]) > np.mean([trainer(dataset).step() for _ in range(5)]) + 2
    other = trainer(dataset, "B")
    write_header(tmp_path / "B", export(other.model, dataset, tmp_path / "B", "Boxes", "CC0-1.0"))
    with pytest.raises(ValueError, match="C-B only"):
        second.start_from(tmp_path / "B")


def test_a_mean_of_weights_lies_half_way_to_the_scene_it_went_on_from(dataset: data.Dataset, tmp_path: Path) -> None:
    first = trainer(dataset)
    first.run(tmp_path / "first", bar=False)
    write_header(tmp_path / "scene", export(first.model, dataset, tmp_path / "scene", "Boxes", "CC0-1.0"))
    scene, moved = trainer(dataset), trainer(dataset)
    for run in (scene, moved):
        run.start_from(tmp_path / "scene")
    with torch.no_grad():
        for parameter in moved.model.parameters():
            parameter.add_(0.25 * parameter.requires_grad)
    moved.model.space = replace(moved.model.space, step=0.5)
    average(moved.model, tmp_path / "scene")
    assert moved.model.space.step == 0.5
    starts = dict(scene.model.named_parameters())
    for name, values in moved.model.named_parameters():
        # What a scene file does not hold stays.
        kept = 0.25 * values.requires_grad / (1 if "normal" in name else 2)
        np.testing.assert_allclose(values.detach() - starts[name].detach(), kept, atol=1e-5, err_msg=name)
    other = trainer(dataset, schedule=replace(SHORT, first_vertices=20))
    with pytest.raises(ValueError, match="vertices"):
        average(other.model, tmp_path / "scene")


def test_a_grazing_ray_meets_its_surface_at_the_median(dataset: data.Dataset) -> None:
    model = trainer(dataset, "geometric").model.eval()
    x = torch.linspace(-5.0, 5.0, model.space.vertices[0])
    with torch.no_grad():
        for values in model.density.parameters():
            values.zero_()
        model.density.planes[2][:, :, 0] = 1.0
        model.density.lines[2][:, 0] = 60.0 * (x > 3)  # a wall
        model.density.lines[2][int((x + 3).abs().argmin()), 0] = 8.0  # and a veil before it
    o, d = torch.tensor([[-9.0, 2.0, 0.3]]), torch.tensor([[1.0, 0.0, 0.0]])
    sun, elevation = torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([90.0])
    rendered = model(o, d, sun, elevation, torch.zeros(1, dtype=torch.long))
    assert float(rendered.opacity) > 0.99
    assert abs(float(rendered.surface) - 12) < 0.6  # the wall begins between the vertices around x = 3
    assert float(rendered.depth) < float(rendered.surface) - 1  # the mean lies in the air


def test_the_median_in_an_even_fog_is_where_half_of_the_light_is_left(dataset: data.Dataset) -> None:
    model = trainer(dataset, "geometric").model.eval()
    feature, space = 5.0, model.space
    with torch.no_grad():
        for values in model.density.parameters():
            values.zero_()
        model.density.planes[2][:, :, 0] = feature
        model.density.lines[2][:, 0] = 1.0
    sigma = math.log1p(math.exp(feature + space.shift))
    o = torch.tensor([[-9.0, 2.0, 0.3], [-9.0, 2.0, 0.3], [-9.0, 2.4, -0.7]])
    d = F.normalize(torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.1, 0.2], [1.0, -0.15, 0.3]]), dim=1)
    enter, leave = inside(o, d, space.low, space.high)
    expected = enter + math.log(2) / (sigma * space.distance_scale)
    assert bool((expected < leave - 2 * space.step).all())
    sun, elevation = torch.tensor([[0.0, 1.0, 0.0]]), torch.tensor([90.0])
    rendered = model(o, d, sun, elevation, torch.zeros(3, dtype=torch.long))
    np.testing.assert_allclose(rendered.surface, expected, atol=1e-4)


def test_another_schedule_does_not_take_over_a_checkpoint(dataset: data.Dataset, tmp_path: Path) -> None:
    run = trainer(dataset)
    run.save(tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="other options"):
        trainer(dataset, schedule=replace(SHORT, seed=2)).restore(tmp_path / "checkpoint.pt")


def test_four_rays_a_pixel_are_nearer_to_its_mean_than_one(dataset: data.Dataset) -> None:
    frame = dataset.split("unseen-both")[0]

    def pattern(camera: data.Frame, _: data.Frame) -> Layers:
        x, y = np.meshgrid(np.arange(camera.width) + 0.5 - camera.cx, np.arange(camera.height) + 0.5 - camera.cy)
        wave = np.stack([x, (x + frame.cx) ** 2, np.sin(4 * x + 2 * y)], -1)
        return Layers(wave, wave, x, None, y)

    one, four = (render(frame, frame) for render in (pattern, smooth(pattern)))
    np.testing.assert_array_equal(four.albedo, one.albedo)
    np.testing.assert_allclose(four.final[..., 0], one.final[..., 0], atol=1e-9)
    # A pixel's mean of x² is its centre's and 1/12 more; the four points have 10/128, their mean square.
    np.testing.assert_allclose(four.final[..., 1] - one.final[..., 1], 10 / 128, atol=1e-9)
    mean = one.final[..., 2] * np.sin(2) / 2 * np.sin(1)
    assert np.abs(four.final[..., 2] - mean).max() < 0.15 * np.abs(one.final[..., 2] - mean).max()


def test_evaluation_tells_a_perfect_render(dataset: data.Dataset) -> None:
    def perfect(camera: data.Frame, _light: data.Frame) -> Layers:
        truth = dataset.truth(camera)
        depth = np.where(truth.sky, 0, truth.depth)
        return Layers(dataset.image(camera), truth.albedo, truth.visibility, truth.visibility, depth)

    result = evaluate(perfect, dataset)["unseen-both"]
    assert result["psnr"] == 99
    assert result["ssim"] == pytest.approx(1)
    assert result["shadow_iou_ground"] == 1
    assert result["albedo_psnr"] > 60


def test_the_cube_map_is_continuous_across_faces() -> None:
    cube = CubeMap(8, 5)
    along = torch.linspace(-0.99, 0.99, 25)
    for axis, other in ((0, 1), (1, 2), (2, 0)):
        near = []
        for tilt in (1 - 1e-5, 1 + 1e-5):
            d = torch.zeros(25, 3)
            d[:, axis], d[:, other] = 1.0, tilt
            d[:, 3 - axis - other] = along
            near.append(cube(d))
        torch.testing.assert_close(near[0], near[1], atol=1e-3, rtol=1e-3)


def test_incidence_drawn_to_a_cosine_holds_under_suns_never_shown() -> None:
    normals = torch.eye(3)  # walls facing +X and +Z, and a floor
    vector = torch.eye(3)

    def directions(seed: int, count: int) -> torch.Tensor:
        d = torch.nn.functional.normalize(torch.randn(count, 3, generator=torch.Generator().manual_seed(seed)), dim=1)
        return d * torch.tensor([1.0, 0.0, 1.0]) + d.abs() * torch.tensor([0.0, 1.0, 0.0])

    def error(head: ShadowHead, suns: torch.Tensor, target: torch.Tensor | None = None) -> torch.Tensor:
        point, sun = (x.flatten() for x in torch.meshgrid(torch.arange(3), torch.arange(len(suns)), indexing="ij"))
        wanted = head.cosine(vector[point], suns, sun) if target is None else (target @ suns.T).clamp(min=0).flatten()
        return (head.incidence(vector[point], suns, sun) - wanted).square().mean()

    def learned(pull: float, seed: int) -> float:
        torch.manual_seed(seed)
        head = ShadowHead("C-B", 3)
        optimiser = torch.optim.Adam(head.parameters(), 0.02)
        for step in range(200):
            loss = error(head, directions(1, 24), normals)
            loss = loss + pull * (error(head, directions(1, 24)) + error(head, directions(100 + step, 32)))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return float(error(head, directions(2, 200), normals))

    assert sum(learned(0.1, seed) for seed in range(3)) < 0.6 * sum(learned(0.0, seed) for seed in range(3))
