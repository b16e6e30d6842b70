"""Fit the student: sentiment and intent from labels, the embedding from the 12-layer teacher."""

import copy
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from models.training.items import Encoded, Item, batches, encoded, varied
from models.training.network import HEAD_LABELS, Student

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """Settings of a run.

    Attributes:
        passes: how many samples of the pools are gone through.
        tokens_per_batch: padding included.
        encoder_rate, head_rate: peak learning rates (AdamW).
        warmup_share: share of the steps over which the rate rises; then it falls linearly to zero.
        prior_weight: how much of the log prior of its group is added to the sentiment logits while training
            (1: the head learns balanced classes; A. Menon et al., "Long-tail learning via logit adjustment", 2021).
        intent_weight, embedding_weight: of these losses beside the sentiment loss.
        average_decay: of the running average of the weights, per step.
        seed: of sampling, dropout and initial heads.
    """

    passes: int
    tokens_per_batch: int = 2048
    encoder_rate: float = 2e-4
    head_rate: float = 1e-3
    warmup_share: float = 0.06
    prior_weight: float = 1.0
    intent_weight: float = 0.5
    embedding_weight: float = 2.0
    average_decay: float = 0.998
    seed: int = 20261123


@dataclass(frozen=True)
class Pool:
    """Items of one kind and how many of them a pass takes (all when None)."""

    items: Sequence[Item]
    per_pass: int | None = None


def tensors(batch: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, mask and spans of a batch, padded."""
    longest = max(len(item.token_ids) for item in batch)
    ids = torch.ones((len(batch), longest), dtype=torch.long)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    spans = torch.zeros((len(batch), 1, longest))
    for row, item in enumerate(batch):
        ids[row, : len(item.token_ids)] = torch.tensor(item.token_ids)
        mask[row, : len(item.token_ids)] = 1
        spans[row, 0, item.first : item.last] = 1 / (item.last - item.first)
    return ids, mask, spans


def _loss(
    student: Student, batch: Sequence[Encoded], prior: torch.Tensor, targets: torch.Tensor, plan: Plan
) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        pooled = student.pooled(*tensors(batch))[:, 0].float()
    total = pooled.sum() * 0
    rows = [row for row, one in enumerate(batch) if one.item.sentiment >= 0]
    if rows:
        labels = torch.tensor([batch[row].item.sentiment for row in rows])
        shift = prior[[batch[row].item.group for row in rows]] * plan.prior_weight
        total = total + functional.cross_entropy(student.logits("sentiment", pooled[rows]) + shift, labels)
    rows = [row for row, one in enumerate(batch) if one.item.intent >= 0]
    if rows:
        labels = torch.tensor([batch[row].item.intent for row in rows])
        wrong = functional.cross_entropy(student.logits("intent", pooled[rows]), labels, reduction="sum")
        total = total + plan.intent_weight * wrong / max(len(rows), 4)
    rows = [row for row, one in enumerate(batch) if one.item.target >= 0]
    if rows:
        wanted = targets[[batch[row].item.target for row in rows]]
        cosine = (student.embed(pooled[rows]) * wanted).sum(-1)
        total = total + plan.embedding_weight * (1 - cosine).mean()
    return total


def _pass_items(pools: Sequence[Pool], tokenizer: Tokenizer, chance: random.Random) -> list[Encoded]:
    chosen: list[Item] = []
    for pool in pools:
        items = list(pool.items)
        if pool.per_pass is not None and pool.per_pass < len(items):
            items = chance.sample(items, pool.per_pass)
        chosen += [varied(item, chance) for item in items]
    return encoded(chosen, tokenizer)


def fit(
    student: Student,
    tokenizer: Tokenizer,
    pools: Sequence[Pool],
    prior: np.ndarray,
    targets: np.ndarray,
    plan: Plan,
    folder: Path,
    judge: Callable[[Student], float],
) -> Student:
    """Train, and return the mean of the passes' running averages, the first pass left out.

    The mean over passes reads better than the last pass, which has begun to learn the German posts by heart, and does
    not chase the noise of a small validation set as choosing the best pass would.

    Args:
        student: trained in place.
        tokenizer: the trimmed one.
        pools: what a pass is made of.
        prior: log prior [groups, 3] of the sentiment labels.
        targets: centred unit embeddings [texts, dimension] of the teacher.
        plan: settings.
        folder: ``last.pt`` (to go on after a kill) and the average of every pass are kept here.
        judge: gives a figure to log, called after every pass on the averaged weights.
    """
    torch.manual_seed(plan.seed)
    folder.mkdir(parents=True, exist_ok=True)
    log_prior, wanted = torch.tensor(prior, dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)
    heads = [*student.heads.parameters(), *student.embedding.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": student.encoder.parameters(), "lr": plan.encoder_rate}, {"params": heads, "lr": plan.head_rate}],
        weight_decay=0.01,
        fused=True,
    )
    average = copy.deepcopy(student).eval()
    peaks = [group["lr"] for group in optimizer.param_groups]
    first_pass = 0
    last = folder / "last.pt"
    if last.exists():
        saved = torch.load(last)
        student.load_state_dict(saved["student"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        first_pass = saved["passes"]
    for number in range(first_pass, plan.passes):
        chance = random.Random(plan.seed + number)  # noqa: S311 (not for secrets)
        work = batches(_pass_items(pools, tokenizer, chance), plan.tokens_per_batch, chance)
        student.train()
        started, read, losses = time.monotonic(), 0, []
        for step, batch in enumerate(work):
            done = (number + step / len(work)) / plan.passes
            rate = min(done / plan.warmup_share, (1 - done) / (1 - plan.warmup_share))
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * rate
            loss = _loss(student, batch, log_prior, wanted, plan)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimizer.step()
            _follow(average, student, min(plan.average_decay, (1 + step + number * len(work)) / (10 + step)))
            losses.append(loss.item())
            read += len(batch)
            if step % 50 == 49:
                speed = read / (time.monotonic() - started)
                logger.info(
                    "pass %d step %d/%d loss %.3f, %.0f texts/s",
                    number,
                    step + 1,
                    len(work),
                    np.mean(losses[-50:]),
                    speed,
                )
        logger.info("pass %d: judged %.4f", number, judge(average))
        torch.save(average.state_dict(), folder / f"pass-{number}.pt")
        torch.save(
            {
                "student": student.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "passes": number + 1,
            },
            last,
        )
    states = [torch.load(folder / f"pass-{number}.pt") for number in range(min(1, plan.passes - 1), plan.passes)]
    average.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    return average


@torch.no_grad()
def _follow(average: Student, student: Student, decay: float) -> None:
    torch._foreach_lerp_(list(average.parameters()), list(student.parameters()), 1 - decay)


@torch.inference_mode()
def predict(student: Student, texts: Sequence[str], tokenizer: Tokenizer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings, sentiment logits and intent logits of whole texts."""
    items = [Item(text, target=row) for row, text in enumerate(texts)]
    embeddings = np.zeros((len(texts), student.embedding.out_features), np.float32)
    logits = {name: np.zeros((len(texts), len(HEAD_LABELS[name])), np.float32) for name in HEAD_LABELS}
    for batch in batches(encoded(items, tokenizer), 4096, random.Random(0)):  # noqa: S311 (order only)
        rows = [one.item.target for one in batch]
        with torch.autocast("cpu", torch.bfloat16):
            pooled = student.pooled(*tensors(batch))[:, 0].float()
        embeddings[rows] = student.embed(pooled).numpy()
        for name, values in logits.items():
            values[rows] = student.logits(name, pooled).numpy()
    return embeddings, logits["sentiment"], logits["intent"]
