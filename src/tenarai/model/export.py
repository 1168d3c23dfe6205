"""Trained network -> model file, and back: the only place that needs both torch and onnx."""

import io
import json
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch

from tenarai.errors import ModelFileError, SettingsError
from tenarai.image.clean import Gray
from tenarai.model.classifier import Classifier, ClassifierSizes
from tenarai.model.compact import compacted, float_weights
from tenarai.model.detector import Detector, DetectorSizes, Pyramid, RegionProposals
from tenarai.model.file import FORMAT, Header, read_bytes
from tenarai.model.language import Language, LanguageSizes
from tenarai.model.recogniser import Recogniser, Sizes

OPSET = 17
# What may be of any size, in the picture and in what comes out.
AXES = {
    "recogniser": ({0: "batch", 3: "width"}, {0: "batch", 1: "frames"}),
    "classifier": ({0: "batch"}, {0: "batch"}),
    "detector": ({0: "batch", 2: "height", 3: "width"}, {0: "batch", 2: "rows", 3: "columns"}),
    "proposals": ({0: "batch", 2: "height", 3: "width"}, {0: "batch", 2: "rows", 3: "columns"}),
}
OUTPUTS = {"detector": "maps", "proposals": "anchors"}
NETWORKS: dict[str, tuple[type[Any], type[Any]]] = {
    "recogniser": (Recogniser, Sizes),
    "classifier": (Classifier, ClassifierSizes),
    "detector": (Detector, DetectorSizes),
    "proposals": (RegionProposals, DetectorSizes),
    "language": (Language, LanguageSizes),
}


Network = Recogniser | Classifier | Detector | RegionProposals | Language


class _Read(torch.nn.Module):
    """A network as it is read: calibrated log probabilities, `(batch, frames, classes)` or `(batch, classes)`, or the
    maps of a detector."""

    def __init__(self, network: Network, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(pictures)
        if isinstance(self.network, Pyramid):
            return logits
        if self.temperature != 1.0:
            logits = logits / self.temperature
        log_probs = logits.log_softmax(-1)
        return log_probs.transpose(0, 1) if log_probs.ndim == 3 else log_probs


class _Foretelling(torch.nn.Module):
    """A language network as it is asked: labels `(batch, length)` and a state to log probabilities of what follows each
    label, `(batch, length, classes)`, and the state behind them."""

    def __init__(self, network: Language) -> None:
        super().__init__()
        self.network = network

    def forward(self, labels: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features, after = self.network(labels.transpose(0, 1), state)
        return self.network.log_probs(features.transpose(0, 1)), after


def write_model(
    network: Network, header: Header, path: Path, *, compact: bool = False, lines: Sequence[Gray] = ()
) -> None:
    """Writes the model file, whole or not at all. `compact` gives a recogniser weights of 7 bits, its convolutions too
    where `lines` at reading height show how large values become: see model/compact."""
    if compact and header.kind != "recogniser":
        raise ModelFileError(f"Only a recogniser has a compact form; {header.name} is a {header.kind}.")
    network = network.cpu().float().eval()
    graph = _graph(network, header, compact)
    if compact:
        graph = compacted(graph, [header.standard.line(line)[None] for line in lines])
    entry = graph.metadata_props.add()
    entry.key, entry.value = FORMAT, json.dumps(header.to_json(), ensure_ascii=False)
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        waiting.write_bytes(graph.SerializeToString())
        waiting.replace(path)
    finally:
        waiting.unlink(missing_ok=True)


def _graph(network: Network, header: Header, compact: bool) -> onnx.ModelProto:
    """The network with what is done before and behind it, as ONNX."""
    asked: torch.nn.Module
    example: tuple[torch.Tensor, ...]
    if isinstance(network, Language):
        asked, example = _Foretelling(network), (torch.zeros(1, 2, dtype=torch.long), network.fresh(1))
        names, outputs = ["labels", "state"], ["log_probs", "state_after"]
        rows, states = {0: "batch", 1: "length"}, {1: "batch"}
        axes = {"labels": rows, "log_probs": rows, "state": states, "state_after": states}
    else:
        height, output = header.standard.height, OUTPUTS.get(header.kind, "log_probs")
        asked = _Read(network, header.temperature)
        example = (torch.zeros(1, 1, height, 64 if header.kind == "recogniser" else height),)
        names, outputs = ["pictures"], [output]
        axes = {"pictures": AXES[header.kind][0], output: AXES[header.kind][1]}
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        # The classic exporter keeps an LSTM whole at any width; without folding, weights keep their own names. Those of
        # a compact file are found again by the names of its nodes.
        torch.onnx.export(
            asked,
            example,
            buffer,  # type: ignore[arg-type]  # the classic exporter writes to streams, its stub forgot
            dynamo=False,
            opset_version=OPSET,
            do_constant_folding=compact,
            keep_initializers_as_inputs=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            input_names=names,
            output_names=outputs,
            dynamic_axes=axes,
        )
    return onnx.load_from_string(buffer.getvalue())


def read_network(path: Path) -> tuple[Network, Header]:
    """The network of a model file, ready to be trained further. Raises ModelFileError when weights are missing."""
    try:
        graph = onnx.load_from_string(read_bytes(path))
        written = next(entry.value for entry in graph.metadata_props if entry.key == FORMAT)
        header = Header.from_json(json.loads(written), str(path))
    except ModelFileError:
        raise
    except Exception as error:
        raise ModelFileError(f"The model file {path} is cut short, damaged, or of another kind.") from error
    try:
        sizes: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in header.sizes.items()}
        kind, its_sizes = NETWORKS[header.kind]
        network: Network = kind(its_sizes(**sizes))
    except (TypeError, SettingsError) as error:
        raise ModelFileError(f"The sizes in the model file {path} are damaged ({error}).") from None
    try:
        weights = float_weights(graph)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"The weights in the model file {path} are damaged ({error}).") from None
    state = network.state_dict()
    for name, value in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        if name not in weights:
            raise ModelFileError(f"The model file {path} lacks the weights {name!r}: it cannot be trained further.")
        read = torch.from_numpy(weights[name].copy())
        if read.shape != value.shape:
            raise ModelFileError(f"The sizes in the model file {path} do not fit its weights {name!r}: copy it again.")
        value.copy_(read)
    network.load_state_dict(state)
    return network, header


def average(first: Path, second: Path, share: float, out: Path) -> None:
    """A model whose weights lie `share` of the way from the first to the second, which went on from it or from the
    same start (Wortsman et al. 2022). Its record is that of the second, with the first one's beside it. Raises
    ModelFileError for models that are not of one form."""
    network, header = read_network(first)
    other, told = read_network(second)
    sizes, others = ({**h.sizes, "dropout": 0.0} for h in (header, told))  # what training leaves out is no weight
    if (header.kind, sizes, header.alphabet) != (told.kind, others, told.alphabet):
        raise ModelFileError(f"{first.name} and {second.name} differ in kind, sizes or alphabet: nothing lies between.")
    theirs = other.state_dict()
    mixed = {
        name: torch.lerp(own, theirs[name], share)
        for name, own in network.state_dict().items()
        if own.is_floating_point()
    }
    network.load_state_dict(mixed, strict=False)
    training = {**told.training, "averaged": {"share": share, "with": header.training}}
    write_model(network, replace(told, training=training), out)
