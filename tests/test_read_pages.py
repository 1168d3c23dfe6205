"""Whole pages: their lines found and read, in order, whatever the size, the slant and the company."""

import itertools
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

import tenarai
from tenarai.image.read import read_picture
from tenarai.page.layout import Box, Page
from tenarai.page.proposal import matches
from tenarai.synth.page import SyntheticPage, draw_page
from tenarai.synth.sheet import Pens
from tenarai.synth.strokes import KanjiVG
from tenarai.synth.words import read_texts, shipped_texts

ROOT = Path(__file__).resolve().parents[1]
COPISTE = ROOT.parent / "shared" / "data" / "pages_copiste"
PAGE_CER = 0.35  # of a French page in an easy hand; to be lowered with every better model, never raised
LEAST_F1 = 0.9


@pytest.fixture(scope="module")
def reader() -> tenarai.Reader:
    return tenarai.load()


@pytest.fixture(scope="module")
def notebook() -> tuple[np.ndarray, list[Box], str]:
    """A page of a test writer, its lines and their text."""
    with zipfile.ZipFile(COPISTE / "test.zip") as pictures:
        row = json.loads((COPISTE / "test.jsonl").read_text("utf-8").splitlines()[0])
        outlines = [np.array(line["poly"]) for line in row["lines"]]
        boxes = [Box(*outline.min(axis=0), *outline.max(axis=0)) for outline in outlines]
        return read_picture(pictures.read(row["file"])), boxes, "\n".join(line["text"] for line in row["lines"])


def error_rate(reference: str, read: str) -> float:
    reference, read = "".join(reference.split()), "".join(read.split())
    return Levenshtein.distance(reference, read) / len(reference)


def f1(page: Page, boxes: list[Box]) -> float:
    return 2 * len(matches([line.box for line in page.lines], boxes)) / (len(page.lines) + len(boxes))


def letter(direction: str) -> SyntheticPage:
    """A made-up Japanese letter, written with the strokes of KanjiVG."""
    texts = read_texts(shipped_texts(), "一", "".join(tenarai.load().alphabet))
    for seed in range(100):
        drawn = draw_page(Pens((KanjiVG(),)), texts, np.random.default_rng(seed), kind="letter", side=1400, wear=0.3)
        lines = drawn.page.lines
        if lines[0].direction == direction and not lines[0].text.isascii() and len(lines) > 8:
            return drawn
    raise AssertionError(direction)


def test_a_real_page_is_read_in_order(reader: tenarai.Reader, notebook: tuple[np.ndarray, list[Box], str]) -> None:
    picture, boxes, text = notebook
    page = reader.read(picture, explain=True)
    assert page.note("lines") == "detector" and page.note("direction") == "horizontal"
    assert f1(page, boxes) > LEAST_F1
    assert error_rate(text, page.text) < PAGE_CER


@pytest.mark.parametrize("factor", [0.6, 2.5])
def test_a_page_of_another_size_has_the_same_lines(
    reader: tenarai.Reader, notebook: tuple[np.ndarray, list[Box], str], factor: float
) -> None:
    picture, boxes, _ = notebook
    scaled = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert f1(reader.read(np.asarray(scaled, np.uint8)), [box.scaled(factor) for box in boxes]) > LEAST_F1 - 0.1


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_a_letter_is_read_in_order(reader: tenarai.Reader, direction: str) -> None:
    drawn = letter(direction)
    page = reader.read(drawn.picture)
    lines = [line for line in page.lines if line.direction == direction]
    assert len(lines) >= 0.8 * len(drawn.page.lines)
    assert f1(page, [line.box for line in drawn.page.lines]) > LEAST_F1 - 0.1
    places = [line.box.center[0 if direction == "vertical" else 1] for line in lines]
    back = sum((b < a) != (direction == "vertical") for a, b in itertools.pairwise(places))
    assert back <= 0.2 * len(places)


def test_only_lines_of_the_direction_that_was_asked_for(reader: tenarai.Reader) -> None:
    drawn = letter("vertical")
    assert {line.direction for line in reader.read(drawn.picture, direction="vertical").lines} == {"vertical"}


def test_threads_and_company_change_nothing(
    reader: tenarai.Reader, notebook: tuple[np.ndarray, list[Box], str]
) -> None:
    picture = notebook[0]
    alone = reader.read(picture)
    many = [page for page in tenarai.load(threads=3).read_many([picture, picture[:600]]) if isinstance(page, Page)]
    assert many[0].to_dict() == alone.to_dict()


def test_where_no_detector_sees_a_line_the_page_is_split_by_projection(
    reader: tenarai.Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenarai.reader.find_lines", lambda *asked: ())
    page = reader.read(ROOT / "examples" / "note-horizontal.png", explain=True)
    assert page.note("lines") == "projection" and len(page.lines) == 4


def scene() -> np.ndarray:
    """A photograph of something else: clouds."""
    noise = np.random.default_rng(0).integers(0, 255, (600, 800)).astype(np.uint8)
    clouds = cv2.GaussianBlur(noise, (0, 0), 12)
    return np.asarray(cv2.normalize(clouds, np.zeros_like(clouds), 0, 255, cv2.NORM_MINMAX), np.uint8)


def test_a_page_without_writing_is_not_read_but_its_ink_is_told(reader: tenarai.Reader) -> None:
    page = reader.read(scene())
    assert page.lines == ()
    assert page.note("ink") == "there is ink, but no line was found"
    assert reader.read(np.full((300, 300), 240, np.uint8)).note("ink") is None
