"""Patterns against Python's own regular expressions, and the likeliest path against all paths."""

import re
import time

import numpy as np
import pytest
from ctc_frames import every_text, small_frames
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenarai.errors import SettingsError
from tenarai.text.alphabet import default_alphabet
from tenarai.text.pattern import FIELDS, compile_pattern
from tenarai.text.route import likeliest_path

KNOWN = "ab01-手"
CHARACTERS = ("", "a", "b", "1")

atoms = st.sampled_from(["a", "b", "手", r"\d", ".", "[a-b]", "[^a0]", r"\-", "[01-]"])
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,}", "{0}"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150)
@given(expressions, st.lists(st.text(KNOWN, max_size=6), min_size=1, max_size=20))
def test_a_pattern_admits_what_re_admits(expression: str, texts: list[str]) -> None:
    try:
        pattern = compile_pattern(expression, KNOWN)
    except SettingsError as error:
        assert "empty text" in str(error)
        assert not any(re.fullmatch(expression, text) for text in texts if text)
        return
    for text in texts:
        assert pattern.admits(text) == bool(re.fullmatch(expression, text))


@settings(deadline=None, max_examples=60)
@given(expressions, st.text(KNOWN, max_size=5))
def test_every_state_can_end_and_says_how_soon(expression: str, text: str) -> None:
    try:
        pattern = compile_pattern(expression, KNOWN)
    except SettingsError:
        return
    state = pattern.start
    for character in text:
        step = pattern.step(state, character)
        if step is None:
            break
        state = step[0]
    wanted = pattern.least(state)
    assert (wanted == 0) == (pattern.end(state) == 0)
    if wanted:
        assert min(pattern.least(after) for after in pattern.steps[state].values()) == wanted - 1


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("digits", ["0", "0123456"], ["", "1a"]),
        ("date", ["2024-02-29", "1999/12/1"], ["2024-13-01", "24-1-1", "2024-1-32"]),
        ("date-ja", ["令和元年5月1日", "2024年12月31日", "昭和64年1月7日"], ["令和5月1日", "2024年13月1日"]),
        ("postcode-ja", ["〒100-0001", "100-0001"], ["1000001", "〒100-001"]),
        ("telephone", ["03-1234-5678", "+81 3 1234 5678", "(03) 1234-5678"], ["-03", "abc", "1"]),
        ("amount", ["1,234,567円", "¥ 980", "12.50€"], ["1,23円", "円"]),
    ],
)
def test_fields_by_name(name: str, good: list[str], bad: list[str]) -> None:
    pattern = compile_pattern(name, default_alphabet().characters)
    assert all(map(pattern.admits, good)) and not any(map(pattern.admits, bad))
    assert name in FIELDS


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("x", "admits no text"),
        ("a[^ab01手-]", "admits no text"),
        ("", "empty text"),
        ("a{0}", "empty text"),
        ("(a", "not closed"),
        ("a)", "closes nothing"),
        ("[a", "not closed"),
        ("*a", "repeats nothing"),
        ("a**", "repeated"),
        ("a{2", "repetition is written"),
        ("a{x}", "repetition is written"),
        ("a{3,2}", "does not fall"),
        ("a{99999}", "goes up to"),
        (r"\w", "not known here"),
        ("a\\", "not known here"),
        ("[b-a]", "no range"),
        ("((a{99}){99}){99}", "5000 states"),
        ("(a|b)*a(a|b){14}", "5000 states"),
        ("(" * 3000 + "a" + ")" * 3000, "nested|states"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(expression: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what) as raised:
        compile_pattern(expression, KNOWN)
    assert str(raised.value).endswith(".")


def test_a_greedy_pattern_does_not_hang() -> None:
    start = time.process_time()
    with pytest.raises(SettingsError, match="instead of a dot"):
        compile_pattern("(.|a)*a.{14}", default_alphabet().characters)
    assert time.process_time() - start < 20


@settings(deadline=None, max_examples=80)
@given(small_frames(), expressions)
def test_the_likeliest_path_is_found(log_probs: NDArray[np.float32], expression: str) -> None:
    try:
        pattern = compile_pattern(expression, CHARACTERS)
    except SettingsError:
        return
    _, best = every_text(log_probs)
    values = {t: score for t, score in best.items() if pattern.admits("".join(CHARACTERS[i] for i in t))}
    found = likeliest_path(log_probs, CHARACTERS, pattern)
    if not values:
        assert found is None
        return
    assert found is not None
    labels, score = found
    assert score == pytest.approx(max(values.values()), abs=1e-4)
    assert values[labels] == pytest.approx(score, abs=1e-4)
