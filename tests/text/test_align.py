"""Forced alignment against all paths, one by one."""

import numpy as np
import pytest
from ctc_frames import every_text, random_frames, small_frames, text_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenarai.errors import AlphabetError, DataError
from tenarai.text.align import align, frames_needed, paths, text_scores
from tenarai.text.ctc import best_path

CHARACTERS = ("", "a", "b", "手")


@settings(deadline=None, max_examples=40)
@given(small_frames())
def test_scores_are_sums_over_all_paths(log_probs: NDArray[np.float32]) -> None:
    total, _ = every_text(log_probs)
    texts = list(total)
    np.testing.assert_allclose(text_scores(log_probs, texts), [total[t] for t in texts], rtol=1e-6, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(small_frames(), st.data())
def test_paths_are_the_likeliest_that_show_the_text(log_probs: NDArray[np.float32], data: st.DataObject) -> None:
    _, best = every_text(log_probs)
    texts = data.draw(st.lists(st.sampled_from(sorted(best)), min_size=1, max_size=6))
    for text, path in zip(texts, paths(log_probs, texts), strict=True):
        assert text_of(path.tolist()) == text
        assert log_probs[np.arange(len(path)), path].sum() == pytest.approx(best[text], abs=1e-4)


@settings(deadline=None, max_examples=40)
@given(small_frames(most=30))
def test_what_was_read_lies_where_it_was_read(log_probs: NDArray[np.float32]) -> None:
    read = best_path(log_probs, CHARACTERS)
    aligned = align(log_probs, read.text, CHARACTERS)
    assert aligned.spans == read.spans
    assert aligned.confidence == read.confidence
    assert aligned.score >= read.score - 1e-3


def test_a_text_that_cannot_stand_there_is_refused() -> None:
    log_probs = random_frames(4, 4, 0)
    assert frames_needed([1, 1, 2]) == 4
    assert align(log_probs, "aab", CHARACTERS).text == "aab"
    with pytest.raises(DataError, match="needs 5 frames and the line has 4"):
        align(log_probs, "aaa", CHARACTERS)
    with pytest.raises(AlphabetError, match="'xy'"):
        align(log_probs, "axy", CHARACTERS)
    impossible = log_probs.copy()
    impossible[:, 2] = -np.inf
    with pytest.raises(DataError, match="rule out"):
        align(impossible, "ab", CHARACTERS)
    assert align(impossible, "aa", CHARACTERS).text == "aa"


def test_a_character_that_the_picture_hardly_shows_keeps_a_confidence() -> None:
    log_probs = np.full((5, 4), -80.0, np.float32)
    log_probs[:, 0] = 0.0
    aligned = align(log_probs, "b", CHARACTERS)
    (span,) = aligned.spans
    assert (
        span.character == "b" and 0 < span.confidence < 1e-20 and aligned.confidence == pytest.approx(span.confidence)
    )


def test_the_empty_text_and_the_empty_line() -> None:
    assert align(np.zeros((0, 4), np.float32), "", CHARACTERS).score == 0
    log_probs = random_frames(3, 4, 1)
    assert align(log_probs, "", CHARACTERS).score == pytest.approx(float(log_probs[:, 0].sum()), rel=1e-5)
