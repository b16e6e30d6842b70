"""Train the heads for irony, offensiveness, emotion and named targets on a frozen encoder, and put them into its graph.

``python -m models.training.heads`` reads the weights folder, keeps its encoder, embedding, sentiment and intent as they
are, and writes graph and card anew. One text in ten or six of the sets without a validation split is held back.
"""

import hashlib
import json
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.logging import RichHandler
from tokenizers import Tokenizer
from torch.nn import functional

from models import metrics
from models.card import CARD_FILE, TOKENIZER_FILE, WEIGHTS_FOLDER
from models.reading import EMOTIONS, HEAD_LABELS, SPAN_HEAD
from models.training import data
from models.training.data import Example, Review
from models.training.finish import export, temperature, write_card
from models.training.items import Item, batches, encoded
from models.training.network import Head, Student, further_head
from models.training.rebuild import rebuild

logger = logging.getLogger(__name__)
REVIEW_SETS = ("restaurants_train", "laptops_train")
_IRONY, _OFFENSIVE = ("non_irony", "irony"), ("not-offensive", "offensive")
_GERMEVAL_HELD_BACK_ONE_IN = 10
_REVIEWS_HELD_BACK_ONE_IN = 6
_BRANDS = {"negative": 3000, "neutral": 2000, "positive": 3500}
_TOKENS_PER_BATCH = 4096
_SEED = 20261124


@dataclass(frozen=True)
class HeadPlan:
    """Settings of a head: prior_weight says how much of a set's class frequencies is taken out (see Plan)."""

    prior_weight: float
    passes: int = 12
    rows_per_batch: int = 128
    rate: float = 5e-4
    dropout: float = 0.3
    weight_decay: float = 0.02


PLANS = {
    "irony": HeadPlan(prior_weight=0.0),
    "offensive": HeadPlan(prior_weight=0.5),
    "emotion": HeadPlan(prior_weight=0.5),
    SPAN_HEAD: HeadPlan(prior_weight=0.3),
}


