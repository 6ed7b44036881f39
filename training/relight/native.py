"""Compiles ``native.cpp`` once and calls it; without a C++ compiler everything runs in plain PyTorch, slower.

``RELIGHT_NATIVE=0`` in the environment asks for plain PyTorch.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

SOURCE = Path(__file__).with_name("native.cpp")
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-std=c++17", "-shared", "-fPIC")
COMPONENTS = (4, 8, 16, 24, 48)  # the component counts native.cpp is compiled for


class _Grid(ctypes.Structure):
    _fields_ = (("plane", ctypes.c_void_p * 3), ("line", ctypes.c_void_p * 3), ("n", ctypes.c_int * 3))


class _Space(ctypes.Structure):
    _fields_ = (
        ("occupied", ctypes.c_void_p),
        ("cells", ctypes.c_int * 3),
        ("cell", ctypes.c_int),
        ("low", ctypes.c_float * 3),
        ("per_metre", ctypes.c_float * 3),
    )


@functools.cache
def library() -> ctypes.CDLL | None:
    """Return the compiled library, or None when there is no compiler or plain PyTorch is asked for."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None or os.environ.get("RELIGHT_NATIVE") == "0":
        return None
    key = hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"relight-native-{os.getuid()}" / f"{key}.so"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(scratch)], check=True)
        scratch.rename(path)
    lib = ctypes.CDLL(str(path))
    lib.relight_march.restype = ctypes.c_int64
    lib.relight_variation.restype = ctypes.c_double
    return lib


def usable(tensor: Tensor, components: int) -> bool:
    """Whether the compiled code can work on this tensor."""
    return tensor.device.type == "cpu" and components in COMPONENTS and library() is not None


def _library() -> ctypes.CDLL:
    lib = library()
    if lib is None:
        raise RuntimeError("the compiled march is not available; ask native.usable first")
    return lib


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    if not tensor.is_contiguous():
        raise ValueError("the compiled march reads contiguous tensors")
    return ctypes.c_void_p(tensor.data_ptr())


def _grid(planes: Sequence[Tensor], lines: Sequence[Tensor]) -> _Grid:
    grid = _Grid()
    for m in range(3):
        grid.plane[m] = _pointer(planes[m]).value
        grid.line[m] = _pointer(lines[m]).value
    grid.n = (ctypes.c_int * 3)(lines[2].shape[0], lines[1].shape[0], lines[0].shape[0])
    return grid


def _gradients(grids: Sequence[Tensor]) -> tuple[list[Tensor], ctypes.Array[Any], ctypes.Array[Any]]:
    gradients = [torch.zeros_like(x) for x in grids]
    planes, lines = ((ctypes.c_void_p * 3)(*(x.data_ptr() for x in part)) for part in (gradients[:3], gradients[3:]))
    return gradients, planes, lines


