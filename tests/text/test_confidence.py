"""Confidence once a language model has been asked."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.text.confidence import CANDIDATES, TEMPERATURE, weighed
from tenarai.text.ctc import Decoding, Span, best_path, line_confidence
from tenarai.text.kneser_ney import Training, train_ngram
from tenarai.text.ngram import Ngram

LETTERS = ("", *"abcdef")


@pytest.fixture(scope="module")
def model() -> Ngram:
    return train_ngram(["abcabcabc"] * 30 + ["abd"], Training(order=3))


def decoding(*spans: tuple[str, float, Sequence[tuple[str, float]]]) -> Decoding:
    made = tuple(Span(c, n, n + 1, share, tuple(others)) for n, (c, share, others) in enumerate(spans))
    return Decoding("".join(s.character for s in made), made, 0.0, line_confidence(made))


def test_a_character_that_the_language_expects_is_surer_and_one_that_it_does_not_is_less(model: Ngram) -> None:
    seen = decoding(("a", 0.99, ()), ("b", 0.6, [("d", 0.4)]), ("c", 0.99, ()))
    odd = decoding(("a", 0.99, ()), ("d", 0.6, [("b", 0.4)]), ("c", 0.99, ()))
    alone = weighed(seen, None, 5).spans[1].confidence
    assert weighed(seen, model, 5).spans[1].confidence > alone > weighed(odd, model, 5).spans[1].confidence
    assert weighed(odd, model, 5).text == "adc"


def test_the_temperature_takes_back_what_is_too_sure() -> None:
    one = weighed(decoding(("a", 0.9, [("b", 0.1)])), None, 5).spans[0]
    weights = np.array([0.9, 0.1]) ** (1 / TEMPERATURE)
    assert one.confidence == pytest.approx(weights[0] / weights.sum())
    assert one.alternatives == (("b", pytest.approx(weights[1] / weights.sum())),)


def test_what_is_sure_stays(model: Ngram) -> None:
    sure = decoding(("d", 0.999, [("b", 0.001)]))
    assert weighed(sure, model, 1) == sure
    assert weighed(Decoding("", (), 0.0, None), model, 5).confidence is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_shares_stay_shares_and_do_not_depend_on_how_many_are_listed(seed: int, listed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (12, len(LETTERS))).astype(np.float32)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    plain = best_path(scores, LETTERS, CANDIDATES)
    model = train_ngram(["abcdef"], Training(order=2))
    for asked in (None, model):
        found = weighed(plain, asked, listed)
        assert found.text == plain.text and found.confidence == line_confidence(found.spans)
        for span, whole in zip(found.spans, weighed(plain, asked, CANDIDATES).spans, strict=True):
            assert span.confidence == whole.confidence and len(span.alternatives) <= listed
            shares = [span.confidence, *(share for _, share in whole.alternatives)]
            assert min(shares) >= 0 and sum(shares) <= 1 + 1e-6
            assert list(whole.alternatives) == sorted(whole.alternatives, key=lambda other: -other[1])
