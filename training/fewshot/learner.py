"""A learner: what is trained, how it learns an episode, and how it predicts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from fewshot import semantic
from fewshot.data import DOMAINS
from fewshot.episodes import Episode, Pool, training_episode
from fewshot.maml import Inner, adapt, adapted_logits, assignment_loss, summed
from fewshot.nets import Conv4, Parameters
from fewshot.protonet import prototypes, scores
from fewshot.semantic import Names, PrototypeBank

ANY_WAYS = (3, 5, 7, 9)
SHAPES = {"drawings": (1, 28), "photographs": (3, 32)}  # channels, size
assert set(SHAPES) == set(DOMAINS)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run gives."""

    domain: str
    kind: str  # 'maml' or 'protonet'
    nodes: int = 30  # O; 0 for ProtoNet, N for a fixed-way learner
    ways: tuple[int, ...] = ANY_WAYS
    shots: int = 5
    queries: int = 15
    filters: int = 32
    episodes: int = 6000
    batch: int = 2  # episodes an update
    seed: int = 1
    inner: Inner = field(default_factory=Inner)
    second_order: bool = True
    zero_head: bool = True  # output nodes start alike; False draws them at random
    outer: str = "sum"  # of the assignments' losses, or their 'mean': then an episode of few ways weighs no more
    semantic: bool = False
    mixup: bool = False
    rate: float = 1e-3  # Adam's
    final_rate: float = 0.1  # of the first, by half a cosine

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.kind not in ("maml", "protonet"):
            raise ValueError(f"unknown kind {self.kind!r}")
        if self.kind == "maml" and self.nodes < max(self.ways):
            raise ValueError(f"{self.nodes} nodes cannot hold {max(self.ways)} ways")
        if self.kind == "protonet" and self.nodes:
            raise ValueError("ProtoNet has no output nodes; nodes must be 0")
        if self.outer not in ("sum", "mean"):
            raise ValueError(f"the outer loss is a sum or a mean over the assignments, not {self.outer!r}")
        if self.mixup and not (self.semantic and self.kind == "maml"):
            raise ValueError("mixup needs MAML with the semantic head")

    @property
    def net(self) -> Conv4:
        """The net's shape."""
        channels, size = SHAPES[self.domain]
        return Conv4(channels, size, self.filters, self.nodes)

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON values."""
        return {**asdict(self), "ways": list(self.ways)}

    @staticmethod
    def from_json(values: dict[str, Any]) -> Recipe:
        """Return the recipe that ``to_json`` wrote."""
        return Recipe(**{**values, "ways": tuple(values["ways"]), "inner": Inner(**values["inner"])})


def to_device(episode: Episode, device: torch.device) -> Episode:
    """Move an episode's tensors."""
    if device.type == "cpu":
        return episode
    moved = {k: getattr(episode, k).to(device) for k in ("support", "support_labels", "query", "query_labels")}
    return Episode(episode.draw, episode.ways, **moved)


def predict(recipe: Recipe, parameters: Parameters, episode: Episode, lists: Tensor | None = None) -> Tensor:
    """Learn the support set and return the queries' scores, shape (N·Q, N).

    Args:
        recipe: of the learner.
        parameters: its weights.
        episode: support and queries; queries are run as one batch, with its statistics.
        lists: the assignments (J, N) of a learner with nodes; default all that the episode's permutation holds.
    """
    net = recipe.net
    if recipe.kind == "protonet":
        with torch.no_grad():
            centres = prototypes(net.features(parameters, episode.support), episode.ways)
            return scores(net.features(parameters, episode.query), centres)
    lists = episode.assignments() if lists is None else lists
    labels = episode.support_labels
    return summed(adapted_logits(net, parameters, episode.support, labels, episode.query, lists, recipe.inner), lists)


