"""Reading and writing the blobs of a Relight scene folder (docs/relight-format.md, sections 1 and 3)."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = "heliograph-relight-scene"
VERSION = 2
READABLE = (1, 2)  # version 1 had no compressed files
GZIP = ".gzip"  # not .gz, which some servers hand out as something to be unzipped on the way


class BlobWriter:
    """Appends arrays to one binary file of a scene folder and describes them; a file named ``*.gzip`` is compressed."""

    def __init__(self, folder: Path, file: str) -> None:
        self.path = folder / file
        self.file = file
        self.data = bytearray()

    def _append(self, raw: bytes) -> int:
        self.data.extend(b"\0" * (-len(self.data) % 4))
        offset = len(self.data)
        self.data.extend(raw)
        return offset

    def float32(self, array: np.ndarray) -> dict[str, Any]:
        """Append an array as float32."""
        values = np.ascontiguousarray(array, dtype="<f4")
        offset = self._append(values.tobytes())
        return {"file": self.file, "offset": offset, "type": "float32", "shape": list(values.shape)}

    def quantised(self, array: np.ndarray) -> dict[str, Any]:
        """Append an array as bytes, with one range a channel (first index); the error is at most half a scale."""
        flat = array.reshape(array.shape[0], -1).astype(np.float64)
        minimum = flat.min(1)
        scale = np.maximum((flat.max(1) - minimum) / 255, 1e-12)
        codes = np.clip(np.rint((flat - minimum[:, None]) / scale[:, None]), 0, 255).astype(np.uint8)
        offset = self._append(codes.tobytes())
        # Seven digits are float32's precision; more would only lengthen the header.
        minimum, scale = ([float(f"{v:.7g}") for v in values] for values in (minimum, scale))
        return {"file": self.file, "offset": offset, "type": "uint8", "shape": list(array.shape),
                "minimum": minimum, "scale": scale}  # fmt: skip

    def bytes(self, array: np.ndarray) -> dict[str, Any]:
        """Append a uint8 array as it is (occupancy)."""
        offset = self._append(np.ascontiguousarray(array, dtype=np.uint8).tobytes())
        return {"file": self.file, "offset": offset, "type": "uint8", "shape": list(array.shape)}

    def close(self) -> None:
        """Write the file."""
        raw = bytes(self.data)
        self.path.write_bytes(gzip.compress(raw, 9, mtime=0) if self.file.endswith(GZIP) else raw)


def contents(path: Path) -> bytes:
    """Return a file's bytes, uncompressed."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.name.endswith(GZIP) else raw


def decode(folder: Path, blob: dict[str, Any]) -> np.ndarray:
    """Return the values of a blob as float32, or its bytes when it has no ranges."""
    shape = tuple(blob["shape"])
    count = int(np.prod(shape))
    dtypes: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "uint8": np.dtype(np.uint8)}
    dtype = dtypes[blob["type"]]
    data = contents(folder / blob["file"])
    if blob["offset"] + count * dtype.itemsize > len(data):
        raise ValueError(f"{blob['file']} ends before the array at {blob['offset']} of shape {shape}")
    raw = np.frombuffer(data, dtype, count, blob["offset"]).reshape(shape)
    if blob["type"] == "float32" or "scale" not in blob:
        return raw
    rest = (1,) * (len(shape) - 1)
    minimum, scale = (np.asarray(blob[k], np.float64).reshape(-1, *rest) for k in ("minimum", "scale"))
    return (minimum + scale * raw).astype(np.float32)


def write_header(folder: Path, header: dict[str, Any]) -> None:
    """Write ``scene.json`` with the list of the folder's other files."""
    files = sorted(
        p for p in folder.rglob("*") if p.is_file() and p.name != "scene.json" and "reference" not in p.parts
    )
    header["files"] = [
        {
            "file": p.relative_to(folder).as_posix(),
            "bytes": p.stat().st_size,
            "sha256": hashlib.sha256(p.read_bytes()).hexdigest(),
            **({"unzipped_bytes": len(contents(p))} if p.name.endswith(GZIP) else {}),
        }
        for p in files
    ]
    (folder / "scene.json").write_text(json.dumps(header, ensure_ascii=False, allow_nan=False) + "\n")
