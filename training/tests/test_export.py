"""The bundled model and the exporters: what is committed is what the scripts build."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from conftest import ROOT
from onnx import TensorProto, numpy_helper
from PIL import Image
from torch import nn

from heliograph_training import export_efficientnet as lite
from heliograph_training import imagenette, onnx_export
from heliograph_training.export_resnet50 import build as build_resnet50
from heliograph_training.preprocess import Preprocessing

MODELS = ROOT / "public" / "models"
CARD: dict[str, Any] = json.loads((MODELS / "efficientnet-lite0" / "card.json").read_text())


@pytest.fixture(scope="module")
def committed() -> onnx.ModelProto:
    return onnx.load(MODELS / "efficientnet-lite0" / CARD["file"])


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return lite.load_pytorch()


def test_card_describes_the_committed_file() -> None:
    data = (MODELS / "efficientnet-lite0" / CARD["file"]).read_bytes()
    assert CARD["bytes"] == len(data)
    assert CARD["sha256"] == hashlib.sha256(data).hexdigest()
    assert CARD["measured"]["images"] == 1966
    labels = json.loads((MODELS / "efficientnet-lite0" / CARD["output"]["labels"]).read_text())
    assert len(labels) == CARD["output"]["classes"] == 1000
    assert [labels[k] for k in sorted(imagenette.CLASS_INDEX.values())] == [
        "tench",
        "English springer",
        "cassette player",
        "chain saw",
        "church",
        "French horn",
        "garbage truck",
        "gas pump",
        "golf ball",
        "parachute",
    ]


def test_committed_file_is_what_the_script_builds(committed: onnx.ModelProto, network: nn.Module) -> None:
    state = {k: v.double().numpy() for k, v in network.state_dict().items()}
    model = lite.narrow(lite.build(state, 1e-3))
    assert [n.name for n in model.graph.node] == [n.name for n in committed.graph.node]
    for ours, theirs in zip(model.graph.initializer, committed.graph.initializer, strict=True):
        assert ours.name == theirs.name
        assert theirs.data_type == TensorProto.FLOAT16
        assert ours.raw_data == theirs.raw_data


def test_committed_weights_keep_pytorchs_answer(committed: onnx.ModelProto, network: nn.Module) -> None:
    run = lite.session(lite.widen(committed))
    photograph = Image.open(ROOT / "public" / "images" / "coffee.jpg")
    x = lite.PREPROCESSING.tensor(photograph)
    with torch.no_grad():
        expected = network(torch.from_numpy(x))[0].numpy()
    actual = run.run(["logits"], {"image": x})[0][0]
    assert np.abs(actual - expected).max() <= CARD["measured"]["maxLogitDifference"] * 1.5
    labels = json.loads((MODELS / lite.LABELS).read_text())
    assert labels[int(actual.argmax())] == "espresso"


def test_one_sided_same_padding() -> None:
    assert lite.same_padding(224, 3, 2) == (0, 1)
    assert lite.same_padding(28, 5, 2) == (1, 2)
    assert lite.same_padding(14, 5, 1) == (2, 2)


def test_narrowing_refuses_what_fp16_cannot_hold() -> None:
    model = onnx.ModelProto()
    model.graph.initializer.append(numpy_helper.from_array(np.array([1e6], np.float32), "huge"))
    with pytest.raises(ValueError, match="huge"):
        lite.narrow(model)


def test_preprocessing_resizes_crops_and_normalises() -> None:
    image = Image.new("RGB", (500, 400), (255, 0, 127))
    x = Preprocessing((0.5, 0.5, 0.5), (0.5, 0.25, 1.0), short=256, crop=224).tensor(image)
    assert x.shape == (1, 3, 224, 224)
    np.testing.assert_allclose(x[0, :, 100, 100], [1.0, -2.0, 127 / 255 - 0.5], atol=1e-6)


def test_imagenette_is_read_from_folders_in_a_fixed_order(tmp_path: Path) -> None:
    for wnid in imagenette.CLASS_INDEX:
        (tmp_path / "val" / wnid).mkdir(parents=True)
        for name in ("b.JPEG", "a.JPEG"):
            Image.new("RGB", (8, 8)).save(tmp_path / "val" / wnid / name, "JPEG")
    found = [(name, index) for name, index, _ in imagenette.images(imagenette.locate(tmp_path, tmp_path))]
    assert found[:3] == [("a.JPEG", 0), ("b.JPEG", 0), ("a.JPEG", 217)]
    assert len(found) == 20
    with pytest.raises(FileNotFoundError):
        imagenette.locate(tmp_path / "nowhere", tmp_path)


def test_resnet50_graph_has_the_expected_shape() -> None:
    model = onnx_export.export(build_resnet50(calibration=1), torch.zeros(1, 3, 224, 224), fold=True)
    operators = [n.op_type for n in model.graph.node]
    assert operators.count("Conv") == 53
    assert "BatchNormalization" not in operators
    assert {"layer1.0.relu", "layer4.2.conv3"} <= {n.name for n in model.graph.node}
