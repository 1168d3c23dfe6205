"""Composed lines: every character where its box says, in reading order, as a hand sets it."""

from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.synth.fonts import HandFont
from tenarai.synth.hand import Hand
from tenarai.synth.line import TURNED, Composed, compose_font, compose_strokes, compose_words, is_cjk, is_kanji
from tenarai.synth.strokes import KanjiVG

SOURCES = (KanjiVG(),)
EM = 72.0


def neat(**changes: float) -> Hand:
    """A hand that sets every character in its square and every stroke where the book has it."""
    hand = Hand.sample(np.random.default_rng(0), 0.5)
    still = {f.name: 0.0 for f in fields(Hand) if f.name not in ("aspect", "kana", "latin", "small", "pen", "warp")}
    sizes = {"aspect": 1.0, "kana": 1.0, "latin": 1.0, "small": 1.0, "pen": 0.05}
    return replace(hand, **{**still, **sizes, **changes}, warp=np.zeros((6, 2), np.float32))


def pen(text: str, hand: Hand | None = None, seed: int = 0, vertical: bool = False) -> Composed:
    found = compose_strokes(text, SOURCES, hand or neat(), np.random.default_rng(seed), vertical=vertical, em=EM)
    assert found is not None
    return found


def middles(composed: Composed) -> npt.NDArray[np.float64]:
    return np.array([((left + right) / 2, (top + bottom) / 2) for _, left, top, right, bottom in composed.boxes])


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> HandFont:
    """Boxes of different sizes for 国ー。 and a to e, and spaces."""
    glyphs, widths, table = {}, {}, {}

    def add(name: str, character: str, left: int, bottom: int, right: int, top: int, advance: int) -> None:
        drawing = TTGlyphPen(None)
        if right > left:
            drawing.moveTo((left, bottom))
            for point in ((left, top), (right, top), (right, bottom)):
                drawing.lineTo(point)
            drawing.closePath()
        glyphs[name], widths[name] = drawing.glyph(), (advance, left)
        if character:
            table[ord(character)] = name

    add(".notdef", "", 50, 0, 400, 500, 500)
    add("space", " ", 0, 0, 0, 0, 300)
    add("kuni", "国", 100, -50, 900, 750, 1000)
    add("dash", "ー", 100, 320, 900, 400, 1000)
    add("stop", "。", 80, -60, 280, 120, 1000)
    for i, letter in enumerate("abcde"):
        add(letter, letter, 40, 0, 340 + 20 * i, 300 + 60 * i, 400 + 20 * i)
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(table)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(widths)
    builder.setupHorizontalHeader(ascent=850, descent=-150)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=850, sTypoDescender=-150, usWinAscent=850, usWinDescent=150)
    builder.setupPost()
    path = Path(tmp_path_factory.mktemp("fonts")) / "boxes.ttf"
    builder.save(str(path))
    return HandFont(path)


def outside(composed: Composed, slack: float) -> int:
    """How much ink lies in no box, boxes widened by `slack` pixels for the width of the pen."""
    ink = composed.ink > 128
    for _, left, top, right, bottom in composed.boxes:
        ink[max(0, int(top - slack)) : int(bottom + slack) + 1, max(0, int(left - slack)) : int(right + slack) + 1] = 0
    return int(ink.sum())


# Boxes


@settings(max_examples=40, deadline=None)
@given(st.text("永国手習いろはーッ。、「」abc12 ", min_size=1, max_size=12), st.integers(0, 10_000), st.booleans())
def test_boxes_hold_all_ink_of_any_hand(text: str, seed: int, vertical: bool) -> None:
    hand = Hand.sample(np.random.default_rng(seed))
    composed = compose_strokes(text, SOURCES, hand, np.random.default_rng(seed), vertical=vertical, em=EM)
    if not text.strip():
        assert composed is None
        return
    assert composed is not None and composed.text == text and composed.vertical == vertical
    assert [box[0] for box in composed.boxes] == [c for c in text if not c.isspace()]
    height, width = composed.ink.shape
    for _, left, top, right, bottom in composed.boxes:
        assert 0 <= left <= right <= width and 0 <= top <= bottom <= height
    assert outside(composed, 13) == 0  # pens are at most 24 pixels wide


@pytest.mark.parametrize("vertical", [False, True])
def test_a_box_holds_the_ink_of_its_own_character(vertical: bool) -> None:
    """Blotting out every box but one leaves the ink of that one, and it reaches to the sides of its box."""
    composed = pen("永国手", neat(gap=0.3), vertical=vertical)
    pen_width = 0.05 * EM * 1.5
    for name, left, top, right, bottom in composed.boxes:
        low_x, high_x = int(left - pen_width), int(right + pen_width) + 1
        low_y, high_y = int(top - pen_width), int(bottom + pen_width) + 1
        rows, columns = np.nonzero(composed.ink[max(0, low_y) : high_y, max(0, low_x) : high_x] > 128)
        assert len(rows) > 100, name
        found = (columns.min() + low_x, rows.min() + low_y, columns.max() + low_x, rows.max() + low_y)
        np.testing.assert_allclose(found, (left, top, right, bottom), atol=pen_width)


