"""Write encoder and heads as one int8 ONNX graph.

The graph is put together by hand from fused operators of ONNX Runtime, so that it does not depend on what an exporter
or a quantiser makes of the network. Matrices are int8 with one scale per output column and a range of 7 bits, which
keeps processors without VNNI from overflowing. Activations are quantised while running with one scale per token: in
the feed-forward blocks single tokens are so large that one scale for all rounds the others away (it cost two points of
macro-F1). The heads stay float32.
"""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.reading import HEAD_LABELS, SPAN_HEAD
from models.training.network import levels

_OPSET = 17
_WEIGHT_STEPS = 63
_ACTIVATION_STEPS = 127
_MICROSOFT = "com.microsoft"


class _Graph:
    """Collects nodes and weights; every method adds one operator and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, values: np.ndarray) -> str:
        kind = values.dtype if values.dtype in (np.int64, np.int8, np.uint8) else np.float32
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def constant(self, name: str, value: float, kind: type = np.float32) -> str:
        if all(known.name != name for known in self.weights):
            self.weights.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def float_linear(self, source: str, name: str, weight: np.ndarray, bias: np.ndarray) -> str:
        product = self.add("MatMul", [source, self.weight(f"{name}.weight", weight.T)], f"{name}.product")
        return self.add("Add", [product, self.weight(f"{name}.bias", bias)], f"{name}.sum")


def _product(graph: _Graph, source: str, name: str, matrix: np.ndarray) -> str:
    """Product with a matrix [in, out] in integers: a scale per row of the activations and per column of the matrix."""
    steps = np.maximum(np.abs(matrix).max(0), 1e-12) / _WEIGHT_STEPS
    whole = graph.weight(f"{name}.whole", np.round(matrix / steps).astype(np.int8))
    size = graph.add("Abs", [source], f"{name}.size")
    peaks = graph.add("ReduceMax", [size], f"{name}.peaks", axes=[0, 2], keepdims=0)
    ratios = graph.add("Mul", [peaks, graph.constant("activation_unit", 1 / _ACTIVATION_STEPS)], f"{name}.ratios")
    scales = graph.add("Max", [ratios, graph.constant("least_scale", 1e-9)], f"{name}.scales")
    unsigned = graph.add("QuantizeLinear", [source, scales, "row_zeros"], f"{name}.unsigned", axis=1)
    one, zero = graph.constant("unit_scale", 1), graph.constant("zero_point", 128, np.uint8)
    inputs = [unsigned, whole, one, graph.weight(f"{name}.steps", steps), zero]
    product = graph.add("MatMulIntegerToFloat", inputs, f"{name}.sums", _MICROSOFT)
    column = graph.add("Unsqueeze", [scales, graph.weight(f"{name}.last", np.array([1]))], f"{name}.column")
    return graph.add("Mul", [product, column], f"{name}.product")


def _layer(graph: _Graph, source: str, state: dict[str, np.ndarray], number: int, heads: int, epsilon: float) -> str:
    old, new = f"encoder.encoder.layer.{number}", f"layer{number}"

    def values(part: str) -> np.ndarray:
        found = state[f"{old}.{part}"]
        return found.T if found.ndim == 2 else found

    parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
    mixed = np.concatenate([values(f"{part}.weight") for part in parts], 1)
    bias = graph.weight(f"{new}.attention_bias", np.concatenate([values(f"{part}.bias") for part in parts]))
    triple = _product(graph, source, f"{new}.attention", mixed)
    names = [f"{new}.query", f"{new}.key", f"{new}.value"]
    graph.nodes.append(helper.make_node("Split", [triple], names, name=f"{new}.split", axis=-1))
    attended = graph.add("MultiHeadAttention", [*names, bias], f"{new}.attended", _MICROSOFT, num_heads=heads)

    def joined(product: str, skip: str, name: str, part: str) -> str:
        parts = {
            kind: graph.weight(f"{name}_{kind}", values(f"{part}.{place}"))
            for kind, place in (("gamma", "LayerNorm.weight"), ("beta", "LayerNorm.bias"), ("bias", "dense.bias"))
        }
        moved = graph.add("Add", [product, parts["bias"]], f"{name}_moved")
        summed = graph.add("Add", [moved, skip], f"{name}_summed")
        return graph.add("LayerNormalization", [summed, parts["gamma"], parts["beta"]], name, axis=-1, epsilon=epsilon)

    gathered = _product(graph, attended, f"{new}.gathered", values("attention.output.dense.weight"))
    middle = joined(gathered, source, f"{new}.middle", "attention.output")
    wide = _product(graph, middle, f"{new}.wide", values("intermediate.dense.weight"))
    wide_bias = graph.weight(f"{new}.wide_bias", values("intermediate.dense.bias"))
    bent = graph.add("BiasGelu", [wide, wide_bias], f"{new}.bent", _MICROSOFT)
    narrow = _product(graph, bent, f"{new}.narrow", values("output.dense.weight"))
    return joined(narrow, middle, f"{new}.out", "output")


def _quantised_rows(graph: _Graph, table: np.ndarray) -> str:
    """Look ``input_ids`` up in a table kept as int8 with one scale a row."""
    scales = np.abs(table).max(1, keepdims=True) / 127
    whole = np.round(table / np.maximum(scales, 1e-12)).astype(np.int8)
    values = graph.add("Gather", [graph.weight("words", whole), "input_ids"], "word_values", axis=0)
    factors = graph.add("Gather", [graph.weight("word_scales", scales), "input_ids"], "word_factors", axis=0)
    floats = graph.add("Cast", [values], "word_floats", to=TensorProto.FLOAT)
    return graph.add("Mul", [floats, factors], "word_vectors")


def _beside_whole(graph: _Graph, pooled: str) -> str:
    """The vector of every span joined with that of the first span, which is the whole piece."""
    first = graph.add("Slice", [pooled, "zero", "one", "one"], "whole")
    same = graph.add("Expand", [first, graph.add("Shape", [pooled], "pooled_shape")], "whole_beside")
    return graph.add("Concat", [pooled, same], "beside_whole", axis=-1)


def build_graph(state: dict[str, np.ndarray], *, layers: int, attention_heads: int, epsilon: float) -> onnx.ModelProto:
    """The graph of a student's ``state_dict`` (as arrays).

    Inputs are ``input_ids`` [1, tokens] and ``spans`` [1, spans, tokens] with rows that sum to 1; outputs
    ``embeddings`` [1, spans, dimension], ``features`` (what the heads read) and the logits [1, spans, classes] of every
    head that the state holds.
    """
    graph = _Graph()
    width = len(state["embedding.bias"])
    words = _quantised_rows(graph, state["encoder.embeddings.word_embeddings.weight"])
    positions = (
        state["encoder.embeddings.position_embeddings.weight"]
        + state["encoder.embeddings.token_type_embeddings.weight"][0]
    )
    zero, one = graph.weight("zero", np.array([0])), graph.weight("one", np.array([1]))
    shape = graph.add("Shape", ["input_ids"], "shape")
    count = graph.add("Gather", [shape, one], "count", axis=0)
    place = graph.add("Slice", [graph.weight("positions", positions), zero, count, zero], "place")
    summed = graph.add("Add", [words, place], "summed")
    norm = [
        graph.weight(f"start_{new}", state[f"encoder.embeddings.LayerNorm.{old}"])
        for new, old in (("gamma", "weight"), ("beta", "bias"))
    ]
    hidden = graph.add("LayerNormalization", [summed, *norm], "start", axis=-1, epsilon=epsilon)
    middle = numpy_helper.from_array(np.array([128], np.uint8))
    graph.add("ConstantOfShape", [count], "row_zeros", value=middle)
    pooled = []
    for number in range(layers + 1):
        if number in levels(layers):
            mean = graph.add("MatMul", ["spans", hidden], f"mean{number}")
            unit = graph.add("LpNormalization", [mean], f"unit{number}", axis=-1, p=2)
            pooled.append(graph.add("Mul", [unit, graph.constant("length", width**0.5)], f"pooled{number}"))
        if number < layers:
            hidden = _layer(graph, hidden, state, number, attention_heads, epsilon)
    joined = graph.add("Concat", pooled, "joined", axis=-1)
    moved = graph.float_linear(joined, "embedding", state["embedding.weight"], state["embedding.bias"])
    graph.add("LpNormalization", [moved], "embeddings", axis=-1, p=2)
    outputs = [("embeddings", width)]
    graph.add("Identity", [pooled[-1]], "features")
    outputs.append(("features", width))
    for name in HEAD_LABELS:
        part = f"heads.{name}"
        if f"{part}.out.weight" not in state:
            continue
        source = _beside_whole(graph, pooled[-1]) if name == SPAN_HEAD else pooled[-1]
        inner = graph.float_linear(
            source, f"{name}.hidden", state[f"{part}.hidden.weight"], state[f"{part}.hidden.bias"]
        )
        bent = graph.add("Tanh", [inner], f"{name}.bent")
        logits = graph.float_linear(bent, f"{name}.out", state[f"{part}.out.weight"], state[f"{part}.out.bias"])
        graph.add("Identity", [logits], name)
        outputs.append((name, len(state[f"{part}.out.bias"])))
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"]),
        helper.make_tensor_value_info("spans", TensorProto.FLOAT, [1, "spans", "tokens"]),
    ]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "spans", size]) for name, size in outputs]
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(
        helper.make_graph(graph.nodes, "marktecho", inputs, results, graph.weights), opset_imports=opsets, ir_version=9
    )
