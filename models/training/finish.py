"""Turn a trained student into a weights folder: graph, tokenizer, card with hashes, temperatures and error rates."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from models.card import CARD_FILE, ENCODER_FILE, TOKENIZER_FILE, file_hash
from models.metrics import confusion, f1_scores, macro, recalls
from models.reader import Reader, load_reader
from models.reading import INTENTS, SENTIMENTS, Reading
from models.training.data import Example
from models.training.export import build_graph
from models.training.network import Student

_SMOOTHING = 0.5
_OFFSETS = tuple(np.arange(-0.5, 1.01, 0.05))
_TEMPERATURES = np.geomspace(0.2, 5, 300)


def temperature(true: np.ndarray, probabilities: np.ndarray) -> float:
    """The number by which logits must be divided to make probabilities (made at temperature 1) fit best.

    Method: C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    logits = np.log(np.maximum(probabilities.astype(float), 1e-12))

    def loss(value: float) -> float:
        scaled = logits / value
        scaled -= scaled.max(1, keepdims=True)
        return float(-(scaled[np.arange(len(true)), true] - np.log(np.exp(scaled).sum(1))).mean())

    return round(float(min(_TEMPERATURES, key=loss)), 4)


def neutral_offset(examples: Sequence[Example], probabilities: np.ndarray) -> float:
    """What to add to the neutral logit for the best mean macro-F1 and macro-recall over the (language, source) groups.

    The head learns as if all classes were equally frequent; the groups are partly balanced and partly, like real
    streams, mostly neutral, and this is the compromise between them. Groups that lack a class are left out.
    """
    logits = np.log(np.maximum(probabilities.astype(float), 1e-12))
    true = np.array([example.label for example in examples])
    names = np.array([f"{example.language} {example.source}" for example in examples])
    complete = [name for name in set(names) if len(set(true[names == name])) == len(SENTIMENTS)]
    neutral = np.eye(len(SENTIMENTS))[SENTIMENTS.index("neutral")]

    def goodness(offset: float) -> float:
        predicted = (logits + offset * neutral).argmax(1)
        counts = [confusion(true[names == name], predicted[names == name], len(SENTIMENTS)) for name in complete]
        return float(np.mean([macro(f1_scores(one), one) + macro(recalls(one), one) for one in counts]))

    return round(max(_OFFSETS, key=goodness), 2)


def error_rates(true: np.ndarray, predicted: np.ndarray, languages: Sequence[str]) -> dict[str, list[list[float]]]:
    """Rows = true class, columns = predicted, per "de", "en" and "*" (others), half a count added to every cell."""
    spoken = np.array(languages)
    rates = {}
    for language in ("de", "en", "*"):
        chosen = ~np.isin(spoken, ["de", "en"]) if language == "*" else spoken == language
        counts = confusion(true[chosen], predicted[chosen], len(SENTIMENTS)) + _SMOOTHING
        rates[language] = (counts / counts.sum(1, keepdims=True)).tolist()
    return rates


def write_weights(
    student: Student,
    tokenizer: dict[str, Any],
    folder: Path,
    *,
    prefix: str,
    max_tokens: int,
    sentiment_val: Sequence[Example],
    offset_examples: Sequence[Example],
    intent_check: Sequence[Example],
    aspects: dict[str, float],
    training: dict[str, Any],
) -> None:
    """Write a weights folder and calibrate it with the very files and runtime that will be used.

    Args:
        student: the trained network.
        tokenizer: content of its tokenizer.json.
        folder: where to write; created if missing.
        prefix: put before every text at run time.
        max_tokens: the longest piece to read at once.
        sentiment_val: held-back examples for the temperature and the error rates of the sentiment head.
        offset_examples: held-back German and English examples that fix the offset of the neutral class.
        intent_check: examples for the temperature of the intent head; empty leaves it at 1.
        aspects: threshold and margin of the aspect matcher.
        training: free facts about the training for the card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TOKENIZER_FILE).write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    card: dict[str, Any] = {
        "version": "uncalibrated",
        "prefix": prefix,
        "max_tokens": max_tokens,
        "dimension": student.config.hidden_size,
        "labels": {"sentiment": list(SENTIMENTS), "intent": list(INTENTS)},
        "files": export(student, folder),
        "temperatures": {"sentiment": 1.0, "intent": 1.0},
        "aspects": aspects,
        "error_rates": {},
        "training": training,
    }
    write_card(card, folder)
    _, reading = _read(load_reader(folder), offset_examples)
    offset = neutral_offset(offset_examples, reading.sentiment)
    with torch.no_grad():
        student.head("sentiment").out.bias[SENTIMENTS.index("neutral")] += offset
    card["training"] = {**training, "neutral_offset": offset}
    card["files"] = export(student, folder)
    write_card(card, folder)
    reader = load_reader(folder)
    true, reading = _read(reader, sentiment_val)
    card["temperatures"]["sentiment"] = temperature(true, reading.sentiment)
    card["error_rates"] = error_rates(true, reading.sentiment.argmax(1), [row.language for row in sentiment_val])
    if intent_check:
        true, reading = _read(reader, intent_check)
        card["temperatures"]["intent"] = temperature(true, reading.intent)
    deciding = json.dumps([card["files"], prefix, max_tokens, card["temperatures"]], sort_keys=True)
    digest = hashlib.sha256(deciding.encode()).hexdigest()[:8]
    card["version"] = f"marktecho-e5-{student.config.num_hidden_layers}l-{datetime.now(UTC):%Y.%m}+{digest}"
    write_card(card, folder)


def export(student: Student, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the graph of a student into a weights folder; returns hash and size of its files for the card."""
    config = student.config
    graph = build_graph(
        {name: tensor.detach().float().cpu().numpy() for name, tensor in student.state_dict().items()},
        layers=config.num_hidden_layers,
        attention_heads=config.num_attention_heads,
        epsilon=config.layer_norm_eps,
    )
    onnx.save(graph, folder / ENCODER_FILE)
    return {
        name: {"sha256": file_hash(folder / name), "bytes": (folder / name).stat().st_size}
        for name in (ENCODER_FILE, TOKENIZER_FILE)
    }


def _read(reader: Reader, examples: Sequence[Example]) -> tuple[np.ndarray, Reading]:
    reading = reader.read([example.text for example in examples])
    scored = np.array([reason is None for reason in reading.not_scored])
    if not scored.all():
        raise ValueError(f"{(~scored).sum()} calibration texts cannot be scored")
    return np.array([example.label for example in examples]), reading


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json``."""
    (folder / CARD_FILE).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