@pytest.mark.parametrize("vertical", [False, True])
def test_boxes_of_font_lines_hold_their_ink(font: HandFont, vertical: bool) -> None:
    for seed in range(5):
        hand = Hand.sample(np.random.default_rng(seed))
        composed = compose_font("国a。bー c", font, hand, np.random.default_rng(seed), vertical=vertical)
        assert composed is not None
        assert [box[0] for box in composed.boxes] == list("国a。bーc")
        assert outside(composed, 1) == 0
        for name, left, top, right, bottom in composed.boxes:
            assert (composed.ink[int(top) : int(bottom) + 1, int(left) : int(right) + 1] > 128).any(), name


def test_a_line_of_one_em_characters_has_their_size() -> None:
    composed = pen("国国国国")
    np.testing.assert_allclose(np.diff(middles(composed)[:, 0]), EM, atol=1)
    assert np.ptp(middles(composed)[:, 1]) < 0.06 * EM
    half = pen("国国国国", neat(proportional=1.0))
    assert np.diff(middles(half)[:, 0]).max() < EM


# Order


@pytest.mark.parametrize("seed", range(4))
def test_horizontal_lines_run_left_to_right(font: HandFont, seed: int) -> None:
    hand = Hand.sample(np.random.default_rng(seed))
    across = middles(pen("手習いの国から、abc", hand, seed))[:, 0]
    assert (np.diff(across) > 0).all()
    for composed in (
        compose_font("国ab cde国", font, hand, np.random.default_rng(seed)),
        compose_words("ab cde abc", font, hand, np.random.default_rng(seed)),
    ):
        assert composed is not None and (np.diff(middles(composed)[:, 0]) > 0).all()
        assert composed.ink.shape[1] > composed.ink.shape[0]


@pytest.mark.parametrize("seed", range(4))
def test_vertical_lines_run_top_to_bottom(font: HandFont, seed: int) -> None:
    hand = Hand.sample(np.random.default_rng(seed))
    for composed in (
        pen("手習いの国から、ー字", hand, seed, vertical=True),
        compose_font("国ーab国国", font, hand, np.random.default_rng(seed), vertical=True),
    ):
        assert composed is not None and (np.diff(middles(composed)[:, 1]) > 0).all()
        assert composed.ink.shape[0] > composed.ink.shape[1]


def test_words_are_boxes_of_a_word_line(font: HandFont) -> None:
    composed = compose_words("ab  cde", font, neat(), np.random.default_rng(0))
    assert composed is not None
    assert [box[0] for box in composed.boxes] == ["ab", "cde"]


# Spaces


@pytest.mark.parametrize("seed", range(4))
def test_spaces_make_gaps(font: HandFont, seed: int) -> None:
    hand = neat(gap=0.05)

    def gap(composed: Composed | None) -> float:
        assert composed is not None
        return composed.boxes[-1][1] - composed.boxes[0][3]

    rng = np.random.default_rng
    assert gap(pen("国 国", hand, seed)) > gap(pen("国国", hand, seed)) + 0.1 * EM
    assert gap(compose_font("a b", font, hand, rng(seed))) > gap(compose_font("ab", font, hand, rng(seed))) + 0.1 * EM
    down = [pen(text, hand, seed, vertical=True).boxes for text in ("国 国", "国国")]
    assert down[0][1][2] - down[0][0][4] > down[1][1][2] - down[1][0][4] + 0.1 * EM
    words = compose_words("a b", font, hand, rng(seed))
    assert words is not None
    blank = (words.ink > 0).max(axis=0) == 0
    inner = np.flatnonzero(~blank)
    assert blank[inner[0] : inner[-1]].sum() > 0.15 * EM


# Vertical forms


def test_a_full_stop_sits_upper_right_in_a_column_and_lower_left_in_a_row() -> None:
    column, row = pen("国。国", vertical=True), pen("国。国")
    (kuni, down), (stop_x, stop_y), (after, below) = middles(column)
    assert stop_x > kuni + 0.15 * EM and stop_x > after + 0.15 * EM
    assert stop_y - down < below - stop_y  # near what it ends
    (_, level), (_, stop_y), _ = middles(row)
    assert stop_y > level + 0.2 * EM


def test_a_full_stop_of_a_font_sits_upper_right_in_a_column(font: HandFont) -> None:
    composed = compose_font("国。国", font, neat(), np.random.default_rng(0), vertical=True)
    assert composed is not None
    (first, _), (stop, _), _ = middles(composed)
    assert stop > first + 0.1 * EM


