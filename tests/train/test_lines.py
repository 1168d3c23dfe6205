"""Training lines in batches: none lost, none too large, the same for the same seed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import AlphabetError
from tenarai.image.standard import Standard
from tenarai.model.recogniser import DOWN
from tenarai.text.alphabet import Alphabet, default_alphabet
from tenarai.train.lines import LIKE, Batch, LineBatches, Lines, bucketed, collate
from tenarai.train.maker import LineMaker, TrainingLine
from tenarai.train.recipe import DataSettings, NetworkSettings, Recipe, RunSettings

STANDARD = Standard(16)
ALPHABET = Alphabet.of("abcdefgh")


def lines_of(widths: list[int]) -> list[TrainingLine]:
    rng = np.random.default_rng(0)
    return [
        TrainingLine(rng.integers(0, 255, (16, width), np.uint8), "abcdefgh"[i % 8] * (1 + i % 3))
        for i, width in enumerate(widths)
    ]


@settings(deadline=None)
@given(st.lists(st.integers(1, 400), max_size=40), st.integers(1_000, 40_000))
def test_batches_stay_under_the_cap_and_lose_no_line(widths: list[int], pixels: int) -> None:
    lines = lines_of(widths)
    batches = list(bucketed(lines, STANDARD, pixels))
    assert sorted(id(line) for batch in batches for line in batch) == sorted(map(id, lines))
    for batch in batches:
        padded = [STANDARD.padded_width(line.picture.shape[1]) for line in batch]
        assert len(batch) * 16 * max(padded) <= pixels or len(batch) == 1
        # Like goes with like, so that little is padding.
        assert max(padded) <= LIKE * min(padded)


def test_a_stream_of_lines_is_drawn_little_by_little() -> None:
    drawn = 0

    def stream() -> Iterator[TrainingLine]:
        nonlocal drawn
        while True:
            drawn += 1
            yield lines_of([40 + drawn % 3])[0]

    batches = bucketed(stream(), STANDARD, 16 * 64 * 5)
    assert [len(next(batches)) for _ in range(3)] == [5, 5, 5]
    assert drawn == 16


def test_lines_are_collated_on_paper() -> None:
    lines = lines_of([30, 100, 64])
    batch = collate(lines, ALPHABET, STANDARD)
    assert batch.pictures.shape == (3, 1, 16, STANDARD.padded_width(100)) and batch.pictures.dtype == torch.float32
    assert batch.widths.tolist() == [STANDARD.padded_width(w) for w in (30, 100, 64)]
    assert batch.lengths.tolist() == [1, 2, 3]
    assert ALPHABET.decode(batch.labels.tolist()) == "abbccc"
    for line, picture, width in zip(lines, batch.pictures.numpy(), batch.widths.tolist(), strict=True):
        np.testing.assert_array_equal(picture[:, :, :width], STANDARD.line(line.picture))
        assert (picture[:, :, width:] == STANDARD.paper).all()
        assert width % DOWN == 0


def test_unknown_characters_are_named() -> None:
    with pytest.raises(AlphabetError, match=r"U\+007A"):
        collate([TrainingLine(np.zeros((16, 20), np.uint8), "az")], ALPHABET, STANDARD)


# Drawing


@pytest.fixture(scope="module")
def maker() -> LineMaker:
    return LineMaker(DataSettings(longest_japanese=4, longest_latin=8), default_alphabet(), 16, Path())


def drawn(maker: LineMaker, seed: int = 1, epoch: int = 0, rank: int = 0, steps: int = 5) -> list[Batch]:
    batches = LineBatches(maker, STANDARD, seed=seed, epoch=epoch, rank=rank, steps=steps, pixels=6_000)
    return list(batches)


def same(one: list[Batch], other: list[Batch]) -> bool:
    return len(one) == len(other) and all(
        a.pictures.shape == b.pictures.shape
        and torch.equal(a.pictures, b.pictures)
        and torch.equal(a.labels, b.labels)
        and torch.equal(a.lengths, b.lengths)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("steps", [1, 4, 9])
def test_an_epoch_has_exactly_its_steps(maker: LineMaker, steps: int) -> None:
    batches = drawn(maker, steps=steps)
    assert len(batches) == steps
    assert all(b.pictures.numel() <= 6_000 or len(b.lengths) == 1 for b in batches)


def test_every_draw_follows_from_seed_epoch_and_rank(maker: LineMaker) -> None:
    first = drawn(maker)
    assert same(first, drawn(maker))
    assert same(first[:3], drawn(maker, steps=3))
    for other in (drawn(maker, seed=2), drawn(maker, epoch=1), drawn(maker, rank=1)):
        assert not same(first, other)


# Validation


def recipe(**settings: object) -> Recipe:
    data = DataSettings(longest_japanese=4, longest_latin=8, **settings)  # type: ignore[arg-type]
    return Recipe(
        name="r",
        network=NetworkSettings(height=16),
        data=data,
        run=RunSettings(validation_lines=7, pixels=6_000),
    )


def test_validation_lines_are_the_same_in_every_run() -> None:
    one, other = (Lines(recipe(), default_alphabet(), STANDARD, Path()) for _ in range(2))
    loaders = one.val_dataloader()
    assert len(loaders) == 1
    batches = list(loaders[0])
    assert same(batches, list(other.val_dataloader()[0]))
    assert same(batches, list(one.val_dataloader()[0]))
    assert sum(len(b.lengths) for b in batches) == 7


@pytest.mark.parametrize("latin", [0.0, 0.5, 1.0])
def test_validation_is_composed_in_the_script_that_is_trained(latin: float) -> None:
    lines = Lines(recipe(latin=latin), default_alphabet(), STANDARD, Path())
    text = "".join(default_alphabet().decode(b.labels.tolist()) for b in lines.val_dataloader()[0])
    assert (max(text) < "\u3000") == (latin == 1.0)
