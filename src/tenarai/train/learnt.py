"""The model file that learning starts from, and the one that it makes."""

from dataclasses import dataclass, replace
from pathlib import Path

from tenarai.errors import ModelFileError
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header
from tenarai.model.recogniser import Recogniser
from tenarai.train.learn import Learnt


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
    """Writes what has learnt, with what it learnt and brought in its record. There must be something: `learnt.network`
    is not None.

    Its weights are float32, whatever those of the start are: what a few lines change is a tenth of a step of 7 bits, so
    that rounding would lose most of it, to the nearest step or at random.
    """
    assert learnt.network is not None
    figures = {"before": learnt.before.to_json(), "after": learnt.after.to_json()}
    hand = {"from": start.header.name, "lines": learnt.lines, "steps": learnt.steps, "seed": seed, **figures}
    training = {**start.header.training, "hands": [*start.header.training.get("hands", ()), hand]}
    sizes = learnt.network.sizes.to_dict()
    header = replace(start.header, sizes=sizes, alphabet=learnt.alphabet, training=training)
    write_model(learnt.network, header, out)
