"""Write encoder and heads as one int8 ONNX graph.

The graph is put together by hand from fused operators (Attention, SkipLayerNormalization, BiasGelu of ONNX Runtime),
so that it does not depend on what an exporter makes of the network. Weights are int8 per output channel with a
range of 7 bits, which keeps processors without VNNI from overflowing; activations are quantised while running, with one
scale per matrix, except before the down-projections: single tokens are so large there that one scale for all rounds the
others away (it cost two points of macro-F1), so every token has its own. The heads stay float32.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

_OPSET = 17
_WEIGHT_STEPS = 63
_ACTIVATION_STEPS = 127
_MICROSOFT = "com.microsoft"
HEADS = ("sentiment", "intent")


class _Graph:
    """Collects nodes and weights; every method adds one operator and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.kept_float: list[str] = []

    def weight(self, name: str, values: np.ndarray) -> str:
        kind = values.dtype if values.dtype in (np.int64, np.int8, np.uint8) else np.float32
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, kind), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def float_linear(self, source: str, name: str, weight: np.ndarray, bias: np.ndarray) -> str:
        product = self.add("MatMul", [source, self.weight(f"{name}.weight", weight.T)], f"{name}.product")
        self.kept_float.append(product)
        return self.add("Add", [product, self.weight(f"{name}.bias", bias)], f"{name}.sum")


def _row_quantised_product(graph: _Graph, source: str, name: str, matrix: np.ndarray) -> str:
    """Integer product with one activation scale per token instead of one for all."""
    steps = np.maximum(np.abs(matrix).max(0), 1e-12) / _WEIGHT_STEPS
    whole = graph.weight(f"{name}.whole", np.round(matrix / steps).astype(np.int8))
    peak = graph.add("ReduceMax", [graph.add("Abs", [source], f"{name}.size")], f"{name}.peak", axes=[-1], keepdims=1)
    unit = graph.weight(f"{name}.unit", np.array(1 / _ACTIVATION_STEPS, np.float32))
    scale = graph.add("Mul", [peak, unit], f"{name}.scale")
    scale = graph.add("Max", [scale, graph.weight(f"{name}.least", np.array(1e-9, np.float32))], f"{name}.safe_scale")
    rounded = graph.add("Round", [graph.add("Div", [source, scale], f"{name}.ratio")], f"{name}.rounded")
    middle = graph.weight(f"{name}.middle", np.array(128, np.float32))
    raised = graph.add("Add", [rounded, middle], f"{name}.raised")
    bytes_ = graph.add("Cast", [raised], f"{name}.bytes", to=TensorProto.UINT8)
    zero = graph.weight(f"{name}.zero", np.array(128, np.uint8))
    product = graph.add("MatMulInteger", [bytes_, whole, zero], f"{name}.integers")
    floats = graph.add("Cast", [product], f"{name}.floats", to=TensorProto.FLOAT)
    scaled = graph.add("Mul", [floats, scale], f"{name}.row_scaled")
    return graph.add("Mul", [scaled, graph.weight(f"{name}.steps", steps)], f"{name}.product")


