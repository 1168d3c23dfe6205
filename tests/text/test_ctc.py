"""Best path decoding against the definition: argmax of every frame, repeats merged, blanks dropped."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenarai.errors import AlphabetError, DataError, SettingsError
from tenarai.text.ctc import best_path, restricted

CHARACTERS = ("", "a", "い", "手", "ff")


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    normalised: NDArray[np.float64] = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return normalised.astype(np.float32)


def scores_of(probabilities: list[list[float]]) -> NDArray[np.float32]:
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities, dtype=np.float32))


@st.composite
def frames(draw: st.DrawFn) -> NDArray[np.float32]:
    count, seed, scale = draw(st.integers(0, 30)), draw(st.integers(0, 10_000)), draw(st.sampled_from([0.1, 2.0, 20.0]))
    return log_softmax(np.random.default_rng(seed).normal(scale=scale, size=(count, len(CHARACTERS))))


@settings(deadline=None)
@given(frames())
def test_best_path_is_the_collapsed_argmax(log_probs: NDArray[np.float32]) -> None:
    path = [max(range(len(row)), key=row.__getitem__) for row in log_probs.tolist()]
    decoding = best_path(log_probs, CHARACTERS)
    assert decoding.text == "".join(CHARACTERS[label] for label, _ in groupby(path))
    assert decoding.score == pytest.approx(sum(max(row) for row in log_probs.tolist()), rel=1e-5, abs=1e-5)


@settings(deadline=None)
@given(frames())
def test_spans_are_the_runs_of_the_path_in_order(log_probs: NDArray[np.float32]) -> None:
    path = log_probs.argmax(axis=1).tolist()
    decoding = best_path(log_probs, CHARACTERS)
    assert "".join(span.character for span in decoding.spans) == decoding.text
    end = 0
    for span in decoding.spans:
        assert end <= span.start < span.end <= len(path)
        assert {CHARACTERS[label] for label in path[span.start : span.end]} == {span.character}
        assert all(label == 0 for label in path[end : span.start])
        end = span.end
    assert all(label == 0 for label in path[end:])


@settings(deadline=None)
@given(frames(), st.integers(0, 6))
def test_confidences_share_out_what_the_blank_leaves(log_probs: NDArray[np.float32], alternatives: int) -> None:
    decoding = best_path(log_probs, CHARACTERS, alternatives)
    for span in decoding.spans:
        chances = [chance for _, chance in span.alternatives]
        names = [name for name, _ in span.alternatives]
        assert len(names) == len(set(names)) == min(alternatives, len(CHARACTERS) - 2)
        assert not {"", span.character} & set(names)
        assert chances == sorted(chances, reverse=True)
        assert 1 >= span.confidence >= max(chances, default=1 / len(CHARACTERS))
        assert min(chances, default=1) > 0
        if len(chances) == len(CHARACTERS) - 2:
            assert span.confidence + sum(chances) == pytest.approx(1, abs=1e-5)
    if decoding.spans:
        mean = np.mean([span.confidence for span in decoding.spans])
        assert decoding.confidence == pytest.approx(mean)
    else:
        assert decoding.confidence is None


def test_a_span_is_judged_at_its_peak_without_the_blank() -> None:
    decoding = best_path(
        scores_of(
            [
                [0.90, 0.05, 0.05, 0.00, 0.00],
                [0.30, 0.40, 0.20, 0.10, 0.00],
                [0.20, 0.60, 0.04, 0.16, 0.00],
                [0.70, 0.30, 0.00, 0.00, 0.00],
                [0.00, 1.00, 0.00, 0.00, 0.00],
            ]
        ),
        CHARACTERS,
    )
    assert decoding.text == "aa"
    first, second = decoding.spans
    assert (first.start, first.end, second.start, second.end) == (1, 3, 4, 5)
    assert first.confidence == pytest.approx(0.6 / 0.8)
    assert [name for name, _ in first.alternatives] == ["手", "い"]
    assert [chance for _, chance in first.alternatives] == pytest.approx([0.16 / 0.8, 0.04 / 0.8])
    assert (second.confidence, second.alternatives) == (1, ())
    assert decoding.confidence == pytest.approx((0.75 + 1) / 2)
    assert decoding.score == pytest.approx(np.log(0.9 * 0.4 * 0.6 * 0.7))


def test_the_scores_are_left_as_they_were() -> None:
    log_probs = log_softmax(np.random.default_rng(0).normal(size=(20, 5)))
    before = log_probs.copy()
    best_path(log_probs, CHARACTERS)
    assert np.array_equal(log_probs, before)


@pytest.mark.parametrize("log_probs", [np.zeros((0, 5), np.float32), scores_of([[1, 0, 0, 0, 0]] * 3)])
def test_nothing_written_gives_the_empty_line(log_probs: NDArray[np.float32]) -> None:
    decoding = best_path(log_probs, CHARACTERS)
    assert (decoding.text, decoding.spans, decoding.score, decoding.confidence) == ("", (), 0, None)


def test_scores_that_are_no_log_probabilities_are_refused() -> None:
    good = log_softmax(np.zeros((4, 5)))
    with pytest.raises(DataError, match=r"\(1, 4, 5\)"):
        best_path(good[None], CHARACTERS)
    with pytest.raises(DataError, match="5 classes, but the alphabet has 4"):
        best_path(good, CHARACTERS[:4])
    with pytest.raises(DataError, match="log softmax"):
        best_path(np.exp(good), CHARACTERS)
    with pytest.raises(DataError, match="finite"):
        best_path(np.full((2, 5), -np.inf, dtype=np.float32), CHARACTERS)
    with pytest.raises(AlphabetError, match="blank"):
        best_path(good, ("a", "b", "c", "d", "e"))
    with pytest.raises(SettingsError, match="alternatives"):
        best_path(good, CHARACTERS, alternatives=-1)


@settings(deadline=None)
@given(st.integers(0, 3), st.integers(0, 4))
def test_a_nan_anywhere_is_refused(frame: int, label: int) -> None:
    log_probs = log_softmax(np.random.default_rng(1).normal(size=(4, 5)))
    log_probs[frame, label] = np.nan
    with pytest.raises(DataError, match="NaN"):
        best_path(log_probs, CHARACTERS)


# Restricted alphabets


@settings(deadline=None)
@given(frames(), st.sets(st.sampled_from(CHARACTERS[1:]), min_size=1))
def test_restricted_scores_are_probabilities_of_the_allowed_alone(
    log_probs: NDArray[np.float32], allowed: set[str]
) -> None:
    scores = restricted(log_probs, CHARACTERS, allowed)
    assert scores.shape == log_probs.shape and scores.dtype == np.float32
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(scores[:, 0], log_probs[:, 0])
    for label, character in enumerate(CHARACTERS[1:], 1):
        assert ((scores[:, label] > -np.inf) == (character in allowed)).all()
    assert set(best_path(scores, CHARACTERS).text) <= set("".join(allowed))


def test_a_restricted_alphabet_reads_the_likeliest_of_the_allowed() -> None:
    scores = scores_of([[0.1, 0.6, 0.2, 0.09, 0.01], [0.97, 0.01, 0.01, 0.005, 0.005], [0.2, 0.1, 0.1, 0.5, 0.1]])
    assert best_path(scores, CHARACTERS).text == "a手"
    found = best_path(restricted(scores, CHARACTERS, {"い", "ff"}), CHARACTERS)
    assert found.text in ("いい", "いff")
    assert found.spans[0].confidence == pytest.approx(0.2 / 0.21, rel=1e-3)
    everything = restricted(scores, CHARACTERS, set(CHARACTERS[1:]))
    np.testing.assert_allclose(everything, scores, atol=1e-5)


def test_an_alphabet_of_unknown_characters_is_refused() -> None:
    with pytest.raises(AlphabetError, match="none of the characters"):
        restricted(scores_of([[0.5, 0.5, 0, 0, 0]]), CHARACTERS, {"ß"})
