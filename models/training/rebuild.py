"""Rebuild the torch network from a weights folder, so that training can go on from published weights.

The matrices come back as int8 whole numbers times their scale: what the runtime multiplies with, no more exact. On
sentiment/val 99% of the posts keep their class against the network that was exported.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import BertConfig

from models.card import ENCODER_FILE, load_card
from models.reading import HEAD_LABELS, NEEDED_HEADS
from models.training.network import Student

_BERT: dict[str, Any] = {
    "model_type": "bert",
    "num_attention_heads": 12,
    "type_vocab_size": 1,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 1,
    "attn_implementation": "eager",
}


def rebuild(folder: Path | None = None) -> Student:
    """The network of a weights folder (default: the embedded one) in float32, ready to be trained on.

    Raises:
        ModelError: a file is missing, damaged or unreadable.
    """
    card = load_card(folder)
    graph = onnx.load(card.folder / ENCODER_FILE).graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers = sum(name.endswith(".wide.whole") for name in weights)
    words, inner = weights["words"], weights["layer0.wide_bias"]
    config = BertConfig(
        **_BERT,
        vocab_size=len(words),
        hidden_size=words.shape[1],
        num_hidden_layers=layers,
        intermediate_size=len(inner),
        max_position_embeddings=len(weights["positions"]),
    )
    further = [
        (name, len(weights[f"{name}.out.bias"]))
        for name in HEAD_LABELS
        if name not in NEEDED_HEADS and f"{name}.out.bias" in weights
    ]
    student = Student(config, further)
    state = _embeddings(weights)
    for number in range(layers):
        state |= _layer(weights, number)
    for name in ["embedding", *(f"{head}.{part}" for head in student.heads for part in ("hidden", "out"))]:
        place = name if name == "embedding" else f"heads.{name}"
        if f"{name}.weight" in weights:
            state[f"{place}.weight"], state[f"{place}.bias"] = weights[f"{name}.weight"].T, weights[f"{name}.bias"]
    tensors = {name: torch.from_numpy(np.array(values, np.float32)) for name, values in state.items()}
    left_out = [name for name in student.load_state_dict(tensors, strict=False).missing_keys if "heads." not in name]
    if left_out:
        raise ValueError(f"{card.folder / ENCODER_FILE}: has no {', '.join(left_out)}")
    return student


def _embeddings(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    place = "encoder.embeddings"
    return {
        f"{place}.word_embeddings.weight": weights["words"] * weights["word_scales"],
        f"{place}.position_embeddings.weight": weights["positions"],
        f"{place}.token_type_embeddings.weight": np.zeros((1, weights["words"].shape[1])),
        f"{place}.LayerNorm.weight": weights["start_gamma"],
        f"{place}.LayerNorm.bias": weights["start_beta"],
    }


def _layer(weights: dict[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    old, new = f"layer{number}", f"encoder.encoder.layer.{number}"

    def matrix(name: str) -> np.ndarray:
        whole: np.ndarray = weights[f"{old}.{name}.whole"] * weights[f"{old}.{name}.steps"]
        return whole.T

    triple = np.split(matrix("attention"), 3), np.split(weights[f"{old}.attention_bias"], 3)
    state = {}
    for part, weight, bias in zip(("query", "key", "value"), *triple, strict=True):
        state[f"{new}.attention.self.{part}.weight"] = weight
        state[f"{new}.attention.self.{part}.bias"] = bias
    state[f"{new}.intermediate.dense.weight"] = matrix("wide")
    state[f"{new}.intermediate.dense.bias"] = weights[f"{old}.wide_bias"]
    for name, norm, part in (("gathered", "middle", "attention.output"), ("narrow", "out", "output")):
        state[f"{new}.{part}.dense.weight"] = matrix(name)
        state[f"{new}.{part}.dense.bias"] = weights[f"{old}.{norm}_bias"]
        state[f"{new}.{part}.LayerNorm.weight"] = weights[f"{old}.{norm}_gamma"]
        state[f"{new}.{part}.LayerNorm.bias"] = weights[f"{old}.{norm}_beta"]
    return state
