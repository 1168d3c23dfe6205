"""Seals are lifted, and nothing else that is red."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenarai.image.read import read_picture
from tenarai.image.seal import find_seals, without_seals

PAPER, RED, BLACK = (235, 225, 200), (200, 60, 40), (30, 28, 25)
SEAL = (300, 200, 380, 290)  # left, top, right, bottom


def sheet() -> np.ndarray:
    """Paper of 700 x 500 pixels with a thick stroke of black ink from top to bottom, `(h, w, 3) uint8`."""
    page = np.full((700, 500, 3), PAPER, np.uint8)
    cv2.line(page, (330, 40), (345, 650), BLACK, 7, cv2.LINE_AA)
    return page


def stamped(page: np.ndarray) -> np.ndarray:
    """The page with a seal over its stroke: ink lets light through, so what is black stays black."""
    seal = np.full_like(page, 255)
    left, top, right, bottom = SEAL
    cv2.rectangle(seal, (left, top), (right, bottom), RED, 6)
    for x in range(left + 15, right, 16):
        cv2.line(seal, (x, top), (x, bottom), RED, 5, cv2.LINE_AA)
    return np.asarray(page.astype(np.uint16) * seal // 255, np.uint8)


def gray_of(page: np.ndarray) -> np.ndarray:
    return np.array(Image.fromarray(page).convert("L"))


def test_a_seal_is_lifted_and_the_stroke_under_it_stays() -> None:
    plain, page = gray_of(sheet()), stamped(sheet())
    left, top, right, bottom = SEAL
    inside = np.s_[top - 4 : bottom + 4, left - 4 : right + 4]
    assert gray_of(page)[inside].mean() < plain[inside].mean() - 40
    lifted = read_picture(page)
    off = np.abs(lifted[inside].astype(int) - plain[inside])
    assert off.mean() < 8
    assert (lifted[top + 20 : bottom - 20, 331:341] < 100).mean() > 0.55  # the stroke
    beside = np.ones(plain.shape, bool)
    beside[top - 20 : bottom + 20, left - 20 : right + 20] = False
    assert (lifted[beside] == gray_of(page)[beside]).all()


def test_a_compressed_photograph_is_lifted_too() -> None:
    stream = io.BytesIO()
    Image.fromarray(stamped(sheet())).save(stream, "JPEG", quality=80)
    left, top, right, bottom = SEAL
    inside = np.s_[top:bottom, left:right]
    assert read_picture(stream.getvalue())[inside].mean() > gray_of(stamped(sheet()))[inside].mean() + 30


def test_a_page_of_a_pdf_is_lifted_too() -> None:
    pytest.importorskip("pypdfium2")
    stream = io.BytesIO()
    Image.fromarray(stamped(sheet())).save(stream, "PDF", resolution=200)
    left, top, right, bottom = SEAL
    inside = np.s_[top:bottom, left:right]
    assert read_picture(stream.getvalue())[inside].mean() > gray_of(stamped(sheet()))[inside].mean() + 30


def test_a_round_seal_on_stained_paper() -> None:
    page = sheet()
    page[:, :250] = np.asarray(page[:, :250] * np.array([1.0, 0.9, 0.8]), np.uint8)
    cv2.circle(page, (120, 500), 40, RED, 5, cv2.LINE_AA)
    for y in range(485, 530, 14):
        cv2.line(page, (95, y), (145, y), RED, 5, cv2.LINE_AA)
    ((left, top, right, bottom),) = find_seals(page)
    assert left <= 82 and top <= 462 and right >= 158 and bottom >= 538 and right - left < 110


@pytest.mark.parametrize("down", [False, True])
def test_writing_in_red_stays(down: bool) -> None:
    page = sheet()
    for number in range(6):
        x, y = (60, 60 + 62 * number) if down else (40 + 62 * number, 500)
        for offset in (8, 18, 28):
            cv2.line(page, (x, y + offset), (x + 36, y + offset), RED, 4)
            cv2.line(page, (x + offset, y), (x + offset, y + 36), RED, 4)
    assert find_seals(page) == []
    assert (read_picture(page) == gray_of(page)).all()


def test_a_mark_around_a_word_and_a_line_under_it_stay() -> None:
    page = sheet()
    cv2.ellipse(page, (200, 300), (90, 60), 0, 0, 360, RED, 3, cv2.LINE_AA)
    cv2.line(page, (60, 600), (420, 605), RED, 4, cv2.LINE_AA)
    assert find_seals(page) == []


def test_a_page_that_is_red_all_over_is_left_alone() -> None:
    page = np.full((300, 300, 3), RED, np.uint8)
    cv2.rectangle(page, (40, 40), (90, 90), PAPER, -1)
    assert find_seals(page) == []


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90))
def test_lifting_never_darkens_and_takes_any_picture(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    page = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if seed % 2:
        page = cv2.resize(page[: height // 9 + 1, : width // 9 + 1], (width, height), interpolation=cv2.INTER_NEAREST)
    gray = gray_of(page)
    lifted = without_seals(page, gray)
    assert lifted.shape == gray.shape and lifted.dtype == np.uint8
    assert (lifted >= gray).all()
