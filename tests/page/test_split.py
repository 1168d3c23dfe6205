"""Blocks with known lines, drawn or pasted from real handwriting, split into exactly those lines."""

import io
import json
import zipfile
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tenarai.errors import DataError
from tenarai.image.clean import clean
from tenarai.page.layout import Box
from tenarai.page.split import split_lines

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

# Strokes in a unit square, enough to have what makes splitting hard: gaps inside, a lone bar, boxes, slants.
STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "二": [[(0.2, 0.25), (0.8, 0.22)], [(0.08, 0.8), (0.92, 0.78)]],
    "三": [[(0.15, 0.15), (0.85, 0.13)], [(0.22, 0.5), (0.78, 0.48)], [(0.06, 0.88), (0.94, 0.87)]],
    "ー": [[(0.08, 0.5), (0.92, 0.5)]],
    "い": [[(0.2, 0.2), (0.22, 0.6), (0.35, 0.8)], [(0.75, 0.25), (0.85, 0.6)]],
    "川": [[(0.2, 0.15), (0.1, 0.9)], [(0.5, 0.2), (0.5, 0.75)], [(0.85, 0.1), (0.85, 0.92)]],
    "口": [[(0.15, 0.15), (0.85, 0.15), (0.85, 0.85), (0.15, 0.85), (0.15, 0.15)]],
    "木": [[(0.08, 0.35), (0.92, 0.35)], [(0.5, 0.05), (0.5, 0.95)], [(0.1, 0.85), (0.5, 0.35), (0.9, 0.85)]],
    "田": [[(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)], [(0.5, 0.1), (0.5, 0.9)]],
    "く": [[(0.7, 0.1), (0.25, 0.5), (0.75, 0.92)]],
    "。": [[(0.1, 0.75), (0.3, 0.75), (0.3, 0.92), (0.1, 0.92), (0.1, 0.75)]],
}  # fmt: skip


def draw(picture: np.ndarray, character: str, left: float, top: float, size: float) -> None:
    for stroke in STROKES[character]:
        points = np.array([(left + x * size, top + y * size) for x, y in stroke])
        cv2.polylines(picture, [np.round(points).astype(np.int32)], False, 0, max(2, round(size / 14)), cv2.LINE_AA)


def written(texts: list[str], vertical: bool, size: int = 40, pitch: float = 1.6, advance: float = 1.05) -> np.ndarray:
    """Lines of equal size, indented by the spaces before them, on a sheet with some paper around."""
    length, depth = round((max(map(len, texts)) * advance + 1.5) * size), round((len(texts) * pitch + 1.0) * size)
    picture = np.full((length, depth) if vertical else (depth, length), 255, np.uint8)
    for number, text in enumerate(texts):
        for at, character in enumerate(text):
            along, across = (0.75 + at * advance) * size, (0.5 + number * pitch) * size
            if character != " ":
                left, top = (depth - across - size, along) if vertical else (along, across)
                draw(picture, character, left, top, size)
    return picture


