"""Named alphabets: what "katakana" stands for, and how a slip is told from a set of characters."""

import unicodedata

import pytest

from tenarai.errors import AlphabetError
from tenarai.text.alphabet import default_alphabet
from tenarai.text.script import SMALL, characters_of, is_kanji, scripts


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("hiragana", "あんっゝゔー", "アa1漢。"),
        ("katakana", "アンッヽヶー", "あa1漢。"),
        ("kana", "あアーッ", "a1漢"),
        ("kanji", "漢亜々𠮟", "あアa1"),
        ("japanese", "漢あア。「", "a1"),
        ("digits", "0189", "aあ一"),
        ("letters", "azAZ", "é1あ"),
        ("latin", "azéœß", "1あ"),
        ("ascii", "a1!~", " éあ"),
        ("kana+digits", "あ0", "a漢"),
    ],
)
def test_names_stand_for_their_characters(name: str, inside: str, outside: str) -> None:
    found = characters_of(name)
    assert set(inside) <= found and not set(outside) & found


def test_every_named_character_can_be_read() -> None:
    known = set(default_alphabet().characters)
    for name, characters in scripts().items():
        assert characters <= known, name


def test_anything_else_is_the_characters_themselves() -> None:
    assert characters_of("abc") == {"a", "b", "c"}
    assert characters_of("a+b") == {"a", "+", "b"}
    assert characters_of("+") == {"+"}
    assert characters_of(["はい", "いいえ"]) == set("はいえ")


@pytest.mark.parametrize("wrong", ["", [], "hirgana", "kana+digit", "kanjis"])
def test_slips_are_named(wrong: object) -> None:
    with pytest.raises(AlphabetError):
        characters_of(wrong)  # type: ignore[arg-type]


def test_small_kana_belong_to_their_large_ones() -> None:
    for small, large in SMALL.items():
        assert unicodedata.name(small).replace("SMALL ", "") == unicodedata.name(large)


def test_kanji_are_told_from_other_characters() -> None:
    assert all(map(is_kanji, "漢々〆〇𠮟龍")) and not any(map(is_kanji, "あア1aー。"))
