"""The peer of bench.models, in a Python with torch and onnx: texts as JSON on standard input, figures as JSON out."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

from models.card import TOKENIZER_FILE, WEIGHTS_FOLDER
from models.training.rebuild import rebuild

SPECIAL_TOKENS = {"unk_token": "<unk>", "pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>"}
WARM_UP = 5
ROWS, INNER, COLUMNS = 960, 384, 1536
TRIES = 50


def pipeline_rates(texts: list[str]) -> tuple[float, float, int]:
    """Posts a second and posts per second of processor time, and operations of the encoder's products per token."""
    student = rebuild()
    student.config.num_labels = 3
    model = BertForSequenceClassification(student.config).eval()
    model.bert.load_state_dict(student.encoder.state_dict(), strict=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(WEIGHTS_FOLDER / TOKENIZER_FILE), **SPECIAL_TOKENS)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, device=-1)
    for text in texts[:WARM_UP]:
        classify(text)
    started, worked = time.perf_counter(), time.process_time()
    for text in texts:
        classify(text)
    seconds, work = time.perf_counter() - started, time.process_time() - worked
    matrices = sum(values.numel() for values in model.bert.encoder.parameters() if values.ndim == 2)
    return len(texts) / seconds, len(texts) / work, 2 * matrices


def byte_product_peak() -> float:
    """Billion operations a second of one thread in the best of some products of unsigned with signed bytes."""
    draw = np.random.default_rng(0)
    matrix = numpy_helper.from_array(draw.integers(-63, 64, (INNER, COLUMNS)).astype(np.int8), "matrix")
    zero = numpy_helper.from_array(np.array(128, np.uint8), "zero")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["rows", "matrix", "zero"], ["product"])],
        "peak",
        [helper.make_tensor_value_info("rows", TensorProto.UINT8, [ROWS, INNER])],
        [helper.make_tensor_value_info("product", TensorProto.INT32, [ROWS, COLUMNS])],
        [matrix, zero],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    rows = draw.integers(0, 256, (ROWS, INNER)).astype(np.uint8)
    fastest = float("inf")
    for _ in range(TRIES):
        started = time.process_time()
        session.run(None, {"rows": rows})
        fastest = min(fastest, time.process_time() - started)
    return 2 * ROWS * INNER * COLUMNS / fastest / 1e9


def main() -> None:
    posts_per_second, posts_per_processor_second, operations = pipeline_rates(json.load(sys.stdin))
    figures = {
        "posts_per_second": posts_per_second,
        "posts_per_processor_second": posts_per_processor_second,
        "operations_per_token": operations,
        "billion_operations_per_second": byte_product_peak(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
