"""Train and measure every shadow variant on one dataset, the important ones first, and write the report.

    python -m relight.experiment --data DIR --out DIR

One folder a variant; what is finished is not done again, what was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from relight import dataset as data
from relight import report
from relight.evaluate import evaluate, model_renderer
from relight.model import ModelOptions
from relight.shadow import VARIANTS
from relight.train import Schedule, Trainer, device_for, load_model


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m relight.experiment", description="Train and compare variants.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(report.ORDER))
    parser.add_argument("--iterations", type=int, default=Schedule.iterations)
    parser.add_argument("--batch", type=int, default=Schedule.batch)
    parser.add_argument("--vertices", type=int, default=Schedule.last_vertices)
    parser.add_argument("--device")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    device, dataset = device_for(options.device), data.load(options.data)
    schedule = Schedule(iterations=options.iterations, batch=options.batch, last_vertices=options.vertices)
    for variant in options.variants:
        out = options.out / variant
        if (out / "metrics.json").exists():
            continue
        Trainer(dataset, ModelOptions(variant=variant), schedule, device).run(out)
        model, _ = load_model(out / "checkpoint.pt", dataset, device)
        result = evaluate(model_renderer(model, dataset), dataset, out / "sheet.png")
        (out / "metrics.json").write_text(json.dumps(result, indent=1) + "\n")
    print(report.write(options.out, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
