"""The model between two."""

import dataclasses
from pathlib import Path

import pytest
import torch
from random_weights import randomised

from tenarai.errors import ModelFileError
from tenarai.image.standard import Standard
from tenarai.model.export import average, read_network, write_model
from tenarai.model.file import Header, read_header
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.text.alphabet import Alphabet

ALPHABET = Alphabet.of("abcdeあいう漢字")
SIZES = Sizes(len(ALPHABET), 24, (3, 4, 5, 6), (0, 1, 1, 0), features=12, hidden=8, layers=2, neck=6)
HEADER = Header("recogniser", "small", SIZES.to_dict(), ALPHABET, Standard(24, "ink", 8, 16), DOWN)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    torch.manual_seed(3)
    files = tmp_path / "a.model", tmp_path / "b.model"
    for number, file in enumerate(files):
        header = dataclasses.replace(HEADER, training={"step": number})
        write_model(randomised(Recogniser(SIZES)), header, file)
    return files


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_weights_lie_between(pair: tuple[Path, Path], share: float, tmp_path: Path) -> None:
    out = tmp_path / "between.model"
    average(*pair, share, out)
    first, second, between = (read_network(file)[0].state_dict() for file in (*pair, out))
    for name, value in between.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (1 - share) * first[name] + share * second[name])
    assert read_header(out).training == {"step": 1, "averaged": {"share": share, "with": {"step": 0}}}


def test_models_of_different_forms_have_nothing_between(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.model"
    sizes = dataclasses.replace(SIZES, hidden=10)
    write_model(randomised(Recogniser(sizes)), dataclasses.replace(HEADER, sizes=sizes.to_dict()), other)
    with pytest.raises(ModelFileError, match=r"a\.model and other\.model differ"):
        average(pair[0], other, 0.5, tmp_path / "between.model")
