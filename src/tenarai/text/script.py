"""Named sets of characters: what a user means by "katakana" or "digits"."""

from collections.abc import Iterable
from functools import cache

from tenarai.errors import AlphabetError
from tenarai.text.alphabet import ASCII, HIRAGANA, JAPANESE_PUNCTUATION, KATAKANA, LATIN_ACCENTS, default_alphabet

DIGITS = "0123456789"
LETTERS = "".join(c for c in ASCII if c.isalpha())
# The small kana of each large one: alone in a picture they differ in size only.
SMALL = dict(
    zip(
        "ぁぃぅぇぉゕゖっゃゅょゎァィゥェォヵヶッャュョヮ",
        "あいうえおかけつやゆよわアイウエオカケツヤユヨワ",
        strict=True,
    )
)


@cache
def scripts() -> dict[str, frozenset[str]]:
    """The names that are understood, and their characters."""
    hiragana, katakana = frozenset(HIRAGANA) - {"ゟ"}, frozenset(KATAKANA)
    kanji = frozenset(c for c in default_alphabet().characters if is_kanji(c))
    return {
        "hiragana": hiragana | {"ー"},
        "katakana": katakana | {"ー"},
        "kana": hiragana | katakana | {"ー"},
        "kanji": kanji,
        "japanese": hiragana | katakana | kanji | frozenset(JAPANESE_PUNCTUATION),
        "digits": frozenset(DIGITS),
        "letters": frozenset(LETTERS),
        "latin": frozenset(LETTERS + LATIN_ACCENTS),
        "ascii": frozenset(ASCII) - {" "},
    }


def is_kanji(character: str) -> bool:
    """Ideographs, and the marks that repeat or stand for them."""
    return "㐀" <= character <= "鿿" or "\U00020000" <= character <= "\U0003ffff" or character in tuple("々〆〇")


def is_japanese(character: str) -> bool:
    """Letters of Japanese: kana with the long vowel mark, and ideographs."""
    return ("ぁ" <= character <= "ヿ" and character not in "゛゜゠・") or is_kanji(character)


def characters_of(alphabet: str | Iterable[str]) -> frozenset[str]:
    """The characters that a name ("hiragana", "katakana", "kana", "kanji", "japanese", "digits", "letters", "latin",
    "ascii"), several names joined by "+" ("kana+digits"), or any characters themselves stand for.

    Raises AlphabetError when there is none, or when a part of a sum is no name.
    """
    known = scripts()
    if isinstance(alphabet, str):
        names = alphabet.split("+") if len(alphabet) > 1 else [alphabet]
        if all(name in known for name in names):
            return frozenset().union(*(known[name] for name in names))
        wrong = next((name for name in names if name not in known), "")
        # "a+b" is a set of three characters, "kana+digit" is a slip of the pen.
        if any(name in known for name in names) or (len(alphabet) > 3 and alphabet.isascii() and alphabet.isalpha()):
            raise AlphabetError(f"There is no alphabet {wrong!r}: name {', '.join(known)}, or give the characters.")
    found = frozenset(character for part in alphabet for character in part)
    if not found:
        raise AlphabetError("An alphabet to read with needs at least one character.")
    return found
