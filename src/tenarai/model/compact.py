"""A recogniser's graph with weights of 7 bits, nearly twice as fast and a quarter as large, and back to float weights.

LSTMs and linear layers keep whole numbers with a scale for every output, and quantise what comes in as it comes (ONNX
Runtime's dynamic quantisation); convolutions take their norms into their weights, and quantise by how large values were
for some lines (static quantisation). Of 8 bits 7 are used: with all 8, sums overflow on processors without VNNI.
What a file holds can be trained further: the norms are kept, and weights come back to within half a step.
"""

import base64
import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

Weights = npt.NDArray[np.float32]
Pictures = npt.NDArray[np.float32]  # (1, 1, height, width)

LSTM, LINEAR = "DynamicQuantizeLSTM", "MatMulInteger"
WIDE = 32  # channels coming into a convolution, of fewer whole numbers are no faster
NORMS = "tenarai.norms"  # of the convolutions, by name: scale, bias, mean and variance of every channel
EPSILON = 1e-5  # of torch's norms
SMALLEST = 1e-12  # gain of a channel that says something
GATES = (0, 2, 3, 1)  # torch's order (in, forget, cell, out) among ONNX's (in, out, forget, cell)


def compacted(graph: onnx.ModelProto, lines: Sequence[Pictures] = ()) -> onnx.ModelProto:
    """The same graph with 7 bit weights. Its constants have to be folded, else the LSTMs' weights are not found.
    `lines`, as the network is given them, show how large the values between convolutions become; without any, these
    stay as they are."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static

    logging.getLogger().addFilter(_quiet)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            if lines:
                quantize_static(
                    _folded(graph),
                    path,
                    _Lines(graph.graph.input[0].name, lines),
                    quant_format=QuantFormat.QDQ,
                    op_types_to_quantize=["Conv"],
                    nodes_to_exclude=_narrow(graph),
                    per_channel=True,
                    reduce_range=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                )
                graph = onnx.load(str(path))
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


def _narrow(graph: onnx.ModelProto) -> list[str]:
    """The names of convolutions of few channels."""
    sizes = {w.name: w.dims for w in graph.graph.initializer}
    return [conv.name for conv, _ in _convolutions(graph) if sizes[conv.input[1]][1] < WIDE]


def _convolutions(graph: onnx.ModelProto) -> Iterator[tuple[onnx.NodeProto, onnx.NodeProto]]:
    """The convolutions, each with the norm behind it."""
    norms = {node.input[0]: node for node in graph.graph.node if node.op_type == "BatchNormalization"}
    for node in graph.graph.node:
        if node.op_type == "Conv":
            yield node, norms[node.output[0]]


def _folded(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph without norms: they are in the convolutions' weights, and in the record as they were."""
    folded = onnx.ModelProto()
    folded.CopyFrom(graph)
    stored = {w.name: w for w in folded.graph.initializer}
    kept = {}
    for conv, norm in list(_convolutions(folded)):
        values = np.stack([numpy_helper.to_array(stored[name]).astype(np.float32) for name in norm.input[1:5]])
        kept[conv.input[1]] = (norm.input[1].removesuffix(".weight"), base64.b64encode(values.tobytes()).decode())
        gain, shift = _gain(values)
        weights = numpy_helper.to_array(stored[conv.input[1]]) * gain[:, None, None, None]
        stored[conv.input[1]].CopyFrom(numpy_helper.from_array(weights, conv.input[1]))
        stored[norm.input[2]].CopyFrom(numpy_helper.from_array(shift, norm.input[2]))
        for name in (norm.input[1], norm.input[3], norm.input[4]):
            folded.graph.initializer.remove(stored[name])
        conv.input.append(norm.input[2])
        conv.output[0] = norm.output[0]
        folded.graph.node.remove(norm)
    entry = folded.metadata_props.add()
    entry.key, entry.value = NORMS, json.dumps(kept)
    return folded


def _gain(norm: Weights) -> tuple[Weights, Weights]:
    """What a norm multiplies every channel by and adds to it."""
    scale, bias, mean, variance = norm
    gain = scale / np.sqrt(variance + np.float32(EPSILON))
    return gain, bias - mean * gain


class _Lines:
    """Lines one after the other, as ONNX Runtime asks for them."""

    def __init__(self, name: str, lines: Sequence[Pictures]) -> None:
        self.name, self.left = name, iter(lines)

    def get_next(self) -> dict[str, Pictures] | None:
        line = next(self.left, None)
        return None if line is None else {self.name: line}


def _quiet(record: logging.LogRecord) -> bool:
    """It advises to pre-process the model, which is done here, and wonders at what is half quantised between."""
    return not any(words in record.getMessage() for words in ("pre-processing", "already quantized"))


def is_compact(graph: onnx.ModelProto) -> bool:
    """Whether a graph has 7 bit weights."""
    return any(node.op_type in (LSTM, LINEAR) for node in graph.graph.node)


def float_weights(graph: onnx.ModelProto) -> dict[str, Weights]:
    """The weights of a compact graph in float32, under the network's own names and in its own layout.
    Raises KeyError or ValueError for a graph that `compacted` did not make."""
    stored = {w.name: numpy_helper.to_array(w) for w in graph.graph.initializer}
    weights = {name.removeprefix("network."): w.astype(np.float32) for name, w in stored.items()}
    told = next((entry.value for entry in graph.metadata_props if entry.key == NORMS), "{}")
    for name, (where, values) in json.loads(told).items():
        norm = np.frombuffer(base64.b64decode(values), np.float32).reshape(4, -1)
        parts = zip(("weight", "bias", "running_mean", "running_var"), norm, strict=True)
        weights |= {f"{where}.{part}".removeprefix("network."): value for part, value in parts}
        weights[name.removeprefix("network.")] = _unfolded(name, norm, stored)
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


def _unfolded(name: str, norm: Weights, stored: dict[str, npt.NDArray[np.generic]]) -> Weights:
    """A convolution's weights without its norm."""
    if name in stored:
        folded = stored[name].astype(np.float32)
    else:
        steps, zero, scale = _quantised(stored, name)
        folded = ((steps.T - zero) * scale).T
    gain = _gain(norm)[0]
    own = np.divide(1, gain, out=np.zeros_like(gain), where=np.abs(gain) > SMALLEST)
    return np.asarray(folded * own[:, None, None, None], np.float32)


def _wide(stored: dict[str, npt.NDArray[np.generic]], name: str) -> Weights:
    """Steps from the zero point times the scale of their column: `(..., inputs, outputs) float32`."""
    steps, zero, scale = _quantised(stored, name)
    return np.asarray((steps - zero[..., None, :]) * scale[..., None, :], np.float32)


def _quantised(stored: dict[str, npt.NDArray[np.generic]], name: str) -> tuple[Weights, Weights, Weights]:
    """Steps, zero points and scales of what a graph holds in whole numbers."""
    steps, zero, scale = (stored[f"{name}_{part}"].astype(np.float32) for part in ("quantized", "zero_point", "scale"))
    return steps, zero, scale


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
