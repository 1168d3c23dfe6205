"""Named policies that make two texts comparable: Unicode form, width, spaces, dashes, quotes, case and accents.

A policy is a row of small steps, each `str -> str`. Both sides of a comparison, and training text, go through the same
policy, so a policy may only join what the ink cannot tell apart or what nobody counts as a reading error.

What "standard" decides for Japanese, and why:

* Width is a property of the encoding, not of the ink: `１２` and `12`, `（` and `(`, `ｶﾞ` and `ガ`, the ideographic
  space and the plain one are the same. Exactly the Unicode <wide> and <narrow> mappings are folded, so `①`, `㌔`, `ﬁ`
  and `²`, which NFKC takes apart, stay themselves.
* Fullwidth `～` becomes the wave dash `〜`, not `~`: the two stand for one JIS character that conversion tables split.
* Spaces in unspaced script are layout: a space is dropped between two CJK characters, and between a CJK character and
  punctuation (`です！　そして`). Between a CJK and a Latin letter or a digit it stays.
* The long vowel mark `ー` is a letter and never joins the dashes; nor does the numeral `一`.

Even "nfc" is not without effect on kanji: Unicode makes compatibility ideographs (U+F900 ff.) canonical variants, so it
turns them into their unified forms. Only "none" keeps them.
"""

import difflib
import unicodedata
from collections.abc import Callable

import regex  # type: ignore[import-untyped]

from tenarai.errors import SettingsError

Step = Callable[[str], str]

_HYPHENS = "\u02d7\u2010\u2011\u2012\u2013\u2043\u2212\ufe63\uff0d"  # up to the en dash: one short stroke by hand
_DASHES = "\u2014\u2015\u2500\u2501\ufe58"  # JIS tables disagree on 2014 and 2015; typists take the box line for either
_WAVES = "\u223c\u301c\u3030\uff5e"
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u301d\u301e\u301f"
# Encoding without ink. The joiners U+200C and U+200D stay: they change what is written in Persian, Indic and emoji.
_INVISIBLE = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"

_CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\u3001-\u303f\u3040-\u30ff"
_LAYOUT_SPACE = regex.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}\p{{P}}\p{{S}}])|(?<=[\p{{P}}\p{{S}}]) (?=[{_CJK}])")
_DASH_IN_KATAKANA = regex.compile(r"(?<=[\u30a1-\u30fa])[-—]")
_NEITHER_LETTER_NOR_DIGIT = regex.compile(r"[^\p{L}\p{N}\p{Mn}\p{Mc}\s]|[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Alphabets only: elsewhere the marks are letters in their own right (か and が, Indic vowels).
_ACCENTS = regex.compile(r"(?<=[\p{Latin}\p{Greek}\p{Cyrillic}])\p{Mn}+")


def _width_table() -> dict[int, str]:
    table = {}
    for code in (0x3000, *range(0xFF00, 0xFFF0)):
        kind, *points = unicodedata.decomposition(chr(code)).split() or [""]
        if kind in ("<wide>", "<narrow>"):
            table[code] = "".join(chr(int(point, 16)) for point in points)
    table[0xFF5E] = "〜"
    return table


_WIDTH = _width_table()
_STROKES = str.maketrans(
    dict.fromkeys(_HYPHENS, "-") | dict.fromkeys(_DASHES, "—") | dict.fromkeys(_WAVES, "〜"),
)
_QUOTES = str.maketrans(dict.fromkeys(_SINGLE_QUOTES, "'") | dict.fromkeys(_DOUBLE_QUOTES, '"'))
_NOTHING = str.maketrans(dict.fromkeys(_INVISIBLE, ""))


def nfc(text: str) -> str:
    """Canonical composition (Unicode Standard Annex 15)."""
    return unicodedata.normalize("NFC", text)


def nfkc(text: str) -> str:
    """Compatibility composition (Unicode Standard Annex 15)."""
    return unicodedata.normalize("NFKC", text)


def invisible(text: str) -> str:
    """Drops what leaves no ink: zero-width space, soft hyphen, byte order and direction marks."""
    return text.translate(_NOTHING)


def width(text: str) -> str:
    """Fullwidth Latin, digits and signs to halfwidth, halfwidth kana to fullwidth."""
    return text.translate(_WIDTH)


def dashes(text: str) -> str:
    """Hyphens, minus and en dash to `-`; em dash, bar and box line to `—`; wave dashes to `〜`."""
    return text.translate(_STROKES)


def quotes(text: str) -> str:
    """Curly, low and prime quotation marks to `'` and `"`; the Japanese brackets `「」『』` stay."""
    return text.translate(_QUOTES)


def spaces(text: str) -> str:
    """Every run of white space, line ends too, to one space; none at the ends; none that is only CJK layout."""
    return str(_LAYOUT_SPACE.sub("", " ".join(text.split())))


def long_vowels(text: str) -> str:
    """A dash right after katakana is read as the long vowel mark `ー`."""
    return str(_DASH_IN_KATAKANA.sub("ー", text))


def case(text: str) -> str:
    """Full case folding."""
    return text.casefold()


def letters(text: str) -> str:
    """Keeps letters, digits, their marks and white space; drops punctuation, symbols and variation selectors."""
    return str(_NEITHER_LETTER_NOR_DIGIT.sub("", text))


def accents(text: str) -> str:
    """Drops the marks on Latin, Greek and Cyrillic letters; kana keep their voicing marks. The result is NFC."""
    return nfc(_ACCENTS.sub("", unicodedata.normalize("NFD", text)))


_RECIPES: dict[str, tuple[str, tuple[Step, ...]]] = {
    "none": ("the text as it is", ()),
    "nfc": ("Unicode NFC and nothing else", (nfc,)),
    "standard": (
        "NFC; one width; one kind of hyphen, dash, wave dash and quote; single spaces, none inside Japanese",
        (invisible, width, dashes, quotes, nfc, spaces, nfc),
    ),
    "nfkc": ("Unicode NFKC: also takes apart circled numbers, squared words, ligatures and superscripts", (nfkc,)),
    "loose": (
        "letters and digits only, single spaces between words; case, accents, width and dashes are folded",
        (nfkc, invisible, dashes, long_vowels, case, nfkc, letters, accents, spaces, nfkc),
    ),
}

POLICIES: dict[str, str] = {name: description for name, (description, _) in _RECIPES.items()}
"""Name of every policy and what it does, in a line."""


def normalise(text: str, policy: str = "nfc") -> str:
    """`text` under the named policy; doing it twice changes nothing more.

    Raises SettingsError for a policy that is not in POLICIES.
    """
    if policy not in _RECIPES:
        near = difflib.get_close_matches(policy.lower(), _RECIPES, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(_RECIPES)}."
        raise SettingsError(f"There is no text policy {policy!r}: {advice}")
    _, steps = _RECIPES[policy]
    for step in steps:
        text = step(text)
    return text