def is_held_back(text: str, one_in: int) -> bool:
    """Whether a text belongs to the held-back part: decided by its hash, so the same ones every time."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % one_in == 0


def held_back_reviews(reviews: Sequence[Review]) -> list[Review]:
    """One review in six."""
    return [review for review in reviews if is_held_back(review.text, _REVIEWS_HELD_BACK_ONE_IN)]


@dataclass(frozen=True)
class Group:
    """Items of one set, to train on and to judge on (empty where a set is for training only)."""

    name: str
    train: list[Item]
    val: list[Item]


def _items(examples: Sequence[Example]) -> list[Item]:
    return [Item(example.text, target=example.label) for example in examples]


def _term_items(reviews: Sequence[Review]) -> list[Item]:
    return [Item(one.text, (term.start, term.end), target=term.label) for one in reviews for term in one.terms]


def _targets(folder: Path) -> list[Group]:
    groups = []
    for name in REVIEW_SETS:
        reviews = data.reviews(folder, name)
        held = held_back_reviews(reviews)
        groups.append(Group(name, _term_items([one for one in reviews if one not in held]), _term_items(held)))
    brands = _term_items(data.brand_sentiment(folder))
    chance = random.Random(_SEED)  # noqa: S311 (not for secrets)
    chosen: list[Item] = []
    for number, most in enumerate(_BRANDS.values()):
        members = [item for item in brands if item.target == number]
        chosen += chance.sample(members, min(most, len(members)))
    return [*groups, Group("brands", chosen, [])]


def groups(folder: Path) -> dict[str, list[Group]]:
    """The sets of every head; the label of an item stands in its field ``target``."""
    german = data.labelled(folder, "offensive", "germeval2018_train", data.OFFENSE)
    held = [is_held_back(one.text, _GERMEVAL_HELD_BACK_ONE_IN) for one in german]

    def tweeteval(head: str, labels: Sequence[str]) -> Group:
        train, val = (_items(data.labelled(folder, head, split, labels)) for split in ("train", "val"))
        return Group(f"tweeteval-{head}", train, val)

    return {
        "irony": [tweeteval("irony", _IRONY)],
        "offensive": [
            tweeteval("offensive", _OFFENSIVE),
            Group(
                "germeval2018",
                _items([one for one, is_held in zip(german, held, strict=True) if not is_held]),
                _items([one for one, is_held in zip(german, held, strict=True) if is_held]),
            ),
        ],
        "emotion": [tweeteval("emotion", EMOTIONS)],
        SPAN_HEAD: _targets(folder),
    }


@torch.inference_mode()
def features(student: Student, tokenizer: Tokenizer, items: Sequence[Item]) -> tuple[torch.Tensor, torch.Tensor]:
    """What the heads read, [n, 2, width]: of the span and of the whole text; and the labels [n].

    Items whose span lies behind the cut (96 tokens) are left out.
    """
    vectors, labels = [], []
    for batch in batches(encoded(items, tokenizer), _TOKENS_PER_BATCH, random.Random(0)):  # noqa: S311 (order only)
        longest = max(len(one.token_ids) for one in batch)
        ids, mask = torch.ones(2, len(batch), longest, dtype=torch.long)
        spans = torch.zeros(len(batch), 2, longest)
        for row, one in enumerate(batch):
            count = len(one.token_ids)
            ids[row, :count] = torch.tensor(one.token_ids)
            mask[row, count:] = 0
            spans[row, 0, one.first : one.last] = 1 / (one.last - one.first)
            spans[row, 1, :count] = 1 / count
        with torch.autocast("cpu", torch.bfloat16):
            pooled = student.pooled(ids, mask, spans)[:, :, -1]
        vectors.append(pooled.float())
        labels += [one.item.target for one in batch]
    return torch.cat(vectors), torch.tensor(labels)


def _inputs(head: str, vectors: torch.Tensor) -> torch.Tensor:
    return vectors.flatten(1) if head == SPAN_HEAD else vectors[:, 0]


def fit_head(head: str, parts: Sequence[tuple[torch.Tensor, torch.Tensor]], plan: HeadPlan) -> Head:
    """Train a head on features and labels of several sets; every set's log prior goes into the loss."""
    torch.manual_seed(_SEED)
    classes = len(HEAD_LABELS[head])
    inputs = torch.cat([_inputs(head, vectors) for vectors, _ in parts])
    labels = torch.cat([labels for _, labels in parts])
    priors = [torch.bincount(labels, minlength=classes).float() + 1 for _, labels in parts]
    shifts = torch.cat(
        [
            (plan.prior_weight * (prior / prior.sum()).log()).expand(len(labels), -1)
            for prior, (_, labels) in zip(priors, parts, strict=True)
        ]
    )
    network = further_head(parts[0][0].shape[-1], head, classes)
    network.dropout.p = plan.dropout
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.weight_decay)
    steps = plan.passes * (len(labels) // plan.rows_per_batch + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.rate, total_steps=steps, pct_start=0.1)
    for _ in range(plan.passes):
        for rows in torch.randperm(len(labels)).split(plan.rows_per_batch):
            loss = functional.cross_entropy(network(inputs[rows]) + shifts[rows], labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


@torch.inference_mode()
def judged(head: str, network: Head, vectors: torch.Tensor, labels: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """True class numbers and probabilities at temperature 1."""
    return labels.numpy(), network(_inputs(head, vectors)).softmax(-1).numpy()


def train_heads(folder: Path, weights: Path) -> None:
    """Train all further heads on the encoder of a weights folder and write graph and card there."""
    student = rebuild(weights).eval()
    tokenizer = Tokenizer.from_file(str(weights / TOKENIZER_FILE))
    card: dict[str, Any] = json.loads((weights / CARD_FILE).read_text(encoding="utf-8"))
    facts = {}
    for head, found in groups(folder).items():
        train = [features(student, tokenizer, group.train) for group in found]
        network = fit_head(head, train, PLANS[head])
        pairs = []
        for group in found:
            if group.val:
                true, probabilities = judged(head, network, *features(student, tokenizer, group.val))
                counts = metrics.confusion(true, probabilities.argmax(1), len(HEAD_LABELS[head]))
                f1, accuracy = metrics.macro(metrics.f1_scores(counts), counts), counts.trace() / counts.sum()
                logger.info("%s on %s: macro-F1 %.3f, accuracy %.3f, %d", head, group.name, f1, accuracy, len(true))
                pairs.append((true, probabilities))
        student.heads[head] = network
        card["labels"][head] = list(HEAD_LABELS[head])
        true, probabilities = (np.concatenate(one) for one in zip(*pairs, strict=True))
        card["temperatures"][head] = temperature(true, probabilities)
        facts[head] = {"rows": {group.name: len(group.train) for group in found}, **vars(PLANS[head])}
    card["training"]["heads"] = {"seed": _SEED, **facts}
    card["files"] = export(student, weights)
    deciding = json.dumps([card["files"], card["prefix"], card["max_tokens"], card["temperatures"]], sort_keys=True)
    digest = hashlib.sha256(deciding.encode()).hexdigest()[:8]
    card["version"] = f"marktecho-e5-{student.config.num_hidden_layers}l-{datetime.now(UTC):%Y.%m}+{digest}"
    write_card(card, weights)


def main(
    data_folder: Annotated[Path, typer.Option("--data", help="The labelled sets.")] = Path("../shared/data"),
    weights: Annotated[Path, typer.Option(help="Weights folder to change.")] = WEIGHTS_FOLDER,
    threads: Annotated[int, typer.Option(min=1, help="Processors to use.")] = 2,
) -> None:
    """Train the heads on the frozen encoder; five minutes on two processors."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[RichHandler(show_path=False)])
    torch.set_num_threads(threads)
    train_heads(data_folder, weights)


if __name__ == "__main__":
    typer.run(main)
