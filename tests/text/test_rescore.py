"""Texts weighed again: by brute force the same as a search that both models had guided."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from ctc_frames import log_softmax, random_frames
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenarai.errors import SettingsError
from tenarai.text.alphabet import default_alphabet
from tenarai.text.beam import EXACT, beam_search
from tenarai.text.decode import Decoder, decode
from tenarai.text.kneser_ney import train_ngram
from tenarai.text.language import FUSION, Prior, line_decoder
from tenarai.text.mixture import Mixture
from tenarai.text.ngram import BOUNDARY, Ngram, NgramGuide
from tenarai.text.rescore import Rescoring, said

CHARACTERS = ("", "a", "b", " ")
FIRST = train_ngram(["ab ab", "aab", "ba b"])
SECOND = train_ngram(["bb a", "b b", "a  b"])


class Told:
    """An n-gram that is asked about whole texts, as a recurrent model is."""

    def __init__(self, model: Ngram) -> None:
        self.model, self.characters, self.labels = model, model.characters, model.labels
        self.asked: list[list[str]] = []

    def foretold(self, texts: Sequence[str], whole: bool = False) -> list[NDArray[np.float64]]:
        self.asked.append(list(texts))
        return [said(self.model, text, whole) for text in texts]

    def distribution(self, context: str) -> NDArray[np.float64]:
        return self.model.distribution(context)


def test_what_is_said_of_a_text_sums_to_the_likelihood_of_a_line() -> None:
    assert said(FIRST, "ab a", whole=True).sum() == pytest.approx(FIRST.line_score("ab a"))
    assert said(FIRST, "").shape == (0,)


@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([0.2, 0.5, 1.0]), st.booleans())
def test_all_texts_weighed_again_are_as_if_both_had_guided(seed: int, count: int, share: float, whole: bool) -> None:
    scores, weight = random_frames(count, 4, seed), 0.7
    found = beam_search(scores, CHARACTERS, EXACT, NgramGuide(FIRST, weight, whole), 1 << 20)
    mixed = SECOND if share == 1 else Mixture((FIRST, SECOND), (1 - share, share))
    guided = beam_search(scores, CHARACTERS, EXACT, NgramGuide(mixed, weight, whole), 1 << 20)
    again = Rescoring(Told(SECOND), share).rescored(found, CHARACTERS, FIRST, weight, whole)
    assert {h.labels: pytest.approx(h.score, abs=1e-6) for h in again} == {h.labels: h.score for h in guided}
    assert [h.score for h in again] == sorted((h.score for h in again), reverse=True)


@given(st.integers(0, 10**6))
def test_alone_it_is_added_to_what_the_picture_says(seed: int) -> None:
    scores = random_frames(3, 4, seed)
    found = beam_search(scores, CHARACTERS, EXACT, None, 1 << 20)
    guided = beam_search(scores, CHARACTERS, EXACT, NgramGuide(SECOND, 0.4), 1 << 20)
    again = Rescoring(Told(SECOND)).rescored(found, CHARACTERS, None, 0.4)
    assert {h.labels: pytest.approx(h.score, abs=1e-6) for h in again} == {h.labels: h.score for h in guided}


def test_decoding_weighs_what_the_beam_holds_and_gives_the_best() -> None:
    told, scores = Told(SECOND), random_frames(6, 4, 5)
    decoder = Decoder(beam=4, language_model=FIRST, rescoring=Rescoring(told), n_best=2)
    line = decode(scores, CHARACTERS, decoder)
    (asked,) = told.asked
    assert 2 < len(asked) <= 4 and len(line.others) == 1 and line.score >= line.others[0].score
    assert decode(scores, CHARACTERS, Decoder(rescoring=Rescoring(Told(SECOND)))).text


def test_it_can_overrule_the_model_that_guided() -> None:
    characters = ("", *sorted(set("the caret")))
    rows = np.full((14, len(characters)), -6.0)
    for place, character in enumerate("the ca"):
        rows[2 * place, characters.index(character)] = rows[2 * place + 1, 0] = 4.0
    rows[12, characters.index("r")] = rows[12, characters.index("t")] = 3.0
    rows[13, 0] = 4.0
    scores = log_softmax(rows)
    cat, car = train_ngram(["the cat"] * 9), train_ngram(["the car"] * 9)
    guided = Decoder(language_model=cat)
    assert decode(scores, characters, guided).text == "the cat"
    overruled = Decoder(language_model=cat, rescoring=Rescoring(Told(car), 0.95))
    assert decode(scores, characters, overruled).text == "the car"


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, math.nan])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(SettingsError):
        Rescoring(Told(FIRST), share)


def test_an_open_foreteller_is_a_language_and_stands_beside_the_shipped_one() -> None:
    read = default_alphabet().characters

    def shown(text: str, doubt: tuple[int, str]) -> NDArray[np.float32]:
        """Frames that show a text surely, but for one place where another character looks a little likelier."""
        rows = np.full((2 * len(text), len(read)), -8.0)
        for place, character in enumerate(text):
            rows[2 * place, read.index(character)] = rows[2 * place + 1, 0] = 6.0
        rows[2 * doubt[0], [read.index(text[doubt[0]]), read.index(doubt[1])]] = 5.0, 5.5
        return log_softmax(rows)

    told = Told(train_ngram(["彼は学校に行きました。", "学校が好きです。"] * 5))
    decoder = line_decoder(Prior(told), read)
    assert decoder.again is told and decoder.fusion is FUSION
    assert decoder.decode(shown("彼は学校に行きました。", (3, "枚"))).text == "彼は学校に行きました。"
    assert told.asked and all("学" in text for text in told.asked[0])
    told.asked.clear()
    # Of a script that it does not know it says nothing; the shipped model does.
    assert decoder.decode(shown("la ville de Paris", (3, "r"))).text == "la ville de Paris"
    assert not told.asked
    assert BOUNDARY in told.labels
