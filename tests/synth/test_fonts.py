"""Handwriting fonts, tested on one made here: real glyphs, a glyph that is empty, and one that is missing."""

from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from tenarai.errors import DataError
from tenarai.synth import fonts
from tenarai.synth.fonts import EM, HandFont, find_fonts

UNITS = 1000


def box(left: int, bottom: int, right: int, top: int) -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((left, bottom))
    for point in ((left, top), (right, top), (right, bottom)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def build(path: Path) -> Path:
    """国: a box 800 wide and 600 high; x: a narrow one; é: in the table but empty; あ: the glyph that says missing."""
    empty = TTGlyphPen(None).glyph()
    missing = box(100, 0, 500, 700)
    glyphs = {
        ".notdef": missing,
        "kanji": box(100, 0, 900, 600),
        "letter": box(50, 0, 250, 300),
        "hollow": empty,
        "space": empty,
    }
    widths = {".notdef": (600, 100), "kanji": (1000, 100), "letter": (300, 50), "hollow": (500, 0), "space": (250, 0)}
    builder = FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(
        {ord("国"): "kanji", ord("x"): "letter", ord("é"): "hollow", ord(" "): "space", ord("あ"): ".notdef"}
    )
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(widths)
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Tiny", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(str(path))
    return path


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> HandFont:
    return HandFont(build(tmp_path_factory.mktemp("fonts") / "tiny.ttf"))


def test_a_real_glyph_is_drawn(font: HandFont) -> None:
    mask = font.mask("国")
    assert mask is not None
    assert mask.ink.dtype == np.uint8 and mask.ink.max() == 255
    assert mask.advance == pytest.approx(EM, abs=0.5)
    rows, columns = np.nonzero(mask.ink > 128)
    # The ink, placed from the pen on the ascender line: 0.1 to 0.9 em across, 0.2 to 0.8 em under it.
    assert mask.left + columns.min() == pytest.approx(0.1 * EM, abs=1)
    assert mask.left + columns.max() + 1 == pytest.approx(0.9 * EM, abs=1)
    assert mask.top + rows.min() == pytest.approx(0.2 * EM, abs=1)
    assert mask.top + rows.max() + 1 == pytest.approx(0.8 * EM, abs=1)
    assert len(rows) == pytest.approx(0.8 * EM * 0.6 * EM, rel=0.05)


def test_words_advance_by_their_letters(font: HandFont) -> None:
    one, three = font.mask("x"), font.mask("xxx")
    assert one is not None and three is not None
    assert one.advance == pytest.approx(0.3 * EM, abs=0.5)
    assert three.advance == pytest.approx(3 * one.advance, abs=1)
    assert three.ink.shape[1] == pytest.approx(one.ink.shape[1] + 0.6 * EM, abs=2)
    spaced = font.mask("x x")
    assert spaced is not None and (spaced.ink.max(axis=0) == 0).sum() > 0.25 * EM


@pytest.mark.parametrize("character", ["é", "あ", "漢", "\U0001f600"])
def test_glyphs_without_a_drawing_are_found_out(font: HandFont, character: str) -> None:
    """Empty though the table claims it; the sign for missing; not in the table at all."""
    assert font.mask(character) is None
    assert not font.has(character)
    assert font.mask(f"x{character}") is None


def test_what_the_font_has(font: HandFont) -> None:
    assert font.has("国") and font.has("x") and font.has(" ")


def test_the_middle_is_that_of_a_kanji(font: HandFont) -> None:
    assert font.middle == pytest.approx(0.5 * EM, abs=1)  # the box of 国 runs from 0.2 to 0.8 em under the ascender


def test_masks_are_kept_but_not_for_ever(font: HandFont, monkeypatch: pytest.MonkeyPatch) -> None:
    assert font.mask("国") is font.mask("国")
    monkeypatch.setattr(fonts, "KEPT", 3)
    again = HandFont(font.path)
    before = again.mask("x")
    for count in range(2, 9):
        again.mask("x" * count)
    after = again.mask("x")
    assert before is not None and after is not None
    assert len(again._masks) <= 4
    np.testing.assert_array_equal(before.ink, after.ink)


@pytest.mark.parametrize("content", [b"", b"not a font", b"\x00\x01\x00\x00" + b"\x00" * 40])
def test_a_file_that_is_no_font_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.ttf").write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.ttf"):
        HandFont(tmp_path / "bad.ttf")


def test_a_missing_font_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.ttf"):
        HandFont(tmp_path / "gone.ttf")


def test_fonts_are_found_in_a_folder_and_below(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.ttf", "a.OTF", "deep/c.ttc", "readme.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [p.name for p in find_fonts(tmp_path)] == ["a.OTF", "b.ttf", "c.ttc"]


def test_a_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(DataError, match=r"no \.ttf or \.otf"):
            find_fonts(folder)