class Learner:
    """Weights in training, with what accompanies them until training ends."""

    def __init__(self, recipe: Recipe, classes: int, device: torch.device) -> None:
        self.recipe, self.classes, self.device = recipe, classes, device
        generator = torch.Generator().manual_seed(recipe.seed)
        self.parameters = recipe.net.initial(generator)
        if recipe.nodes and recipe.zero_head:
            # Numeric labels carry no meaning, so nothing should tell the nodes apart before they are trained.
            self.parameters["head.weight"].zero_()
        self.head: Parameters = {}
        self.bank: PrototypeBank | None = None
        if recipe.semantic and recipe.kind == "maml":
            self.head = semantic.initial_head(recipe.net.features_count, classes, generator)
        elif recipe.semantic:
            self.bank = PrototypeBank(classes, recipe.net.features_count, device)
        for group in (self.parameters, self.head):
            for name, p in group.items():
                group[name] = p.to(device).requires_grad_()

    def trainable(self) -> list[Tensor]:
        """List what the outer loop changes, always in the same order."""
        return [*self.parameters.values(), *self.head.values()]

    def loss(self, pool: Pool, number: int) -> tuple[Tensor, float]:
        """Return the outer loss of training episode ``number`` and the accuracy on its queries."""
        r = self.recipe
        episode = training_episode(pool, r.seed, number, r.ways, r.shots, r.queries, r.nodes)
        names = None
        if r.mixup:
            episode, names = semantic.mixed(pool, episode, r.seed, number, r.shots)
        elif self.head:
            names = Names.of(episode, self.classes)
        episode = to_device(episode, self.device)
        if r.kind == "protonet":
            return self._protonet_loss(episode)
        return self._maml_loss(episode, names)

    def _protonet_loss(self, episode: Episode) -> tuple[Tensor, float]:
        net = self.recipe.net
        centres = prototypes(net.features(self.parameters, episode.support), episode.ways)
        found = scores(net.features(self.parameters, episode.query), centres)
        loss = F.cross_entropy(found, episode.query_labels)
        if self.bank is not None:
            loss = loss + semantic.BANK_WEIGHT * self.bank.pull(episode.draw.classes, centres)
        return loss, accuracy(found, episode.query_labels)

    def _maml_loss(self, episode: Episode, names: Names | None) -> tuple[Tensor, float]:
        r, net, head = self.recipe, self.recipe.net, self.head
        lists, parameters = episode.assignments(), self.parameters
        if names is None:
            parameters = adapt(
                net, parameters, episode.support, episode.support_labels, lists, r.inner, second_order=r.second_order
            )
        else:
            one_step, rate = replace(r.inner, steps=1), r.inner.rate_of("head.weight")
            for _ in range(r.inner.steps):
                with torch.no_grad():
                    features = net.features(parameters, episode.support)
                head = semantic.adapt_head(head, features, names, episode.support_labels, rate)
                parameters = adapt(
                    net, parameters, episode.support, episode.support_labels, lists, one_step,
                    second_order=r.second_order,
                )  # fmt: skip
        features = net.features(parameters, episode.query)
        logits = net.head(parameters, features)
        loss = assignment_loss(logits, episode.query_labels, lists)
        if names is not None:
            loss = loss + semantic.weight_for(r.shots) * semantic.name_loss(head, features, names, episode.query_labels)
        if r.outer == "mean":
            loss = loss / len(lists)
        return loss, accuracy(summed(logits.detach(), lists), episode.query_labels)

    def state(self) -> dict[str, Any]:
        """Return everything a resumed run needs of the learner."""
        bank = {} if self.bank is None else {"means": self.bank.means, "seen": self.bank.seen}
        return {
            "parameters": {n: p.detach().clone() for n, p in self.parameters.items()},
            "head": {n: p.detach().clone() for n, p in self.head.items()},
            "bank": bank,
        }

    @torch.no_grad()
    def load(self, state: dict[str, Any]) -> None:
        """Take over a state."""
        for own, stored in ((self.parameters, state["parameters"]), (self.head, state["head"])):
            for name, p in own.items():
                p.copy_(stored[name])
        if self.bank is not None:
            self.bank.means.copy_(state["bank"]["means"])
            self.bank.seen.copy_(state["bank"]["seen"])


def accuracy(found: Tensor, labels: Tensor) -> float:
    """Return the share of right predictions; of equal scores the lower class counts."""
    return float((found.argmax(1) == labels).double().mean())
