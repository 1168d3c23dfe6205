"""Character codes to Unicode: JIS X 0201 and JIS X 0208 against Python's codecs, CO-59 against its list."""

import unicodedata
from collections import Counter

import numpy as np
import pytest

from tenarai.dataset.co59 import CHART, chart
from tenarai.dataset.jis import characters, co_59, hiragana, jis_x_0201, jis_x_0208, latin, t56


def text(points: np.ndarray) -> str:
    return "".join(characters(points))


def test_jis_x_0201_is_ascii_but_for_two_codes() -> None:
    codes = np.arange(0x20, 0x7F)
    expected = bytes(codes.tolist()).decode("ascii").replace("\\", "¥").replace("~", "‾")
    assert text(jis_x_0201(codes)) == expected


def test_jis_x_0201_katakana_come_in_ordinary_width() -> None:
    codes = np.arange(0xA1, 0xDE)
    assert text(jis_x_0201(codes)) == unicodedata.normalize("NFKC", bytes(codes.tolist()).decode("shift_jis"))
    # NFKC would make these two combining marks; what is written in the box is the mark itself.
    assert text(jis_x_0201(np.array([0xDE, 0xDF]))) == "゛゜"


def test_jis_x_0201_has_nothing_elsewhere() -> None:
    codes = np.array([*range(0x20), 0x7F, *range(0x80, 0xA1), *range(0xE0, 0x100)])
    assert not jis_x_0201(codes).any()


def test_jis_x_0208_agrees_with_iso_2022_jp() -> None:
    codes = np.array([row << 8 | cell for row in range(0x21, 0x7F) for cell in range(0x21, 0x7F)])
    for code, character in zip(codes.tolist(), characters(jis_x_0208(codes)).tolist(), strict=True):
        expected = (b"\x1b$B" + code.to_bytes(2, "big") + b"\x1b(B").decode("iso2022_jp", "ignore")
        # The codecs differ in the slash and the wave alone.
        assert character == expected or code in (0x2140, 0x2141), hex(code)


def test_jis_x_0208_counts() -> None:
    every = jis_x_0208(np.arange(0x10000))
    assert np.count_nonzero(every) == 6879
    assert np.count_nonzero(every[0x3021:0x4F54]) == 2965  # the kanji of level 1, which ETL9 has
    assert not every[[0, 0x2020, 0x2121 | 0x8080, 0xFFFF]].any()


@pytest.mark.parametrize(("code", "character"), [(0x3021, "亜"), (0x303D, "綾"), (0x2422, "あ"), (0x4F53, "腕")])
def test_codes_on_the_pages_of_aist(code: int, character: str) -> None:
    assert text(jis_x_0208(np.array([code]))) == character


def test_co_59_has_2304_slots_and_no_slip() -> None:
    rows = CHART.split()
    assert len(rows) == 96
    assert {len(row) for row in rows} == {24}
    count = Counter(text(chart()[chart() > 0]))
    # As in AIST's list: these seven stand in it twice, and 124 slots have no character.
    assert {character for character, times in count.items() if times > 1} == set("滅輪薄粉李微慎")
    assert max(count.values()) == 2
    assert (len(count), count.total()) == (2173, 2180)


def test_co_59_is_made_of_jis_characters() -> None:
    known = set(text(jis_x_0208(np.arange(0x10000))))
    assert set(text(chart()[chart() > 0])) <= known | set("‖")


@pytest.mark.parametrize(
    ("character", "c1", "c2"),
    [
        ("上", 4, 4), ("両", 20, 4), ("面", 24, 4), ("中", 6, 4), ("催", 5, 4), ("公", 7, 4), ("同", 27, 4),
        ("争", 4, 6), ("合", 4, 5), ("作", 4, 7), ("回", 4, 8), ("外", 4, 10), ("ん", 19, 15), ("参", 9, 19),
        ("〇", 13, 21), ("泥", 4, 36), ("％", 19, 45), ("●", 7, 47), ("◎", 27, 47), ("Ａ", 5, 50), ("×", 27, 51),
        ("壱", 21, 51), ("黄", 27, 59), ("丈", 36, 4), ("ン", 51, 15), ("・", 59, 15), ("丙", 36, 36), ("９", 51, 44),
        ("々", 55, 51), ("栃", 36, 51), ("歯", 51, 59), ("亀", 59, 59), ("", 15, 17), ("", 0, 0), ("", 63, 63),
    ],
)  # fmt: skip
def test_co_59_rows(character: str, c1: int, c2: int) -> None:
    assert text(co_59(np.array([c1 * 64 + c2]))) == character


def test_hiragana_are_the_katakana_of_the_same_sound() -> None:
    points = np.array([ord(character) for character in "アンヰヱヲヴッー゛゜・A亜"], np.uint32)
    assert text(hiragana(points)) == "あんゐゑをゔっー゛゜・A亜"


def test_names() -> None:
    assert t56(np.array([[24, 16, 34, 17], [50, 16, 16, 48]])).tolist() == ["H KA", "S  +"]
    assert latin(np.array([[0x4B, 0x41], [0x20, 0x41]])).tolist() == ["KA", " A"]
    assert latin(np.array([[0x41, 0x2E, 0x48, 0x49]])).tolist() == ["A.HI"]
