"""The model file that learning starts from, and the one that it makes."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
import torch

from tenarai.errors import ModelFileError
from tenarai.model.compact import LEVELS, is_compact
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header
from tenarai.model.recogniser import Recogniser
from tenarai.train.learn import Learnt
from tenarai.train.maker import example_lines


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """The file of a recogniser of lines, open."""

    path: Path
    network: Recogniser
    header: Header


def open_start(path: Path) -> Start:
    """Raises ModelFileError for what is no model, or one of another kind."""
    network, header = read_network(path)
    if not isinstance(network, Recogniser):
        raise ModelFileError(f"{path.name} is a {header.kind}; a hand is learnt by a recogniser of lines.")
    return Start(path, network, header)


def write_learnt(learnt: Learnt, start: Start, seed: int, out: Path) -> None:
    """Writes what has learnt, as compact as it was, with what it learnt and brought in its record. There must be
    something: `learnt.network` is not None."""
    assert learnt.network is not None
    figures = {"before": learnt.before.to_json(), "after": learnt.after.to_json()}
    hand = {"from": start.header.name, "lines": learnt.lines, "steps": learnt.steps, "seed": seed, **figures}
    training = {**start.header.training, "hands": [*start.header.training.get("hands", ()), hand]}
    sizes = learnt.network.sizes.to_dict()
    header = replace(start.header, sizes=sizes, alphabet=learnt.alphabet, training=training)
    compact = is_compact(onnx.load(str(start.path)))
    lines = example_lines(header.alphabet, header.standard.height) if compact else ()
    network = on_steps(learnt.network, start.network, seed) if compact else learnt.network
    write_model(network, header, out, compact=compact, lines=lines)


def on_steps(learnt: Recogniser, start: Recogniser, seed: int) -> Recogniser:
    """A copy whose tuned weights lie on the steps of 7 bits, above or below at random, the nearer the likelier
    (stochastic rounding, Gupta et al. 2015). What is learnt is a tenth of a step, and the weights that it started from
    lie on steps: rounded to the nearest one they would go back to where they were, and most of it would be lost."""
    network, rng = copy.deepcopy(learnt), torch.Generator().manual_seed(seed)
    first = start.state_dict()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            known = first[name]
            if weight.ndim != 2 or (known.shape == weight.shape and torch.equal(known, weight)):
                continue
            largest = weight.abs().amax(1, keepdim=True)
            step = largest.clamp_min(torch.finfo(weight.dtype).tiny) / LEVELS
            levels = (weight / step + torch.rand(weight.shape, generator=rng)).floor().clamp(-LEVELS, LEVELS)
            weight.copy_(torch.where(weight.abs() == largest, weight, levels * step))
    return network
