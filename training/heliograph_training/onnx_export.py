"""Write a PyTorch net as an ONNX graph whose node and tensor names are the module paths of its source."""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

OPSET = 17


def export(net: nn.Module, x: Tensor, *, fold: bool = False, dynamic_batch: bool = False) -> ModelProto:
    """Trace ``net`` on ``x`` (1, 3, H, W) into a checked ONNX model, input ``image``, output ``logits``.

    Batch norms stay nodes of their own unless ``fold`` is set: folding them is the reader's task, and a
    net exported from training code usually still has them.
    """
    mode = torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        # The TorchScript exporter keeps module scopes in node names and one node per module;
        # the exporter built on torch.export loses both (torch 2.15).
        torch.onnx.export(
            net.eval(),
            (x,),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["logits"],
            training=mode,
            do_constant_folding=True,
            dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}} if dynamic_batch else None,
        )
        model = onnx.load(path)
    name_by_module(model)
    fold_constants(model)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    model.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    return model


def name_by_module(model: ModelProto) -> None:
    """Rename nodes and their outputs in place: ``/blocks.0/conv1/Conv`` becomes ``blocks.0.conv1``.

    The only node of a module without children takes the module's path; others keep their operator's name
    behind it (``blocks.0.Add``). Graph inputs, outputs and initializers keep theirs.
    """
    graph = model.graph
    kept = {v.name for v in graph.input} | {v.name for v in graph.output} | {t.name for t in graph.initializer}
    paths = [_scope(node.name) for node in graph.node]
    computing = Counter(p for p, node in zip(paths, graph.node, strict=True) if node.op_type != "Constant")
    leaves = {p for p in computing if p and not any(q.startswith(p + ".") for q in paths)}
    taken = set(kept)
    renamed: dict[str, str] = {}
    for node in graph.node:
        scope, operator = _scope(node.name), node.name.rsplit("/", 1)[-1]
        alone = node.op_type != "Constant" and scope in leaves and computing[scope] == 1
        name = scope if alone else ".".join(p for p in (scope, operator) if p)
        name = _free(name, taken)
        node.name = name
        for k, output in enumerate(node.output):
            if output and output not in kept:
                renamed[output] = name if len(node.output) == 1 else f"{name}.{k}"
    for node in graph.node:
        node.doc_string = ""
        node.input[:] = [renamed.get(n, n) for n in node.input]
        node.output[:] = [renamed.get(n, n) for n in node.output]
    del graph.value_info[:]  # shape inference writes them anew under the new names


def fold_constants(model: ModelProto) -> None:
    """Replace nodes that depend on constants only by initializers of the same name, in place.

    Plain Constant nodes with a live reader stay: real exports are full of them, so goldens should be too.
    """
    graph = model.graph
    known = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    trained = set(known)
    kept = []
    for node in graph.node:
        inputs = [i for i in node.input if i]
        if node.op_type == "Constant":
            known[node.output[0]] = _evaluate(node, [])
        elif inputs and all(i in known and i not in trained for i in inputs):
            known[node.output[0]] = _evaluate(node, [known[i] for i in inputs])
            graph.initializer.append(onnx.numpy_helper.from_array(known[node.output[0]], node.output[0]))
            continue
        kept.append(node)
    read = {i for node in kept for i in node.input} | {v.name for v in graph.output}
    alive = [n for n in kept if n.op_type != "Constant" or n.output[0] in read]
    initializers = [t for t in graph.initializer if t.name in read]
    del graph.node[:]
    graph.node.extend(alive)
    del graph.initializer[:]
    graph.initializer.extend(initializers)


def _evaluate(node: NodeProto, inputs: list[NDArray[Any]]) -> NDArray[Any]:
    """Run one node on the ONNX reference implementation."""
    evaluator = ReferenceEvaluator(node, opsets={"": OPSET})
    outputs = cast(list[Any], evaluator.run(None, dict(zip(node.input, inputs, strict=True))))
    return np.asarray(outputs[0])


def _scope(path: str) -> str:
    """Give the module path of a traced node name: '/stem/conv/Conv' → 'stem.conv'."""
    parts = [p for p in path.split("/")[:-1] if p]
    # ModuleList children appear twice: once as list, once as member ('blocks/blocks.0').
    parts = [p for k, p in enumerate(parts) if k + 1 == len(parts) or not parts[k + 1].startswith(p + ".")]
    return ".".join(parts)


def _free(name: str, taken: set[str]) -> str:
    """Return ``name``, numbered if it is taken already, and take it."""
    candidate, k = name, 1
    while candidate in taken:
        k += 1
        candidate = f"{name}_{k}"
    taken.add(candidate)
    return candidate


def save(model: ModelProto, path: Path) -> None:
    """Write ``model`` to ``path`` as one deterministic file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def tensor_names(model: ModelProto) -> list[str]:
    """List the names of all node outputs in graph order."""
    return [o for node in model.graph.node for o in node.output if o]
