"""Whole pages: what they say is where, is there."""

from functools import cache

import numpy as np
import pytest

from tenarai.errors import DataError
from tenarai.page.layout import Box, Line, Region
from tenarai.page.order import order_lines
from tenarai.synth.camera import Shot, shoot
from tenarai.synth.desk import Desk
from tenarai.synth.page import SyntheticPage, draw_page
from tenarai.synth.sheet import FAINT, Pens, Sheet, Writer
from tenarai.synth.stationery import KINDS
from tenarai.synth.strokes import KanjiVG
from tenarai.synth.words import Texts

PENS = Pens((KanjiVG(),))
TEXTS = Texts(
    ("人は手で文字を書く。毎日少しずつ習うと、だんだん上手になる。", "「山の上の月が大きい」と母がいった。"),
    ("the hand learns slowly, day by day", "letters from an old house"),
    "永国手習",
)
SIDE = 700


@cache
def page(kind: str, seed: int = 0, wear: float = 1.0) -> SyntheticPage:
    return draw_page(PENS, TEXTS, np.random.default_rng(seed), kind=kind, side=SIDE, wear=wear)


@cache
def filled(kind: str, seed: int) -> tuple[Sheet, tuple[Region, ...]]:
    """A flat sheet of a kind and the regions on it, before any camera."""
    sheet, rng = Sheet(500, SIDE), np.random.default_rng(seed)
    return sheet, tuple(KINDS[kind](Desk(sheet, PENS, TEXTS, rng, 16.0)))


def lines_of(regions: tuple[Region, ...]) -> list[Line]:
    return [line for region in regions for line in region.lines]


def cells(box: Box) -> tuple[slice, slice]:
    return slice(int(box.top), int(box.bottom)), slice(int(box.left), int(box.right))


every_kind = pytest.mark.parametrize("kind", list(KINDS))


@every_kind
@pytest.mark.parametrize("seed", range(2))
def test_boxes_are_tight_around_ink(kind: str, seed: int) -> None:
    """Every side of a line's box touches ink, every character has ink, and no writing lies outside the boxes."""
    sheet, regions = filled(kind, seed)
    lines = lines_of(regions)
    assert lines
    for line in lines:
        ink = sheet.writing[cells(line.box)] > 0
        assert ink[0].any() and ink[-1].any() and ink[:, 0].any() and ink[:, -1].any(), line.text
        for character in line.characters:
            assert (sheet.writing[cells(character.box)] > 0).any(), character.text
    rest = sheet.writing.copy()
    for region in regions:
        for box in [line.box for line in region.lines] or [region.box]:
            rest[cells(box)] = 0
    if kind != "notes":  # where a heading may be underlined by hand
        assert not (rest >= FAINT).any()


@every_kind
def test_characters_make_up_the_ink_and_the_text_of_their_line(kind: str) -> None:
    sheet, regions = filled(kind, 1)
    for line in lines_of(regions):
        assert "".join(character.text for character in line.characters) == line.text.replace(" ", "")
        ink = sheet.writing[cells(line.box)] > 0
        total = ink.sum()
        for character in line.characters:
            ink[cells(character.box.shifted(-line.box.left, -line.box.top))] = False
        # What joins two characters lies between their boxes.
        assert ink.sum() <= 0.06 * total, line.text
        for character in line.characters:
            assert character.box.intersection_area(line.box) == pytest.approx(character.box.area)


@every_kind
def test_the_same_seed_is_the_same_page(kind: str) -> None:
    again = draw_page(PENS, TEXTS, np.random.default_rng(0), kind=kind, side=SIDE)
    assert np.array_equal(again.picture, page(kind).picture) and again.page == page(kind).page
    other = page(kind, 1)
    assert other.picture.shape != again.picture.shape or not np.array_equal(other.picture, again.picture)


@every_kind
@pytest.mark.parametrize("seed", range(2))
def test_a_page_is_a_picture_with_its_boxes_inside(kind: str, seed: int) -> None:
    drawn = page(kind, seed)
    assert drawn.picture.dtype == np.uint8 and drawn.picture.shape == (drawn.page.height, drawn.page.width)
    assert max(drawn.picture.shape) == SIDE
    for line in drawn.page.lines:
        assert line.box.left >= 0 and line.box.top >= 0
        assert line.box.right <= drawn.page.width and line.box.bottom <= drawn.page.height
        xs, ys = np.array(line.polygon).T
        assert len(line.polygon) == 4 and line.source == "hand"
        np.testing.assert_allclose(
            (xs.min(), ys.min(), xs.max(), ys.max()),
            (line.box.left, line.box.top, line.box.right, line.box.bottom),
            atol=0.02,
        )


@every_kind
def test_writing_is_darker_than_the_paper_around_it(kind: str) -> None:
    """Through camera, stains and shadow, ink stays where its boxes say."""
    drawn = page(kind, 3)
    found = [
        drawn.picture[cells(character.box)]
        for line in drawn.page.lines
        for character in line.characters
        if min(character.box.width, character.box.height) > 4
    ]
    assert found
    contrast = [float(np.percentile(piece, 95)) - float(piece.min()) for piece in found]
    assert np.mean(np.array(contrast) > 12) > 0.95


