"""Write torchvision's ResNet-50 with seeded random weights: the graph that the benchmark times.

    python -m heliograph_training.export_resnet50 --out out/resnet50.onnx

Times do not depend on what the weights are, so none are downloaded; about 102 MB, never committed.
Architecture: He et al., CVPR 2016, with the stride in the 3×3 convolutions as torchvision has it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torchvision.models import resnet50

from heliograph_training import onnx_export

SEED = 50
SIZE = 224  # pixels


def build(seed: int = SEED, calibration: int = 4) -> nn.Module:
    """Return the network in evaluation mode, batch-norm statistics measured on ``calibration`` noise images.

    Without them activations grow from block to block until the softmax saturates, and maps of such a net
    say nothing about numerical agreement.
    """
    torch.manual_seed(seed)
    net = resnet50(weights=None)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # plain average: here, the statistics of the one batch
    with torch.no_grad():
        net.train()(torch.randn(calibration, 3, SIZE, SIZE))
    return net.eval()


def main(arguments: list[str] | None = None, report: Callable[[str], object] = print) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(
        prog="python -m heliograph_training.export_resnet50", description="Export a random ResNet-50."
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep-batch-norm", action="store_true", help="leave batch norms as nodes of their own")
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    model = onnx_export.export(build(options.seed), torch.zeros(1, 3, SIZE, SIZE), fold=not options.keep_batch_norm)
    onnx_export.save(model, options.out)
    report(f"{options.out}: {len(model.graph.node)} nodes, {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
