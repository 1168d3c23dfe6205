"""Prefix beam search against the sum over all paths, one by one, and against an independent decoder."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from ctc_frames import Labels, every_text, log_softmax, random_frames, small_frames, text_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.beam import EXACT, Beam, Hypothesis, beam_search
from tenarai.text.ctc import best_path
from tenarai.text.guide import Guide, Together

CHARACTERS = ("", "a", "b", "手")


@dataclass(frozen=True, slots=True)
class Habit:
    """A guide for tests: each pair of characters has its score, some pairs are forbidden, and so are some ends."""

    seed: int

    @property
    def start(self) -> str:
        return ""

    def score(self, *what: str) -> float:
        return -2 * float(np.random.default_rng([self.seed, *map(ord, "".join(what))]).random())

    def step(self, state: str, character: str) -> tuple[str, float] | None:
        score = self.score(state, character)
        return None if score < -1.7 else (character, score)

    def end(self, state: str) -> float:
        score = self.score(state, "$")
        return -math.inf if score < -1.7 else score

    def least(self, state: str) -> int:
        return 0


def guided(labels: Labels, guide: Guide, bonus: float = 0.0) -> float:
    """What a guide and the bonus make of a text."""
    state, total = guide.start, bonus * len(labels)
    for label in labels:
        step = guide.step(state, CHARACTERS[label])
        if step is None:
            return -math.inf
        state, total = step[0], total + step[1]
    return total + guide.end(state)


def as_table(found: list[Hypothesis]) -> dict[Labels, float]:
    scores = [hypothesis.score for hypothesis in found]
    assert scores == sorted(scores, reverse=True)
    return {hypothesis.labels: hypothesis.score for hypothesis in found}


@settings(deadline=None, max_examples=40)
@given(small_frames())
def test_without_limits_scores_are_sums_over_all_paths(log_probs: NDArray[np.float32]) -> None:
    total, _ = every_text(log_probs)
    found = as_table(beam_search(log_probs, CHARACTERS, EXACT, n_best=10_000))
    assert found == pytest.approx(total, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(small_frames(), st.integers(0, 50), st.sampled_from([-1.5, 0.0, 0.7]))
def test_with_a_guide_and_a_bonus_too(log_probs: NDArray[np.float32], seed: int, bonus: float) -> None:
    total, _ = every_text(log_probs)
    guide = Together((Habit(seed), Habit(seed + 1)))
    wanted = {text: score + guided(text, guide, bonus) for text, score in total.items()}
    wanted = {text: score for text, score in wanted.items() if score > -math.inf}
    found = as_table(beam_search(log_probs, CHARACTERS, replace(EXACT, bonus=bonus), guide, 10_000))
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(small_frames(classes=4, most=6), st.integers(1, 6), st.integers(1, 3), st.integers(1, 9))
def test_a_beam_never_claims_more_than_there_is(
    log_probs: NDArray[np.float32], width: int, top_k: int, n_best: int
) -> None:
    exact = as_table(beam_search(log_probs, CHARACTERS, EXACT, n_best=1_000_000))
    found = beam_search(log_probs, CHARACTERS, Beam(width, top_k, cut=5.0), n_best=n_best)
    assert 1 <= len(found) <= min(width, n_best)
    for hypothesis in found:
        # Frames left out as blank add a thousandth at most.
        assert hypothesis.score <= exact[hypothesis.labels] + 0.001 * len(log_probs) + 1e-6


def test_the_likeliest_text_is_not_that_of_the_likeliest_path() -> None:
    log_probs = np.log(np.array([[0.6, 0.4, 0, 0], [0.6, 0.4, 0, 0]]) + 1e-30).astype(np.float32)
    assert best_path(log_probs, CHARACTERS).text == ""
    (best,) = beam_search(log_probs, CHARACTERS)
    assert best.labels == (1,)
    assert math.exp(best.score) == pytest.approx(0.4 * 0.6 * 2 + 0.4 * 0.4)


def test_long_unlikely_lines_neither_vanish_nor_overflow() -> None:
    log_probs = random_frames(400, 4, 3, scale=0.1)
    log_probs[:, :] -= 30  # not normalised: each frame takes e^-30
    exact = beam_search(log_probs, CHARACTERS, Beam(width=8))
    assert -400 * 32 < exact[0].score < -400 * 29
    praised = beam_search(log_probs, CHARACTERS, Beam(width=8, bonus=20.0))
    assert len(praised[0].labels) > 300 and math.isfinite(praised[0].score)


def test_frames_of_blank_alone_separate_characters() -> None:
    sure = log_softmax(np.array([[0, 20, 0, 0], [20, 0, 0, 0], [20, 0, 0, 0], [0, 20, 0, 0], [20, 0, 0, 0]]) * 1.0)
    (best,) = beam_search(sure, CHARACTERS)
    assert best.labels == (1, 1)
    (slow,) = beam_search(sure, CHARACTERS, replace(Beam(), skip=1.0))
    assert slow.labels == best.labels and slow.score == pytest.approx(best.score, abs=1e-3)


def test_what_cannot_be_completed_in_the_frames_left_is_dropped() -> None:
    class Three(Habit):
        """Texts of three characters."""

        def step(self, state: str, character: str) -> tuple[str, float] | None:
            return (state + character, 0.0) if len(state) < 3 else None

        def end(self, state: str) -> float:
            return 0.0 if len(state) == 3 else -math.inf

        def least(self, state: str) -> int:
            return 3 - len(state)

    blank = log_softmax(np.array([[6.0, 1, 0.5, 0]] * 6))
    (best,) = beam_search(blank, CHARACTERS, Beam(width=2), Three(0))
    assert len(best.labels) == 3
    assert beam_search(blank[:2], CHARACTERS, EXACT, Three(0)) == []


def test_scores_that_are_not_numbers_are_refused() -> None:
    log_probs = random_frames(4, 4, 0)
    log_probs[2, 3] = np.nan
    with pytest.raises(DataError, match="NaN"):
        beam_search(log_probs, CHARACTERS)
    with pytest.raises(DataError, match="-inf"):
        beam_search(np.full((2, 4), -np.inf, np.float32), CHARACTERS)


@pytest.mark.parametrize(
    "make",
    [lambda: Beam(width=0), lambda: Beam(top_k=0), lambda: Beam(cut=0), lambda: Beam(skip=1.1), lambda: Beam(bonus=21)],
)
def test_settings_out_of_range_are_refused(make: Callable[[], Beam]) -> None:
    with pytest.raises(SettingsError):
        make()


def test_an_independent_decoder_sums_to_the_same() -> None:
    """flashlight-text adds paths up too, but lists a text that ends in a blank apart from one that does not."""
    decoder = pytest.importorskip("flashlight.lib.text.decoder")
    options = decoder.LexiconFreeDecoderOptions(
        beam_size=100_000,
        beam_size_token=4,
        beam_threshold=1e6,
        lm_weight=0.0,
        sil_score=0.0,
        log_add=True,
        criterion_type=decoder.CriterionType.CTC,
    )
    for seed in range(10):
        log_probs = random_frames(6, 4, seed)
        engine = decoder.LexiconFreeDecoder(options, decoder.ZeroLM(), -1, 0, [])
        theirs: dict[Labels, float] = {}
        for result in engine.decode(log_probs.ctypes.data, *log_probs.shape):
            text = text_of(result.tokens[1:-1])
            theirs[text] = float(np.logaddexp(theirs.get(text, -np.inf), result.score))
        ours = as_table(beam_search(log_probs, CHARACTERS, EXACT, n_best=10_000))
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-3)