@pytest.mark.parametrize("kind", ["letter", "manuscript", "classical"])
@pytest.mark.parametrize("seed", range(3))
def test_lines_come_in_reading_order(kind: str, seed: int) -> None:
    """What the page says and what page.order finds from the boxes alone agree; each is written without the other. Of a
    leaf with a picture nobody says when the names in it are read."""
    pages = (page(kind, seed + 10 * more).page for more in range(20))
    drawn = next(one for one in pages if all(region.kind != "figure" for region in one.regions))
    found = order_lines(drawn.lines[::-1])

    def kinds(regions: tuple[Region, ...]) -> dict[Box, str]:
        return {line.box: region.kind for region in regions for line in region.lines}

    told, said = kinds(found), kinds(drawn.regions)
    assert set(told) == set(said)
    alike = {box for box, kind in said.items() if told[box] == kind}
    # Of small writing beside columns the boxes alone do not always tell whether it belongs to them.
    assert len(said) - len(alike) <= max(2, 0.1 * len(said))
    for kind in ("text", "margin"):
        assert [box for box in told if box in alike and told[box] == kind] == [
            box for box in said if box in alike and said[box] == kind
        ]


# The camera


def test_perspective_moves_what_is_drawn_and_what_is_said_alike() -> None:
    """Dots drawn on the sheet are found in the picture where their points are moved to."""
    dots = np.array([(60.0, 60.0), (400.0, 80.0), (90.0, 500.0), (420.0, 520.0), (250.0, 300.0)])
    moved = 0
    for seed in range(12):
        ink = np.zeros((600, 500), np.uint8)
        for x, y in dots.astype(int):
            ink[y - 6 : y + 7, x - 6 : x + 7] = 255
        shot = shoot(ink, np.zeros_like(ink), np.random.default_rng(seed))
        for (x, y), origin in zip(shot.moved(dots), dots, strict=True):
            piece = shot.picture[round(y) - 15 : round(y) + 16, round(x) - 15 : round(x) + 16].astype(float)
            dark = piece < (piece.min() + np.median(piece)) / 2
            rows, columns = np.nonzero(dark)
            assert abs(rows.mean() - 15) < 2 and abs(columns.mean() - 15) < 2, seed
            moved += bool(np.hypot(*(np.array((x, y)) - origin)) > 2)
    assert moved > 10


def test_a_homography_divides_by_depth() -> None:
    matrix = np.array([[1.0, 0.0, 10.0], [0.0, 1.0, 0.0], [0.001, 0.0, 1.0]])
    shot = Shot(np.zeros((1, 1), np.uint8), matrix)
    np.testing.assert_allclose(shot.moved(np.array([[1000.0, 500.0]])), [[505.0, 250.0]])


def test_a_scan_of_a_new_sheet_is_level_and_bright() -> None:
    shot = shoot(np.zeros((300, 200), np.uint8), np.zeros((300, 200), np.uint8), np.random.default_rng(0), wear=0.0)
    assert np.array_equal(shot.to_picture, np.eye(3)) and shot.picture.min() > 220


# The sheet


def test_a_line_that_would_leave_the_sheet_is_not_written() -> None:
    sheet = Sheet(200, 100)
    writer = Writer(
        PENS.strokes,
        None,
        Desk(sheet, PENS, TEXTS, np.random.default_rng(0), 20).writer().hand,
        np.random.default_rng(0),
    )
    assert sheet.write(writer, "手習", 190, 50, 20, 100) is None
    assert not sheet.writing.any()
    assert sheet.write(writer, "\U0001f600", 20, 50, 20, 100) is None
    line = sheet.write(writer, "手習の国の文字", 20, 50, 20, 90)
    assert line is not None and line.box.width <= 92 and "手習の国の文字".startswith(line.text)


def test_cells_hold_one_character_each() -> None:
    sheet = Sheet(100, 400)
    writer = Desk(sheet, PENS, TEXTS, np.random.default_rng(4), 20).writer()
    line = sheet.write_cells(writer, "永国手習字", 30, 20, 40, 60, True)
    assert line is not None and line.text == "永国手習字"
    middles = [character.box.center for character in line.characters]
    np.testing.assert_allclose([y for _, y in middles], [40 + 60 * i for i in range(5)], atol=2)
    np.testing.assert_allclose([x for x, _ in middles], 50, atol=10)


# What cannot be drawn


def test_impossible_pages_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="choose one of letter"):
        draw_page(PENS, TEXTS, rng, kind="poster")
    with pytest.raises(DataError, match="pen strokes or handwriting fonts"):
        draw_page(Pens(), TEXTS, rng)
    with pytest.raises(DataError, match="no Japanese line"):
        draw_page(PENS, Texts((), ("a",), ""), rng)