class VMLookup(torch.autograd.Function):
    """VM-grid features at vertex coordinates g [n, 3]: summed [n] (density) or concatenated [n, 3R]."""

    @staticmethod
    def forward(ctx: Any, g: Tensor, summed: bool, known: Tensor | None, *grids: Tensor) -> Tensor:
        """``known``: the result, when the march has computed it already."""
        ctx.save_for_backward(g, *grids)
        ctx.summed = summed
        if known is not None:
            return known.clone()
        R = grids[0].shape[-1]
        out = g.new_empty(len(g) if summed else (len(g), 3 * R))
        _library().relight_forward(
            ctypes.byref(_grid(grids[:3], grids[3:])), R, _pointer(g), ctypes.c_int64(len(g)), int(summed),
            _pointer(out),
        )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, out_grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the grids; the positions have none."""
        g, *grids = ctx.saved_tensors
        gradients, planes, lines = _gradients(grids)
        out_grad = out_grad.contiguous()
        _library().relight_backward(
            ctypes.byref(_grid(grids[:3], grids[3:])), grids[0].shape[-1], _pointer(g), _pointer(out_grad),
            ctypes.c_int64(len(g)), int(ctx.summed), planes, lines,
        )  # fmt: skip
        return (None, None, None, *gradients)


class VMComposite(torch.autograd.Function):
    """Σ over each ray's samples of w · products, [rays, 3R]; samples of weight below the threshold are left out."""

    @staticmethod
    def forward(ctx: Any, g: Tensor, w: Tensor, ray: Tensor, rays: int, threshold: float, *grids: Tensor) -> Tensor:
        """Composite without ever storing a sample's vector."""
        ctx.save_for_backward(g, w, ray, *grids)
        ctx.threshold = threshold
        out = g.new_zeros(rays, 3 * grids[0].shape[-1])
        _library().relight_composite(
            ctypes.byref(_grid(grids[:3], grids[3:])), grids[0].shape[-1], _pointer(g), _pointer(w), _pointer(ray),
            ctypes.c_int64(len(g)), ctypes.c_float(threshold), _pointer(out),
        )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, out_grad: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the weights and the grids."""
        g, w, ray, *grids = ctx.saved_tensors
        gradients, planes, lines = _gradients(grids)
        w_grad, out_grad = w.new_zeros(3, len(w)), out_grad.contiguous()
        _library().relight_composite_backward(
            ctypes.byref(_grid(grids[:3], grids[3:])), grids[0].shape[-1], _pointer(g), _pointer(w), _pointer(ray),
            ctypes.c_int64(len(g)), ctypes.c_float(ctx.threshold), _pointer(out_grad), _pointer(w_grad), planes, lines,
        )  # fmt: skip
        return (None, w_grad.sum(0), None, None, None, *gradients)


class Variation(torch.autograd.Function):
    """Mean squared difference of neighbours along a plane's rows plus that along its columns; [rows, columns, R]."""

    @staticmethod
    def forward(ctx: Any, plane: Tensor) -> Tensor:
        """One pass, nothing of the plane's size is stored."""
        ctx.save_for_backward(plane)
        return plane.new_tensor(_library().relight_variation(_pointer(plane), *map(ctypes.c_int64, plane.shape)))

    @staticmethod
    def backward(ctx: Any, out_grad: Tensor) -> Tensor:
        """Gradient of the plane."""
        (plane,) = ctx.saved_tensors
        gradient = torch.empty_like(plane)
        _library().relight_variation_gradient(
            _pointer(plane), *map(ctypes.c_int64, plane.shape), ctypes.c_float(float(out_grad)), _pointer(gradient)
        )
        return gradient


def _space(occupied: Tensor, cell: int, low: Sequence[float], per_metre: Sequence[float]) -> _Space:
    space = _Space()
    space.occupied = _pointer(occupied).value
    nz, ny, nx = occupied.shape
    space.cells = (ctypes.c_int * 3)(nx, ny, nz)
    space.cell = cell
    space.low = (ctypes.c_float * 3)(*low)
    space.per_metre = (ctypes.c_float * 3)(*per_metre)
    return space


def march(
    planes: Sequence[Tensor], lines: Sequence[Tensor], occupied: Tensor, cell: int,
    low: Sequence[float], per_metre: Sequence[float], origins: Tensor, directions: Tensor,
    start: Tensor, end: Tensor, step: float, scale: float, shift: float, termination: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """March every ray through occupied cells until it is opaque: ray index, distance, vertex coordinates, feature."""
    lib, R = _library(), planes[0].shape[-1]
    count = lib.relight_march(
        ctypes.byref(_grid(planes, lines)), R, ctypes.byref(_space(occupied, cell, low, per_metre)),
        _pointer(origins), _pointer(directions), _pointer(start), _pointer(end), ctypes.c_int64(len(origins)),
        ctypes.c_float(step), ctypes.c_float(scale), ctypes.c_float(shift), ctypes.c_float(termination),
    )  # fmt: skip
    ray = torch.empty(count, dtype=torch.int64)
    t, g, f = torch.empty(count), torch.empty(count, 3), torch.empty(count)
    lib.relight_collect(_pointer(ray), _pointer(t), _pointer(g), _pointer(f))
    return ray, t, g, f


def transmittance(
    planes: Sequence[Tensor], lines: Sequence[Tensor], occupied: Tensor, cell: int,
    low: Sequence[float], per_metre: Sequence[float], origins: Tensor, directions: Tensor,
    start: Tensor, end: Tensor, step: float, scale: float, shift: float, termination: float,
) -> Tensor:  # fmt: skip
    """Transmittance [n] along every ray, without gradient."""
    out = torch.empty(len(origins))
    _library().relight_transmittance(
        ctypes.byref(_grid(planes, lines)), planes[0].shape[-1],
        ctypes.byref(_space(occupied, cell, low, per_metre)),
        _pointer(origins), _pointer(directions), _pointer(start), _pointer(end), ctypes.c_int64(len(origins)),
        ctypes.c_float(step), ctypes.c_float(scale), ctypes.c_float(shift), ctypes.c_float(termination), _pointer(out),
    )  # fmt: skip
    return out
