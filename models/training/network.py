"""The student: e5-small with fewer layers, a smaller vocabulary, and several heads."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from transformers import AutoModel, BertConfig, BertModel

from models.reading import INTENTS, SENTIMENTS, SPAN_HEAD

HEAD_LABELS = {"sentiment": SENTIMENTS, "intent": INTENTS}


class Head(nn.Module):
    """A classifier on pooled vectors: one hidden layer, tanh, logits."""

    def __init__(self, width: int, classes: int, dropout: float = 0.1, inputs: int | None = None):
        super().__init__()
        self.hidden = nn.Linear(inputs or width, width)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, classes)

    def forward(self, pooled: Tensor) -> Tensor:
        """Logits [..., classes] of pooled vectors [..., width]."""
        return self.out(self.dropout(torch.tanh(self.hidden(self.dropout(pooled)))))


def further_head(width: int, name: str, classes: int) -> Head:
    """A head beside those that every model has; the one for targets reads a span and the whole text."""
    return Head(width, classes, inputs=2 * width if name == SPAN_HEAD else width)


def levels(layers: int) -> tuple[int, ...]:
    """Which hidden states an encoder of so many layers pools for its embedding; 0 is the token embeddings."""
    return tuple(sorted({0, layers // 3, 2 * layers // 3, layers - 1, layers}))


class Student(nn.Module):
    """Encoder and heads.

    Vectors are pooled at several levels of the encoder (0 is the token embeddings) and brought to length sqrt(width),
    so that short spans and long posts look alike. The heads read the last level; ``embedding`` maps all of them to a
    *centred* e5 embedding: e5 puts all texts into a narrow cone (unrelated sentences have cosine 0.75), and taking
    the mean away before the last normalisation makes unrelated texts orthogonal.
    """

    def __init__(self, config: BertConfig, auxiliary: Sequence[tuple[str, int]] = ()):
        super().__init__()
        self.config = config
        self.encoder = BertModel(config, add_pooling_layer=False)
        width = config.hidden_size
        self.levels = levels(config.num_hidden_layers)
        self.embedding = nn.Linear(width * len(self.levels), width)
        self.heads = nn.ModuleDict(
            {
                **{name: Head(width, len(labels)) for name, labels in HEAD_LABELS.items()},
                **{name: further_head(width, name, classes) for name, classes in auxiliary},
            }
        )

    def head(self, name: str) -> Head:
        """The head of that name."""
        return cast(Head, self.heads[name])

    def pooled(self, token_ids: Tensor, mask: Tensor, spans: Tensor) -> Tensor:
        """Scaled mean vectors [batch, spans, levels, width] under ``spans`` [batch, spans, tokens] (rows sum to 1)."""
        hidden = self.encoder(input_ids=token_ids, attention_mask=mask, output_hidden_states=True).hidden_states
        means = torch.stack([spans @ hidden[level].float() for level in self.levels], 2).float()
        return nn.functional.normalize(means, dim=-1) * self.config.hidden_size**0.5

    def embed(self, pooled: Tensor) -> Tensor:
        """Unit embeddings [..., width] of pooled vectors [..., levels, width]."""
        return nn.functional.normalize(self.embedding(pooled.flatten(-2)), dim=-1)

    def logits(self, name: str, pooled: Tensor) -> Tensor:
        """Logits [..., classes] of a head for pooled vectors [..., levels, width]."""
        return self.heads[name](pooled[..., -1, :])


def from_base(
    base: str, kept_ids: Sequence[int], layers: Sequence[int], auxiliary: Sequence[tuple[str, int]] = ()
) -> Student:
    """A student that starts from e5: the kept rows of its token embeddings and the named layers.

    Args:
        base: folder or hub id of the e5 model.
        kept_ids: old token ids in their new order.
        layers: numbers of the e5 layers to keep, in order.
        auxiliary: names and class counts of further heads.
    """
    teacher = AutoModel.from_pretrained(base, attn_implementation="eager")
    config = BertConfig.from_dict(teacher.config.to_dict(), attn_implementation="eager")
    config.vocab_size = len(kept_ids)
    config.num_hidden_layers = len(layers)
    student = Student(config, auxiliary)
    state = {
        name: tensor
        for name, tensor in teacher.state_dict().items()
        if not name.startswith(("encoder.layer", "pooler"))
    }
    state["embeddings.word_embeddings.weight"] = state["embeddings.word_embeddings.weight"][list(kept_ids)]
    for new, old in enumerate(layers):
        for name, tensor in teacher.encoder.layer[old].state_dict().items():
            state[f"encoder.layer.{new}.{name}"] = tensor
    student.encoder.load_state_dict(state)
    return student