def passage(seed: int, count: int, length: int, short: bool = False) -> list[str]:
    rng = np.random.default_rng(seed)
    letters = [character for character in STROKES if character != "。"]
    texts = []
    for _ in range(count):
        many = int(rng.integers(max(2, length // 3), length + 1)) if short else length
        texts.append(" " * int(rng.integers(0, 2)) * short + "".join(rng.choice(letters, many)))
    return texts


def spans(split_boxes: tuple[Box, ...], vertical: bool) -> list[tuple[float, float]]:
    return [(box.left, box.right) if vertical else (box.top, box.bottom) for box in split_boxes]


def assert_lines(picture: np.ndarray, texts: list[str], vertical: bool, size: int = 40, pitch: float = 1.6) -> None:
    """One box a line, in reading order, each over the middle of its line and no further than to its neighbours."""
    split = split_lines(picture)
    assert split.direction == ("vertical" if vertical else "horizontal")
    assert len(split.boxes) == len(texts)
    for number, (low, high) in enumerate(spans(split.boxes, vertical)):
        start = (0.5 + number * pitch) * size
        middle = start + size / 2
        if vertical:
            middle = picture.shape[1] - middle
        assert low < middle < high, number
        assert high - low < pitch * size * 1.2, number


# One line


@pytest.mark.parametrize("text", ["三", "二", "い", "ー", "川", "二三二", "いい", "二川", "口木田くい"])
@pytest.mark.parametrize("vertical", [False, True])
def test_a_single_line_is_one_box(text: str, vertical: bool) -> None:
    split = split_lines(written([text], vertical))
    assert len(split.boxes) == 1
    if len(text) > 1:
        assert split.direction == ("vertical" if vertical else "horizontal")


def test_the_box_is_tight_to_the_ink_with_a_small_margin() -> None:
    picture = written([" 口木田口"], vertical=False)
    rows, columns = np.nonzero(picture < 128)
    (box,) = split_lines(picture).boxes
    ink = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert box.intersection_area(ink) == ink.area
    assert box.width - ink.width < 16 and box.height - ink.height < 16


def test_boxes_stay_on_the_picture() -> None:
    picture = written(["田田田"], vertical=False)
    rows, columns = np.nonzero(picture < 128)
    cropped = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert split_lines(cropped).boxes == (Box(0, 0, cropped.shape[1], cropped.shape[0]),)


# Blocks


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize(("count", "length"), [(2, 8), (3, 10), (6, 14), (15, 18)])
@pytest.mark.parametrize("pitch", [1.3, 1.6, 2.4])
def test_blocks(count: int, length: int, pitch: float, vertical: bool) -> None:
    for seed in range(3):
        texts = passage(seed, count, length)
        assert_lines(written(texts, vertical, pitch=pitch), texts, vertical, pitch=pitch)


@pytest.mark.parametrize("vertical", [False, True])
def test_indented_and_short_lines(vertical: bool) -> None:
    for seed in range(5):
        texts = passage(seed, 7, 14, short=True)
        assert_lines(written(texts, vertical), texts, vertical)


@pytest.mark.parametrize("vertical", [False, True])
def test_lines_of_bars_only_among_others(vertical: bool) -> None:
    texts = ["木田口川木く田口", "二三", "田田口木川いく口", "いい川", "口木木田く川い二"]
    assert_lines(written(texts, vertical), texts, vertical)


@pytest.mark.parametrize("size", [16, 24, 90])
def test_any_size(size: int) -> None:
    texts = passage(1, 4, 12)
    assert_lines(written(texts, False, size=size), texts, False, size=size)


def test_large_pictures_give_boxes_in_their_own_pixels() -> None:
    texts = passage(1, 5, 12)
    picture = cv2.resize(written(texts, True), None, fx=5, fy=5, interpolation=cv2.INTER_LINEAR)
    assert max(picture.shape) > 2400
    assert_lines(picture, texts, True, size=200)


def test_the_direction_can_be_told() -> None:
    grid = written(["田田田田"] * 4, vertical=False, pitch=1.4, advance=1.4)
    for direction in ("horizontal", "vertical"):
        split = split_lines(grid, direction)
        assert split.direction == direction and len(split.boxes) == 4
    columns = split_lines(grid, "vertical").boxes
    assert [box.left for box in columns] == sorted((box.left for box in columns), reverse=True)


def test_touching_lines_are_cut_apart() -> None:
    texts = passage(3, 8, 14)
    picture = written(texts, vertical=False)
    # A tail from line 3 down through line 4, as a careless p or し makes it.
    cv2.line(picture, (300, round((0.5 + 2 * 1.6) * 40 + 20)), (300, round((0.5 + 3 * 1.6) * 40 + 30)), 0, 3)
    assert_lines(picture, texts, False)


def test_a_point_at_the_end_belongs_to_its_line() -> None:
    with_point, without = (
        split_lines(written([text, "木田口田木川口"], False)).boxes[0] for text in ("口田口。", "口田口")
    )
    assert with_point.right > without.right + 3


# What is not writing


def test_blank_paper_has_no_lines() -> None:
    for blank in (
        np.full((300, 200), 255, np.uint8),
        np.full((1, 1), 255, np.uint8),
        np.full((64, 800), 255, np.uint8),
    ):
        assert split_lines(blank).boxes == ()
        assert split_lines(blank, "vertical").direction == "vertical"


def test_specks_are_no_lines() -> None:
    texts = passage(2, 4, 12)
    picture = np.pad(written(texts, False), 60, constant_values=255)
    clean_boxes = split_lines(picture).boxes
    rng = np.random.default_rng(0)
    for _ in range(40):
        x, y = int(rng.integers(2, picture.shape[1] - 4)), int(rng.choice([10, 30, picture.shape[0] - 20]))
        picture[y : y + 2, x : x + 2] = 0
    assert split_lines(picture).boxes == clean_boxes
    lone = np.full((300, 300), 255, np.uint8)
    lone[100:102, 100:102] = 0
    assert split_lines(lone).boxes == ()
    dust = np.full((60, 60), 255, np.uint8)
    dust[::10, ::10] = 0
    assert split_lines(dust).boxes == ()


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom", "all"])
def test_shadows_along_the_edge_are_no_lines(side: str) -> None:
    texts = passage(4, 6, 14)
    picture = np.pad(written(texts, False), 50, constant_values=255)
    expected = split_lines(picture).boxes
    wedge = np.zeros_like(picture)
    height, width = picture.shape
    if side in ("left", "all"):
        cv2.fillPoly(wedge, [np.array([(0, 0), (34, 0), (12, height), (0, height)])], 1)
    if side in ("right", "all"):
        wedge[:, width - 25 :] = 1
    if side in ("top", "all"):
        wedge[:28] = 1
    if side in ("bottom", "all"):
        cv2.fillPoly(wedge, [np.array([(0, height), (width, height), (width, height - 40)])], 1)
    picture[wedge > 0] = 20
    assert split_lines(picture).boxes == expected


@pytest.mark.parametrize("vertical", [False, True])
@pytest.mark.parametrize("broken", [False, True])
def test_ruled_lines_are_no_lines_and_take_no_ink_with_them(vertical: bool, broken: bool) -> None:
    texts = passage(5, 6, 14)[:4]
    size, pitch = 40, 1.6
    plain = np.pad(written(texts, vertical), 120, constant_values=255)
    expected = split_lines(plain)
    ruled = plain.copy()
    sheet = ruled.T if vertical else ruled  # a view: rules run along the lines
    for at in range(40, sheet.shape[0] - 20, round(size * pitch)):
        sheet[at : at + 2, 30 : sheet.shape[1] - 30] = 0
        if broken:
            sheet[at : at + 2, 30 : sheet.shape[1] - 30 : 25] = 255
            sheet[at : at + 2, 31 : sheet.shape[1] - 30 : 25] = 255
    np.minimum(ruled, plain, out=ruled)
    split = split_lines(ruled)
    assert split.direction == expected.direction and len(split.boxes) == 4
    for box, other in zip(split.boxes, expected.boxes, strict=True):
        assert box.iou(other) > 0.85


def test_a_frame_around_the_writing_is_no_line() -> None:
    texts = passage(6, 5, 12)
    picture = np.pad(written(texts, True), 40, constant_values=255)
    expected = split_lines(picture).boxes
    cv2.rectangle(picture, (15, 15), (picture.shape[1] - 16, picture.shape[0] - 16), 0, 3)
    assert split_lines(picture).boxes == expected


def test_other_input_is_refused() -> None:
    with pytest.raises(DataError, match="float64"):
        split_lines(np.ones((9, 9)))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"\(9, 9, 3\)"):
        split_lines(np.ones((9, 9, 3), np.uint8))
    with pytest.raises(DataError, match=r"\(0, 9\)"):
        split_lines(np.ones((0, 9), np.uint8))
    with pytest.raises(DataError, match="diagonal"):
        split_lines(np.ones((9, 9), np.uint8), "diagonal")  # type: ignore[arg-type]


@given(
    hnp.arrays(
        np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.sampled_from([0, 200, 255])
    ),
    st.integers(1, 8),
    st.sampled_from(["auto", "horizontal", "vertical"]),
)
@settings(max_examples=100, deadline=None)
def test_any_picture_gives_boxes_inside_it(noise: np.ndarray, times: int, direction: Literal["auto"]) -> None:
    picture = np.kron(noise, np.ones((times, times), np.uint8))
    with np.errstate(all="raise"):
        split = split_lines(picture, direction)
    for box in split.boxes:
        assert 0 <= box.left < box.right <= picture.shape[1] and 0 <= box.top < box.bottom <= picture.shape[0]


# Real writing


def data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.fail(f"{path} is missing: these tests need the shared data beside the repository.")
    return path


def test_composed_japanese_lines_are_one_line_each() -> None:
    folder = data("lines_japanese_composed")
    rows = [json.loads(row) for row in (folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows[::12]:
        gray = np.asarray(Image.open(folder / row["file"]).convert("L"))
        split = split_lines(clean(gray).picture)
        assert (split.direction, len(split.boxes)) == (row["direction"], 1), row["file"]


def test_blocks_of_real_handwriting() -> None:
    rows = [json.loads(row) for row in data("lines_copiste/train.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if len(row["text"]) > 20]
    right = total = 0
    with zipfile.ZipFile(data("lines_copiste/train.zip")) as archive:
        for first in range(0, 1000, 100):
            block = rows[first : first + 6]
            pictures = [np.asarray(Image.open(io.BytesIO(archive.read(row["file"]))).convert("L")) for row in block]
            sheet = np.full((len(pictures) * 64 + 30, max(p.shape[1] for p in pictures) + 40), 255, np.uint8)
            for number, picture in enumerate(pictures):
                place = sheet[15 + number * 64 :][: picture.shape[0], 20 : 20 + picture.shape[1]]
                np.minimum(place, clean(picture).picture, out=place)
            split = split_lines(sheet)
            assert split.direction == "horizontal"
            middles = [15 + number * 64 + 28 for number in range(len(pictures))]
            total += len(middles)
            right += sum(sum(box.top < middle < box.bottom for box in split.boxes) == 1 for middle in middles)
    # Neighbours' tails in the crops are the rest.
    assert right >= 0.95 * total
