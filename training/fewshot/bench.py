"""How long an evaluation episode takes in PyTorch: the yardstick of ``npm run bench``.

    python -m fewshot.bench --channels 1 --size 28 --filters 32 [--nodes 30] [--ways 5] [--shots 5] [--queries 15]
                            [--steps 3] [--episodes 20] [--threads 1] [--rounds]

A Conv-4 with random weights adapts to random images, with all assignments that fit, and predicts the queries. Prints
JSON with the median milliseconds of an episode. With ``--rounds`` it measures once more for each line it reads and
answers with one line each, so that whoever compares can take turns with it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

import torch

from fewshot.episodes import assignments
from fewshot.maml import Inner, adapted_logits, summed
from fewshot.nets import Conv4


def episode_of(options: argparse.Namespace) -> Callable[[], torch.Tensor]:
    """Return what runs one episode and gives the queries' scores."""
    generator = torch.Generator().manual_seed(1)
    net = Conv4(options.channels, options.size, options.filters, options.nodes)
    parameters = net.initial(generator)
    shape = (options.channels, options.size, options.size)
    support = torch.rand(options.ways * options.shots, *shape, generator=generator)
    query = torch.rand(options.ways * options.queries, *shape, generator=generator)
    labels = torch.arange(options.ways).repeat_interleave(options.shots)
    lists = assignments(range(options.nodes), options.ways)
    inner = Inner(0.01, options.steps)
    return lambda: summed(adapted_logits(net, parameters, support, labels, query, lists, inner), lists)


def measured(run: Callable[[], torch.Tensor], episodes: int) -> dict[str, float | int | str]:
    """Return the median milliseconds of an episode and what measured them."""
    times = []
    for _ in range(episodes):
        begun = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - begun))
    return {
        "milliseconds": statistics.median(times), "episodes": episodes,
        "threads": torch.get_num_threads(), "torch": torch.__version__,
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the verb."""
    parser = argparse.ArgumentParser(prog="python -m fewshot.bench", description="Time evaluation episodes.")
    parser.add_argument("--channels", type=int, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--filters", type=int, required=True)
    parser.add_argument("--nodes", type=int, default=30)
    parser.add_argument("--ways", type=int, default=5)
    parser.add_argument("--shots", type=int, default=5)
    parser.add_argument("--queries", type=int, default=15)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", action="store_true", help="measure for each line read, until there is none")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    run = episode_of(options)
    for _ in range(3):
        run()
    for _ in sys.stdin if options.rounds else [""]:
        print(json.dumps(measured(run, options.episodes)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
