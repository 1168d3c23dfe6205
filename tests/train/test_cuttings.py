"""Lines cut at paper and put together anew: ink and text stay together."""

import cv2
import numpy as np
import pytest

from tenarai.model.export import read_network
from tenarai.model.recogniser import Recogniser
from tenarai.model.shipped import shipped_model
from tenarai.text.alphabet import Alphabet
from tenarai.train.cuttings import Cuttings, Piece, _paper, cut_line, recombined
from tenarai.train.maker import TrainingLine


def piece(text: str) -> Piece:
    """Each character is a column of its own light between two of paper."""
    ink = np.zeros((40, 3 * len(text)), np.uint8)
    for i, character in enumerate(text):
        ink[:, 3 * i + 1] = ord(character) % 256
    return Piece(ink, text)


def shown(ink: np.ndarray) -> list[int]:
    return [int(v) for v in ink[20] if v]


@pytest.mark.parametrize(("spaced", "between"), [(True, " "), (False, "")])
@pytest.mark.parametrize("seed", range(20))
def test_what_is_put_together_shows_its_text(spaced: bool, between: str, seed: int) -> None:
    lines = [["one", "two", "three", "four"], ["five"], ["six", "seven"]]
    cuttings = [Cuttings(tuple(map(piece, words)), spaced) for words in lines]
    cuttings.append(Cuttings((piece("other"),), not spaced))
    line = recombined(cuttings, np.random.default_rng(seed))
    words = line.text.split(" ") if spaced else [line.text]
    assert set("".join(words)) <= set("onetwothreefourfivesixsevenother") and (" " in line.text) <= spaced
    assert shown(line.ink) == [ord(c) for c in line.text if c != " "] and not line.vertical


def test_a_cut_is_made_in_the_middle_of_the_widest_paper() -> None:
    drawn = np.array([0.5, 0, 0.5, 0, 0, 0, 0.5, 0.5, 0, 0.5])
    assert _paper(drawn, 0, 10) == 4 and _paper(drawn, 6, 8) is None and _paper(drawn, -5, 2) == 1
    assert _paper(drawn, 9, 4) is None


def test_a_line_of_words_is_cut_between_them() -> None:
    network, header = read_network(shipped_model())
    assert isinstance(network, Recogniser)
    high = header.standard.height
    picture = np.full((high, 10 * high), 255, np.uint8)
    cv2.putText(picture, "hello dear friend", (high // 7, 7 * high // 10), cv2.FONT_HERSHEY_SIMPLEX, high / 44, 0, 3)
    cut = cut_line(TrainingLine(picture, "hello dear friend"), network.eval(), header.alphabet, header.standard)
    assert cut is not None and cut.spaced and [p.text for p in cut.pieces] == ["hello", "dear", "friend"]
    assert sum(p.ink.shape[1] for p in cut.pieces) == 10 * high
    assert np.array_equal(np.hstack([p.ink for p in cut.pieces]), 255 - picture)
    for p in cut.pieces[1:]:
        assert not p.ink[:, 0].any()


def test_a_line_that_cannot_be_aligned_is_left_whole_elsewhere() -> None:
    network, header = read_network(shipped_model())
    assert isinstance(network, Recogniser)
    line = TrainingLine(np.full((header.standard.height, 30), 255, np.uint8), "much too long for this")
    assert cut_line(line, network.eval(), header.alphabet, header.standard) is None
    assert cut_line(line, network, Alphabet.of("abc"), header.standard) is None
