"""A golden folder on disk, and where its numbers come from."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

COMMAND = "python -m heliograph_training.goldens --out ../goldens"
PACKAGES = ("torch", "captum", "onnx", "numpy")


def provenance(*more: str) -> dict[str, Any]:
    """Say which command and which versions of its packages (and of ``more``) wrote a golden."""
    return {"command": COMMAND, "packages": {p: importlib.metadata.version(p) for p in (*PACKAGES, *more)}}


class Folder:
    """Writes the arrays of one golden and keeps the list of what they mean."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, dict[str, Any]] = {}
        if root.exists():
            shutil.rmtree(root)
        root.mkdir(parents=True)

    def put(self, name: str, values: NDArray[Any], meaning: str) -> str:
        """Store ``values`` as float32 under ``name`` and return the name."""
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        np.save(path, np.ascontiguousarray(values, dtype=np.float32), allow_pickle=False)
        self.files[name] = {"shape": list(values.shape), "meaning": meaning}
        return name

    def close(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write the manifest and return it."""
        (self.root / "golden.json").write_text(json.dumps(manifest, indent=1) + "\n")
        return manifest
