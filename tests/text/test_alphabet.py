"""The codec's law, and what the default alphabet must hold."""

import string
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import AlphabetError
from tenarai.text.alphabet import BLANK, JOYO_2010, Alphabet, default_alphabet, jis_level_1

DEFAULT = default_alphabet()

texts = st.text(st.sampled_from(DEFAULT.characters[1:]), max_size=40)
character_sets = st.lists(st.characters(codec="utf-8"), max_size=30)


# The law of the codec


@settings(deadline=None)
@given(texts)
def test_decode_undoes_encode(text: str) -> None:
    labels = DEFAULT.encode(text)
    assert len(labels) == len(text)
    assert all(0 < label < len(DEFAULT) for label in labels)
    assert DEFAULT.decode(labels) == text


@settings(deadline=None)
@given(st.lists(st.integers(1, len(DEFAULT) - 1), max_size=40))
def test_encode_undoes_decode(labels: list[int]) -> None:
    assert DEFAULT.encode(DEFAULT.decode(labels)) == labels


@settings(deadline=None)
@given(character_sets)
def test_any_characters_make_an_alphabet_without_repeats(characters: list[str]) -> None:
    alphabet = Alphabet.of(characters)
    assert alphabet.characters == ("", *sorted(set(characters), key=characters.index))
    assert alphabet.encode("".join(characters)) == [alphabet.labels[c] for c in characters]


@settings(deadline=None)
@given(character_sets, character_sets)
def test_an_extension_keeps_every_known_label(known: list[str], new: list[str]) -> None:
    before = Alphabet.of(known)
    after = before.extended(new)
    assert after.characters[: len(before)] == before.characters
    assert set(after.characters) == set(before.characters) | set(new)
    assert after.encode("".join(known)) == before.encode("".join(known))
    assert after.extended(new) == after


def test_the_blank_is_first_and_no_character() -> None:
    assert BLANK == 0 and DEFAULT.characters[0] == ""
    assert "" not in DEFAULT
    assert DEFAULT.decode([BLANK, *DEFAULT.encode("手"), BLANK, BLANK, *DEFAULT.encode("習")]) == "手習"
    assert Alphabet.of("").characters == ("",)


def test_alphabets_are_equal_by_their_characters() -> None:
    assert Alphabet.of("ab") == Alphabet.of("abab") != Alphabet.of("ba")
    assert len({Alphabet.of("ab"), Alphabet.of("ab"), Alphabet.of("ba")}) == 2


# What is refused


def test_unknown_characters_are_named() -> None:
    alphabet = Alphabet.of("abc")
    assert alphabet.missing("xaybyx") == "xy"
    with pytest.raises(AlphabetError) as caught:
        alphabet.encode("aあb字cあ")
    message = str(caught.value)
    assert "'あ' (U+3042)" in message and "'字' (U+5B57)" in message
    assert message.count("U+3042") == 1 and "'a' (" not in message


def test_a_long_row_of_unknown_characters_does_not_flood_the_message() -> None:
    with pytest.raises(AlphabetError) as caught:
        Alphabet.of("a").encode("".join(chr(0x4E00 + i) for i in range(500)))
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("label", [-1, 4, 10_000])
def test_labels_outside_are_refused(label: int) -> None:
    with pytest.raises(AlphabetError, match="0 to 3"):
        Alphabet.of("abc").decode([1, label])


@pytest.mark.parametrize("characters", [(), ("a", "b"), ("", "a", "a"), ("", "ab"), ("", "か\u3099"), ("", "a", "")])
def test_an_alphabet_that_contradicts_itself_is_refused(characters: tuple[str, ...]) -> None:
    with pytest.raises(AlphabetError):
        Alphabet(characters)


# What the default alphabet holds


def test_it_holds_all_kana() -> None:
    kana = [chr(c) for c in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB))]
    assert all("ANA LETTER" in unicodedata.name(c) for c in kana)
    # Small and voiced ones are among them, by name rather than by place in the table.
    assert sum("SMALL" in unicodedata.name(c) for c in kana) == 2 * 12
    assert {"が", "ぱ", "ゔ", "ヴ", "ゎ", "ヮ", "ヵ", "ヶ", "ゐ", "ヱ"} <= set(kana)
    assert DEFAULT.missing("".join(kana)) == ""
    assert DEFAULT.missing("ーゝゞヽヾ々") == ""


def test_it_holds_jis_level_1() -> None:
    kanji = jis_level_1()
    assert len(kanji) == len(set(kanji)) == 2965
    assert kanji[0] == "亜" and kanji[-1] == "腕"
    assert all(unicodedata.name(c).startswith("CJK UNIFIED IDEOGRAPH") for c in kanji)
    assert DEFAULT.missing(kanji) == ""


def test_it_holds_the_kanji_that_joined_the_joyo_list_in_2010() -> None:
    assert len(JOYO_2010) == len(set(JOYO_2010)) == 196
    assert {"𠮟", "塡", "剝", "頰"} <= set(JOYO_2010)  # the four outside JIS X 0208
    assert DEFAULT.missing(JOYO_2010) == ""


@pytest.mark.parametrize(
    "text",
    [
        string.ascii_letters + string.digits + string.punctuation + " ",
        "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ«»’…–",  # French
        "äöüßÄÖÜ„“‚‘",  # German
        "áéíñóúüÁÉÍÑÓÚÜ¿¡ªº",  # Spanish
        "、。，．・：；？！ー〜（）「」『』【】〔〕〈〉《》…‥々〆〇〒※",  # Japanese
        "國學實寶來處廣澤邊齋濱髙﨑",  # old forms and names
    ],
)
def test_it_holds_what_people_write(text: str) -> None:
    assert DEFAULT.missing(text) == ""


def test_its_characters_are_single_code_points_in_nfc_and_leave_ink() -> None:
    for character in DEFAULT.characters[1:]:
        assert len(character) == 1
        assert unicodedata.normalize("NFC", character) == character
        assert unicodedata.category(character)[0] in "LNPS" or character == " "