def proportions(composed: Composed | None, index: int) -> float:
    assert composed is not None
    _, left, top, right, bottom = composed.boxes[index]
    return (right - left) / (bottom - top)


@pytest.mark.parametrize("mark", "ー「〜＝")
def test_long_marks_turn_in_a_column(mark: str) -> None:
    assert mark in TURNED
    row, column = pen(f"国{mark}国"), pen(f"国{mark}国", vertical=True)
    assert proportions(column, 1) == pytest.approx(1 / proportions(row, 1), rel=0.1)
    assert proportions(column, 0) == pytest.approx(proportions(row, 0), rel=0.05)


def test_a_turned_mark_turns_to_the_right() -> None:
    """The corner of 「 is upper left in a row, and so upper right when turned a quarter to the right."""
    _, left, top, right, bottom = pen("国「", vertical=True).boxes[1]
    ink = pen("国「", vertical=True).ink
    band = 5
    assert (ink[int(top) : int(top) + band, int(left) : int(right)] > 128).any(axis=0).mean() > 0.8
    assert (ink[int(top) : int(bottom), int(right) - band : int(right)] > 128).any(axis=1).mean() > 0.8
    assert (ink[int(bottom) - band : int(bottom), int(left) : int(right) - 9] > 128).any(axis=0).mean() < 0.4


def test_a_long_mark_of_a_font_turns_in_a_column(font: HandFont) -> None:
    row = compose_font("国ー国", font, neat(), np.random.default_rng(0))
    column = compose_font("国ー国", font, neat(), np.random.default_rng(0), vertical=True)
    assert row is not None and column is not None

    def long_side_of_ink(composed: Composed) -> float:
        _, left, top, right, bottom = composed.boxes[1]
        piece = composed.ink[int(top) : int(bottom) + 1, int(left) : int(right) + 1] > 128
        return float(piece.any(axis=0).sum() / piece.any(axis=1).sum())

    assert long_side_of_ink(row) > 3
    assert long_side_of_ink(column) < 1 / 3


# Seeds, and what cannot be written


@pytest.mark.parametrize("vertical", [False, True])
def test_the_same_seed_is_the_same_picture(font: HandFont, vertical: bool) -> None:
    hand = Hand.sample(np.random.default_rng(1))
    for draw in (
        lambda seed: pen("手習い 国", hand, seed, vertical),
        lambda seed: compose_font("国abー", font, hand, np.random.default_rng(seed), vertical=vertical),
        lambda seed: compose_words("abc de", font, hand, np.random.default_rng(seed)),
    ):
        one, same, other = draw(3), draw(3), draw(4)
        assert one is not None and same is not None and other is not None
        np.testing.assert_array_equal(one.ink, same.ink)
        assert one.boxes == same.boxes != other.boxes


def test_the_same_character_is_never_written_twice_the_same() -> None:
    composed = pen("永永", Hand.sample(np.random.default_rng(1), 0.8))
    pieces = [
        composed.ink[int(top) : int(bottom), int(left) : int(right)] for _, left, top, right, bottom in composed.boxes
    ]
    size = pieces[0].shape[::-1]
    assert np.abs(pieces[0].astype(int) - cv2.resize(pieces[1], size).astype(int)).mean() > 5


@pytest.mark.parametrize("text", ["", " ", "　", "国é", "\U0001f600", "国 \ue000"])
def test_what_cannot_be_written_gives_none(font: HandFont, text: str) -> None:
    rng = np.random.default_rng(0)
    assert compose_strokes(text, SOURCES, neat(), rng) is None
    assert compose_font(text, font, neat(), rng) is None
    assert compose_words(text, font, neat(), rng) is None


def test_the_first_source_that_knows_a_character_writes_it() -> None:
    class Slash:
        def strokes(self, character: str) -> tuple[npt.NDArray[np.float32], ...] | None:
            return (np.array([[0.1, 0.9], [0.9, 0.1]], np.float32),) if character == "国" else None

    composed = compose_strokes("国永", (Slash(), *SOURCES), neat(), np.random.default_rng(0), em=EM)
    assert composed is not None
    _, left, top, right, bottom = composed.boxes[0]
    slash = composed.ink[int(top) : int(bottom), int(left) : int(right)] > 128
    assert slash.mean() < 0.15 and not slash[:10, :10].any() and slash[:10, -10:].any()
    assert (composed.ink[:, int(composed.boxes[1][1]) :] > 128).sum() > slash.sum()


# Kinds of characters


def test_kinds_of_characters() -> None:
    assert all(is_cjk(c) for c in "あア漢ー。、「（！〒々𠮟…")
    assert not any(is_cjk(c) for c in "aZ9é .(")
    assert all(is_kanji(c) for c in "一漢鬱𠮟々〆")
    assert not any(is_kanji(c) for c in "あアーa1。")
