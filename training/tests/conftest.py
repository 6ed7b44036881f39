from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / "goldens"


@pytest.fixture(autouse=True, scope="session")
def _threads() -> None:
    torch.set_num_threads(2)


def manifest(net: str) -> dict[str, Any]:
    return json.loads((GOLDENS / net / "golden.json").read_text())


def load(net: str, file: str) -> np.ndarray:
    return np.load(GOLDENS / net / file, allow_pickle=False)


def relative(actual: np.ndarray, expected: np.ndarray) -> float:
    """Relative L2 distance."""
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))
