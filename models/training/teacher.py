"""Sentence embeddings of the full 12-layer e5-small: what the student's embedding head learns to reproduce."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)
PREFIX = "query: "
_TOKENS_PER_BATCH = 3072
_MAX_TOKENS = 128
_TEXTS_PER_PART = 8192


@torch.inference_mode()
def embed(base: str, texts: Sequence[str], folder: Path) -> np.ndarray:
    """Unit-length e5 embeddings of texts, float16 [n, dimension].

    Args:
        base: folder or hub id of the e5 model.
        texts: in normal form; cut after 128 tokens.
        folder: finished parts are kept here, so that a killed run goes on where it stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModel.from_pretrained(base).eval()
    parts = []
    for start in range(0, len(texts), _TEXTS_PER_PART):
        path = folder / f"part-{start:07d}.npy"
        if not path.exists():
            np.save(path, _embed_part(model, tokenizer, texts[start : start + _TEXTS_PER_PART]))
            logger.info("embedded %d of %d texts", start + _TEXTS_PER_PART, len(texts))
        parts.append(np.load(path))
    return np.concatenate(parts)


def _embed_part(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> np.ndarray:
    encoded = tokenizer([PREFIX + text for text in texts], truncation=True, max_length=_MAX_TOKENS)["input_ids"]
    order = sorted(range(len(texts)), key=lambda index: len(encoded[index]))
    result = np.zeros((len(texts), model.config.hidden_size), np.float16)
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * len(encoded[order[end]]) <= _TOKENS_PER_BATCH:
            end += 1
        batch = order[start:end]
        padded = tokenizer.pad({"input_ids": [encoded[index] for index in batch]}, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16):
            hidden = model(**padded).last_hidden_state
        mask = padded["attention_mask"].unsqueeze(-1).float()
        pooled = (hidden.float() * mask).sum(1) / mask.sum(1)
        result[batch] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        start = end
    return result