def _layer(graph: _Graph, source: str, state: dict[str, np.ndarray], number: int, heads: int, epsilon: float) -> str:
    old, new = f"encoder.encoder.layer.{number}", f"layer{number}"

    def weight(name: str, part: str) -> str:
        values = state[f"{old}.{part}"]
        return graph.weight(f"{new}.{name}", values.T if values.ndim == 2 else values)

    own = [state[f"{old}.attention.self.{part}.weight"].T for part in ("query", "key", "value")]
    bias = [state[f"{old}.attention.self.{part}.bias"] for part in ("query", "key", "value")]
    attended = graph.add(
        "Attention",
        [
            source,
            graph.weight(f"{new}.qkv", np.concatenate(own, 1)),
            graph.weight(f"{new}.qkv_bias", np.concatenate(bias)),
        ],
        f"{new}.attended",
        _MICROSOFT,
        num_heads=heads,
    )

    def joined(product: str, skip: str, name: str, part: str) -> str:
        inputs = [weight(f"{name}_gamma", f"{part}.LayerNorm.weight"), weight(f"{name}_beta", f"{part}.LayerNorm.bias")]
        inputs.append(weight(f"{name}_bias", f"{part}.dense.bias"))
        return graph.add(
            "SkipLayerNormalization", [product, skip, *inputs], f"{new}.{name}", _MICROSOFT, epsilon=epsilon
        )

    mixed = graph.add("MatMul", [attended, weight("mix", "attention.output.dense.weight")], f"{new}.mixed")
    middle = joined(mixed, source, "middle", "attention.output")
    wide = graph.add("MatMul", [middle, weight("widen", "intermediate.dense.weight")], f"{new}.wide")
    bent = graph.add("BiasGelu", [wide, weight("widen_bias", "intermediate.dense.bias")], f"{new}.bent", _MICROSOFT)
    narrow = _row_quantised_product(graph, bent, f"{new}.narrow", state[f"{old}.output.dense.weight"].T)
    return joined(narrow, middle, "out", "output")


def _quantised_rows(graph: _Graph, table: np.ndarray) -> str:
    """Look ``input_ids`` up in a table kept as int8 with one scale a row."""
    scales = np.abs(table).max(1, keepdims=True) / 127
    whole = np.round(table / np.maximum(scales, 1e-12)).astype(np.int8)
    values = graph.add("Gather", [graph.weight("words", whole), "input_ids"], "word_values", axis=0)
    factors = graph.add("Gather", [graph.weight("word_scales", scales), "input_ids"], "word_factors", axis=0)
    floats = graph.add("Cast", [values], "word_floats", to=TensorProto.FLOAT)
    return graph.add("Mul", [floats, factors], "word_vectors")


def build_graph(state: dict[str, np.ndarray], *, layers: int, attention_heads: int, epsilon: float) -> onnx.ModelProto:
    """The float32 graph of a student's ``state_dict`` (as arrays).

    Inputs are ``input_ids`` [1, tokens] and ``spans`` [1, spans, tokens] with rows that sum to 1; outputs
    ``embeddings`` [1, spans, dimension] and the logits ``sentiment`` and ``intent`` [1, spans, classes].
    """
    graph = _Graph()
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
    for number in range(layers):
        hidden = _layer(graph, hidden, state, number, attention_heads, epsilon)
    mean = graph.add("MatMul", ["spans", hidden], "mean")
    graph.kept_float.append(mean)
    unit = graph.add("LpNormalization", [mean], "unit", axis=-1, p=2)
    length = graph.weight("length", np.array([state["embedding.weight"].shape[0] ** 0.5], np.float32))
    pooled = graph.add("Mul", [unit, length], "pooled")
    moved = graph.float_linear(pooled, "embedding", state["embedding.weight"], state["embedding.bias"])
    graph.add("LpNormalization", [moved], "embeddings", axis=-1, p=2)
    outputs = [("embeddings", len(state["embedding.bias"]))]
    for name in HEADS:
        part = f"heads.{name}"
        inner = graph.float_linear(
            pooled, f"{name}.hidden", state[f"{part}.hidden.weight"], state[f"{part}.hidden.bias"]
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
    model = helper.make_model(
        helper.make_graph(graph.nodes, "marktecho", inputs, results, graph.weights), opset_imports=opsets, ir_version=9
    )
    helper.set_model_props(model, {"float": ",".join(graph.kept_float)})
    return model


def write_onnx(model: onnx.ModelProto, path: Path, *, quantised: bool = True) -> None:
    """Write the graph, its large matrices as int8 unless told otherwise (token embeddings always are)."""
    kept_float = next(entry.value for entry in model.metadata_props if entry.key == "float").split(",")
    if not quantised:
        onnx.save(model, path)
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.onnx"
        onnx.save(model, source)
        quantize_dynamic(
            source,
            path,
            op_types_to_quantize=["MatMul", "Attention"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=kept_float,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
