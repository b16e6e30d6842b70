"""Set the embedding map in closed form once the encoder is trained."""

import logging
import random
from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer

from models.training.fit import predict, tensors
from models.training.items import Item, batches, encoded
from models.training.network import Student

logger = logging.getLogger(__name__)
_TOKENS_PER_BATCH = 4096
_CHECK_ONE_IN = 20


@torch.inference_mode()
def refit_embedding(
    student: Student, tokenizer: Tokenizer, items: Sequence[Item], targets: np.ndarray, penalty: float = 100.0
) -> None:
    """Set the map from pooled vectors to embeddings by ridge regression on the teacher's embeddings.

    Gradient descent leaves this map well short of its optimum, because the encoder moves under it all the time.

    Args:
        student: its ``embedding`` is replaced.
        tokenizer: the trimmed one.
        items: texts and clauses with a target.
        targets: centred unit embeddings of the teacher.
        penalty: of the ridge regression.
    """
    size = student.embedding.in_features + 1
    gram, cross = torch.zeros(size, size, dtype=torch.float64), torch.zeros(size, targets.shape[1], dtype=torch.float64)
    check: list[tuple[torch.Tensor, torch.Tensor]] = []
    work = batches(encoded(items, tokenizer), _TOKENS_PER_BATCH, random.Random(0))  # noqa: S311 (order only)
    for number, batch in enumerate(work):
        with torch.autocast("cpu", torch.bfloat16):
            pooled = student.pooled(*tensors(batch))[:, 0].float()
        wanted = torch.tensor(targets[[one.item.target for one in batch]])
        if number % _CHECK_ONE_IN == 0:
            check.append((pooled, wanted))
            continue
        rows = torch.cat([pooled.flatten(1), torch.ones(len(batch), 1)], 1).double()
        gram += rows.T @ rows
        cross += rows.T @ wanted.double()
    solved = torch.linalg.solve(gram + penalty * torch.eye(size, dtype=torch.float64), cross).float()
    student.embedding.weight.copy_(solved[:-1].T)
    student.embedding.bias.copy_(solved[-1])
    cosine = torch.cat([(student.embed(pooled) * wanted).sum(-1) for pooled, wanted in check]).mean()
    logger.info("embedding refitted: cosine to the teacher %.3f on texts kept back", cosine)


@torch.inference_mode()
def remove_language(student: Student, tokenizer: Tokenizer, german: Sequence[str], english: Sequence[str]) -> None:
    """Project the direction from English to German posts out of the embedding.

    Otherwise any two German posts look related (mean cosine 0.25 instead of 0.03), and a German post finds a German
    aspect phrase before an English one that means the same.
    """
    means = [predict(student, texts, tokenizer)[0].mean(0) for texts in (german, english)]
    direction = torch.nn.functional.normalize(torch.tensor(means[0] - means[1]), dim=0)
    weight, bias = student.embedding.weight, student.embedding.bias
    weight.sub_(torch.outer(direction, direction @ weight))
    bias.sub_(direction * (direction @ bias))
