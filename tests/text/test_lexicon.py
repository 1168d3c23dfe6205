"""Lexicons against plain sets of words, and searches against all texts that they allow."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from ctc_frames import every_text, small_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.beam import EXACT, beam_search
from tenarai.text.lexicon import (
    EntryGuide,
    Lexicon,
    OpenWordGuide,
    WordGuide,
    bigrams_of,
    lexicon_of,
    open_lexicon,
)
from tenarai.text.trie import ROOT

CHARACTERS = ("", "a", "b", " ")
word_lists = st.lists(st.text("ab手", max_size=6), min_size=1, max_size=30).filter(any)


def walk(lexicon: Lexicon, text: str) -> int | None:
    node = ROOT
    for character in text:
        node = lexicon.child(node, character)
        if node == ROOT:
            return None
    return node


@settings(deadline=None, max_examples=60)
@given(word_lists, st.text("ab手x", max_size=7))
def test_a_lexicon_is_a_set_with_beginnings(words: list[str], text: str) -> None:
    lexicon = lexicon_of(words)
    known = sorted(set(words) - {""})
    assert len(lexicon) == len(known) and lexicon.letters == frozenset("".join(known))
    assert [lexicon.number(word) for word in known] == list(range(len(known)))
    assert (text in lexicon) == (text in known)
    node = walk(lexicon, text)
    lengths = [len(word) - len(text) for word in known if word.startswith(text)]
    assert (node is not None) == (bool(lengths) or text == "")
    if node is not None:
        assert lexicon.least_to_end(node) == min(lengths)
        assert lexicon.ends(node) == (0 in lengths)
    assert lexicon.trie.sound()


def texts_found(log_probs: NDArray[np.float32], guide: EntryGuide | WordGuide) -> dict[str, float]:
    found = beam_search(log_probs, CHARACTERS, EXACT, guide, 100_000)
    return {"".join(CHARACTERS[i] for i in h.labels): h.score for h in found}


def allowed_texts(log_probs: NDArray[np.float32], pattern: str) -> dict[str, float]:
    total, _ = every_text(log_probs)
    texts = {"".join(CHARACTERS[i] for i in labels): score for labels, score in total.items()}
    return {text: score for text, score in texts.items() if re.fullmatch(pattern, text)}


@settings(deadline=None, max_examples=30)
@given(small_frames())
def test_an_entry_is_one_of_the_list(log_probs: NDArray[np.float32]) -> None:
    lexicon = lexicon_of(["a", "ab", "bb", "a b"])
    wanted = allowed_texts(log_probs, "a|ab|bb|a b")
    assert texts_found(log_probs, EntryGuide(lexicon)) == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(small_frames())
def test_running_text_is_made_of_words(log_probs: NDArray[np.float32]) -> None:
    lexicon = lexicon_of(["ab", "b"])
    wanted = allowed_texts(log_probs, " *((ab|b) +)*(ab|b)?")
    assert texts_found(log_probs, WordGuide(lexicon)) == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(small_frames(most=6))
def test_bigrams_score_whole_words(log_probs: NDArray[np.float32]) -> None:
    lexicon = lexicon_of(["ab", "b", "a"])
    bigrams = bigrams_of(lexicon, [["ab", "b"], ["b"], ["a", "?", "ab"]])
    wanted = allowed_texts(log_probs, " *((ab|b|a) +)*(ab|b|a)?")
    for text in wanted:
        before = len(lexicon)
        for word in text.split():
            number = lexicon.number(word)
            assert number is not None
            wanted[text] += 0.7 * bigrams.score(before, number)
            before = number
    assert texts_found(log_probs, WordGuide(lexicon, bigrams, 0.7)) == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from(["ab", "b", "ba", "unknown"]), max_size=5), max_size=8))
def test_what_follows_a_word_sums_to_one(texts: list[list[str]]) -> None:
    lexicon = lexicon_of(["ab", "b", "ba", "aa"])
    bigrams = bigrams_of(lexicon, texts)
    for before in range(len(lexicon) + 1):
        assert sum(math.exp(bigrams.score(before, word)) for word in range(len(lexicon))) == pytest.approx(1)


def test_pairs_that_were_seen_are_likelier() -> None:
    lexicon = lexicon_of(["good", "morning", "moaning"])
    bigrams = bigrams_of(lexicon, [["good", "morning"]])
    good, morning, moaning = (lexicon.number(word) or 0 for word in ("good", "morning", "moaning"))
    assert bigrams.score(good, morning) > bigrams.score(good, moaning)


def test_what_may_stand_between_words() -> None:
    guide = WordGuide(lexicon_of(["don't", "do", "3D"]))

    def admits(text: str) -> bool:
        state = guide.start
        for character in text:
            step = guide.step(state, character)
            if step is None:
                return False
            state = step[0]
        return guide.end(state) == 0

    assert all(map(admits, ("", "don't", "do, do!", "'do'", "12 do", "do-do", "3D")))
    assert not any(map(admits, ("d", "dot", "do é", "don'", "手", "dodo")))
    assert not WordGuide(lexicon_of(["do"]), free=frozenset()).step((ROOT, 0), "1")


def test_lists_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    for words, what in (([], "none"), ([""], "none"), (["a" * 256], "255"), (["\ud800"], "half a character")):
        with pytest.raises(DataError, match=what):
            lexicon_of(words)
    with pytest.raises(DataError, match="There is no"):
        open_lexicon(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1"))
    with pytest.raises(DataError, match="UTF-8"):
        open_lexicon(tmp_path / "latin.txt")
    with pytest.raises(SettingsError, match="weight"):
        WordGuide(lexicon_of(["a"]), weight=11)


def test_a_list_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes("\ufeffété\r\nNew York\n\nété\n".encode())
    lexicon = open_lexicon(tmp_path / "words.txt")
    assert len(lexicon) == 2 and "été" in lexicon and "New York" in lexicon


def test_many_words_stay_small() -> None:
    lexicon = lexicon_of(f"{number:x}" for number in range(100_000))
    arrays = (lexicon.trie.labels, lexicon.trie.first, lexicon.word, lexicon.least)
    assert sum(array.nbytes for array in arrays) < 15 * len(lexicon.trie)
    assert lexicon.number("ffff") is not None and "186a0" not in lexicon


def test_in_open_text_a_known_word_costs_nothing_and_an_unknown_one_once() -> None:
    guide = OpenWordGuide(lexicon_of(["la", "lait", "zoé", "Paris", "aujourd'hui"]), 2.0)

    def cost(text: str) -> float:
        state, total = guide.start, 0.0
        for character in text:
            state, score = guide.step(state, character)
            total += score
        assert guide.least(state) == 0
        return -(total + guide.end(state))

    for known in ("", "la", "La", "LA LAIT", "Zoé, la 12!", "Paris", "aujourd'hui", "3-4"):
        assert cost(known) == 0, known
    assert cost("lai") == cost("lai la") == 2  # found out at its end
    assert cost("laq") == pytest.approx(2.2) and cost("laqqq la") == pytest.approx(2.6)
    assert cost("paris") == pytest.approx(3) and cost("王") == 2.2
    assert cost("qq qq") == pytest.approx(4.8)
    with pytest.raises(SettingsError, match="unknown word"):
        OpenWordGuide(guide.lexicon, -1)
