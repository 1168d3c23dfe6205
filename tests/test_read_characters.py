"""Single characters, practice sheets and pen strokes, with the shipped model, on pictures with known text."""

import gzip
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import tenarai
from tenarai.errors import AlphabetError, DataError, ModelFileError, PictureError
from tenarai.image.ink import draw_ink
from tenarai.text.script import SMALL

ROOT = Path(__file__).resolve().parents[1]
SHEET = ROOT / "docs" / "sheet.png"
PEN = ROOT.parent / "shared" / "data" / "strokes" / "tegaki-test.jsonl.gz"
LEAST = 0.85  # of kanji that a real pen wrote; to be raised with every better model, never lowered


@pytest.fixture(scope="module")
def reader() -> tenarai.Reader:
    return tenarai.load()


@pytest.fixture(scope="module")
def kanji() -> list[tuple[str, list[list[list[float]]]]]:
    rows = map(json.loads, gzip.decompress(PEN.read_bytes()).decode("utf-8").splitlines())
    found = [(row["char"], row["strokes"]) for row in rows if "一" <= row["char"] <= "鿿"]
    return found[:: len(found) // 50]


def test_kanji_of_a_real_pen(reader: tenarai.Reader, kanji: list[tuple[str, list[list[list[float]]]]]) -> None:
    read = [reader.read_ink(strokes, n=5, alphabet="kanji") for _, strokes in kanji]
    first = [best[0][0] == truth for (truth, _), best in zip(kanji, read, strict=True)]
    among = [truth in dict(best) for (truth, _), best in zip(kanji, read, strict=True)]
    assert np.mean(first) > LEAST and np.mean(among) >= np.mean(first)
    for best in read:
        chances = [chance for _, chance in best]
        assert chances == sorted(chances, reverse=True) and 0 < sum(chances) <= 1 + 1e-6


def test_size_place_light_and_polarity_hardly_matter(
    reader: tenarai.Reader, kanji: list[tuple[str, list[list[list[float]]]]]
) -> None:
    same = 0
    for _, strokes in kanji[:12]:
        ink = draw_ink([np.array(s)[:, :2] for s in strokes], 96, widest=1.0)
        plain = reader.read_character(ink, "kanji", 1)[0][0]
        larger = cv2.resize(ink, None, fx=2.3, fy=2.3, interpolation=cv2.INTER_AREA)
        page = np.full((400, 330), 210, np.uint8)
        page[120 : 120 + larger.shape[0], 40 : 40 + larger.shape[1]] = (larger * (170 / 255) + 40).astype(np.uint8)
        same += [reader.read_character(p, "kanji", 1)[0][0] for p in (page, 255 - page)] == [plain, plain]
    assert same >= 10


def test_a_practice_sheet(reader: tenarai.Reader) -> None:
    page = reader.read_characters(SHEET, alphabet="hiragana")
    rows = ["あいうえお", "かきくけこ", "てならい"]
    assert [len(line.text) for line in page.lines] == [5, 5, 4]
    right = [
        SMALL.get(a, a) == b
        for line, row in zip(page.lines, rows, strict=True)
        for a, b in zip(line.text, row, strict=True)
    ]
    assert sum(right) >= 11, page.text
    cells = [c.box.center for c in page.lines[0].characters]
    assert [round((x - 72) / 84) for x, _ in cells] == [0, 1, 2, 3, 4]
    assert all(c.confidence is not None and c.alternatives for line in page.lines for c in line.characters)


def test_the_named_alphabet_is_all_that_is_read(reader: tenarai.Reader) -> None:
    strokes = [[(10, 30), (90, 30)], [(50, 30), (50, 85)], [(5, 88), (95, 88)]]
    assert {c for c, _ in reader.read_ink(strokes, n=20, alphabet="katakana")} <= set(
        "".join(map(chr, range(0x30A1, 0x30FF)))
    )
    assert reader.read_ink(strokes, n=1, alphabet="katakana")[0][0] == "エ"
    assert reader.read_ink(strokes, n=1, alphabet="kanji")[0][0] == "工"
    with pytest.raises(AlphabetError):
        reader.read_ink(strokes, alphabet="kanjj")


def test_lines_and_pages_keep_to_the_named_alphabet(reader: tenarai.Reader) -> None:
    digits = reader.read_line(ROOT / "examples" / "line-mixed.png", alphabet="digits")
    assert set(digits.text) <= set("0123456789 ") and "3" in digits.text
    page = reader.read(ROOT / "examples" / "note-horizontal.png", alphabet="kana")
    assert page.text and not any("一" <= c <= "鿿" for c in page.text)


def test_wide_ink_is_read_as_a_line(reader: tenarai.Reader) -> None:
    stroke = [(10, 10), (30, 60), (50, 10), (70, 60)]
    strokes = [[(x + 110 * i, y) for x, y in stroke] for i in range(4)]
    found = reader.read_ink(strokes)
    assert len(found) <= 1 and all(len(text) >= 1 for text, _ in found)


def test_nothing_written_is_no_character(reader: tenarai.Reader) -> None:
    blank = np.full((80, 60), 244, np.uint8)
    assert reader.read_character(blank) == [] and reader.read_characters(blank).lines == ()


@pytest.mark.parametrize("strokes", [[], [[]], "abc", [[(0, float("nan"))]], {"strokes": [{"points": [{"x": 1}]}]}])
def test_what_is_no_ink_is_refused(reader: tenarai.Reader, strokes: object) -> None:
    with pytest.raises(DataError):
        reader.read_ink(strokes)


def test_what_is_no_picture_or_model_is_refused(reader: tenarai.Reader, tmp_path: Path) -> None:
    with pytest.raises(PictureError):
        reader.read_character(b"no picture")
    (tmp_path / "no.model").write_bytes(b"no model")
    with pytest.raises(ModelFileError):
        tenarai.load(characters=tmp_path / "no.model").read_character(SHEET)
