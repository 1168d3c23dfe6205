"""The model file that a hand is learnt into: what was learnt is in it, in every form."""

from pathlib import Path

import onnx
import pytest
import torch

from tenarai.evaluate.report import Reading, evaluate
from tenarai.image.standard import Standard
from tenarai.model.compact import is_compact
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.text.alphabet import HIRAGANA, Alphabet
from tenarai.train.learn import Figures, Learnt
from tenarai.train.learnt import Start, open_start, write_learnt

ALPHABET = Alphabet.of("abcdefghijklmnopqrstuvwxyz ,.。、" + HIRAGANA)
SIZES = Sizes(len(ALPHABET), 16, (4, 4, 4, 4), (0, 0, 0, 0), features=32, hidden=32, layers=2, neck=16)
TUNED = ("column.weight", "reader.weight_ih_l0", "reader.weight_hh_l1_reverse")


@pytest.fixture(params=[False, True], ids=["float", "compact"])
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Start:
    torch.manual_seed(1)
    header = Header("recogniser", "tiny", SIZES.to_dict(), ALPHABET, Standard(16), DOWN)
    write_model(Recogniser(SIZES).eval(), header, tmp_path / "start.model", compact=request.param)
    return open_start(tmp_path / "start.model")


def tuned(start: Start, steps: float) -> tuple[Recogniser, dict[str, torch.Tensor]]:
    """The start a little further, every tuned weight by up to so many steps of 7 bits; and by how much."""
    network, _ = read_network(start.path)
    assert isinstance(network, Recogniser)
    rng, moved = torch.Generator().manual_seed(2), {}
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name in TUNED:
                step = weight.abs().amax(1, keepdim=True) / 64
                moved[name] = step * steps * (2 * torch.rand(weight.shape, generator=rng) - 1)
                weight += moved[name]
    return network, moved


def learnt_of(network: Recogniser) -> Learnt:
    figures = Figures(evaluate([Reading("1", "a", "a")]), evaluate([Reading("1", "a", "a")]))
    return Learnt(network, ALPHABET, 5, 9, "", (), figures, figures, 1.0)


@pytest.mark.parametrize("steps", [0.1, 0.4])
def test_what_is_less_than_a_step_is_not_lost(start: Start, tmp_path: Path, steps: float) -> None:
    network, moved = tuned(start, steps)
    write_learnt(learnt_of(network), start, 1, tmp_path / "mine.model")
    read, header = read_network(tmp_path / "mine.model")
    assert header.training["hands"][0]["lines"] == 5
    assert not is_compact(onnx.load(str(tmp_path / "mine.model")))
    learnt, written = network.state_dict(), read.state_dict()
    for name, weight in written.items():
        torch.testing.assert_close(weight, learnt[name], atol=1e-6, rtol=1e-5)
    assert all(float((written[name] - start.network.state_dict()[name]).abs().max()) > 0 for name in moved)
