"""A recogniser's graph with weights of 7 bits, a third faster and less than half as large, and back to float weights.

LSTMs and linear layers keep whole numbers with a scale for every output, and quantise what comes in as it comes (ONNX
Runtime's dynamic quantisation). Of their 8 bits 7 are used: with all 8, sums overflow on processors without VNNI.
Convolutions stay as they are. What a file holds can be trained further: weights come back to within half a step.
"""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

Weights = npt.NDArray[np.float32]

LSTM, LINEAR = "DynamicQuantizeLSTM", "MatMulInteger"
GATES = (0, 2, 3, 1)  # torch's order (in, forget, cell, out) among ONNX's (in, out, forget, cell)


def compacted(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with 7 bit weights. Its constants have to be folded, else the LSTMs' weights are not found."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().addFilter(_quiet)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            quantize_dynamic(
                graph,
                path,
                op_types_to_quantize=["LSTM", "MatMul"],
                per_channel=True,
                reduce_range=True,
                weight_type=QuantType.QInt8,
            )
            return onnx.load(str(path))
    finally:
        logging.getLogger().removeFilter(_quiet)


def _quiet(record: logging.LogRecord) -> bool:
    """Its advice to pre-process the model concerns convolutions, which stay as they are."""
    return "pre-processing" not in record.getMessage()


def is_compact(graph: onnx.ModelProto) -> bool:
    """Whether a graph has 7 bit weights."""
    return any(node.op_type in (LSTM, LINEAR) for node in graph.graph.node)


def float_weights(graph: onnx.ModelProto) -> dict[str, Weights]:
    """The weights of a compact graph in float32, under the network's own names and in its own layout.
    Raises KeyError or ValueError for a graph that `compacted` did not make."""
    stored = {w.name: numpy_helper.to_array(w) for w in graph.graph.initializer}
    weights = {name.removeprefix("network."): w.astype(np.float32) for name, w in stored.items()}
    layers = 0
    for node in graph.graph.node:
        if node.op_type == LINEAR:
            name = node.name.strip("/").split("/")[1]
            left = node.input[1].removesuffix("_quantized")
            weights[f"{name}.weight"] = _wide(stored, left).T.copy()
        elif node.op_type == LSTM:
            layer = node.name.strip("/").split("/")[1]
            weights |= {f"{layer}.{part}_l{layers}{way}": w for part, way, w in _lstm(node, stored)}
            layers += 1
    return weights


def _wide(stored: dict[str, npt.NDArray[np.generic]], name: str) -> Weights:
    """Steps from the zero point times the scale of their column: `(..., inputs, outputs) float32`."""
    steps, zero, scale = (stored[f"{name}_{part}"] for part in ("quantized", "zero_point", "scale"))
    wide = steps.astype(np.float32) - zero.astype(np.float32)[..., None, :]
    return np.asarray(wide * scale.astype(np.float32)[..., None, :], np.float32)


def _lstm(node: onnx.NodeProto, stored: dict[str, npt.NDArray[np.generic]]) -> Iterator[tuple[str, str, Weights]]:
    """Parts of torch's LSTM layer: name, direction, `(4 x hidden, inputs)` or, of the biases, `(4 x hidden,)`."""
    inputs, hidden = (_wide(stored, name.removesuffix("_quantized")) for name in node.input[1:3])
    biases = stored[node.input[3]].astype(np.float32)
    for way, reverse in enumerate(("", "_reverse")):
        first, second = np.split(biases[way], 2)
        yield "weight_ih", reverse, _torch_gates(inputs[way].T)
        yield "weight_hh", reverse, _torch_gates(hidden[way].T)
        yield "bias_ih", reverse, _torch_gates(first)
        yield "bias_hh", reverse, _torch_gates(second)


def _torch_gates(rows: Weights) -> Weights:
    parts = np.split(rows, 4)
    return np.concatenate([parts[i] for i in GATES])
