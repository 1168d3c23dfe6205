"""Searchable PDFs, read by PDFium, which is what Chrome shows and copies them with."""

import io
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenarai.errors import DataError, PictureError
from tenarai.image.read import read_picture
from tenarai.page.formats import pdf, write_layout
from tenarai.page.layout import Box, Character, Direction, Line, Page, Region

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "letter-vertical.png"
# Outside JIS: é ß 𠮟 and a kana with a mark of its own. No hyphen: PDFium takes one for the end of a broken word.
LETTERS = [*"手習い毎日アbc國、。「」ー12A", "é", "ß", "𠮟", "か\u3099"]


def texts_of(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def line_of(letters: list[str], left: float, top: float, direction: Direction, pitches: list[float] | None) -> Line:
    """A line with its characters where `pitches` say, or, with None, without characters."""
    down = direction == "vertical"
    characters, at = [], top if down else left
    for letter, pitch in zip(letters, pitches or [30.0] * len(letters), strict=True):
        box = Box(left, at, left + 40, at + pitch) if down else Box(at, top, at + pitch, top + 40)
        characters.append(Character(letter, box))
        at += pitch + 3
    box = Box(left, top, left + 40, at) if down else Box(left, top, at, top + 40)
    return Line(box, direction, "".join(letters), None, tuple(characters) if pitches else ())


@st.composite
def written_pages(draw: st.DrawFn) -> Page:
    """Columns from right to left, rows below them."""
    regions = []
    directions = draw(st.lists(st.sampled_from(("vertical", "horizontal")), min_size=1, max_size=2, unique=True))
    # PDFium takes columns of up to three characters side by side for a row, single characters below each other for a
    # column, and now and then a pair repeated in a column for one that is printed bold: no character comes twice.
    least = {"horizontal": 2, "vertical": 4}
    for direction in directions:
        lines = []
        for place in range(draw(st.integers(1, 4))):
            letters = draw(st.lists(st.sampled_from(LETTERS), min_size=least[direction], max_size=9, unique=True))
            pitch = st.lists(st.floats(8, 45), min_size=len(letters), max_size=len(letters))
            left, top = (900 - 70 * place, 10) if direction == "vertical" else (20, 520 + 60 * place)
            lines.append(line_of(letters, left, top, direction, draw(st.none() | pitch)))
        regions.append(Region(Box(0, 0, 1000, 800), tuple(lines), direction))
    return Page(1000, 800, tuple(regions))


@settings(max_examples=30, deadline=None)
@given(written_pages())
def test_the_text_comes_out_as_it_is_read(page: Page) -> None:
    assert texts_of(pdf.write([(page, None)])) == [page.text]


@pytest.mark.parametrize("text", ["手", "手い", "手いé"])
def test_a_short_column_after_long_ones(text: str) -> None:
    columns = [
        line_of(list(t), 900 - 70 * i, 10, "vertical", None) for i, t in enumerate(("手習いを", "毎日する", text))
    ]
    page = Page(1000, 800, (Region(Box(0, 0, 1000, 800), tuple(columns), "vertical"),))
    assert texts_of(pdf.write([(page, None)])) == [page.text]


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_characters_lie_where_they_stand(direction: Direction) -> None:
    line = line_of(list("手習いを毎日"), 100, 200, direction, [30, 30, 60, 60, 20, 20])
    data = pdf.write([(Page(600, 600, (Region(line.box, (line,)),)), None)], dpi=72)
    text = pypdfium2.PdfDocument(data)[0].get_textpage()
    for number, character in enumerate(line.characters):
        left, bottom, right, top = text.get_charbox(number, loose=True)
        x, y = character.box.center
        assert left - 4 <= x <= right + 4 and 600 - top - 4 <= y <= 600 - bottom + 4


def test_the_picture_is_seen_and_the_text_is_not() -> None:
    gray = read_picture(EXAMPLE)
    line = line_of(list("手習い"), 5, 5, "horizontal", None)
    data = write_layout(Page(gray.shape[1], gray.shape[0], (Region(line.box, (line,)),)), "pdf", str(EXAMPLE))
    shown = read_picture(data)[: gray.shape[0], : gray.shape[1]]  # PDFium rounds sizes up
    assert shown.shape == gray.shape and np.abs(shown.astype(int) - gray).mean() < 3
    assert b"/FontFile" not in data and texts_of(data) == ["手習い"]


def test_jpeg_goes_in_as_it_is_and_turned_ones_are_set_upright(tmp_path: Path) -> None:
    colours = Image.new("RGB", (60, 40), (200, 30, 30))
    colours.save(tmp_path / "a.jpg", quality=70)
    assert (tmp_path / "a.jpg").read_bytes() in pdf.write([(Page(60, 40), tmp_path / "a.jpg")])
    exif = Image.Exif()
    exif[0x0112] = 6
    colours.save(tmp_path / "b.jpg", exif=exif)
    data = pdf.write([(Page(40, 60), str(tmp_path / "b.jpg"))])
    bitmap = pypdfium2.PdfDocument(data)[0].render(scale=200 / 72).to_pil().convert("RGB")
    assert bitmap.size in ((40, 60), (41, 60), (40, 61), (41, 61))
    red, green, _ = bitmap.getpixel((20, 30))
    assert red > 150 and green < 80


def test_transparent_and_deep_pictures(tmp_path: Path) -> None:
    Image.new("RGBA", (30, 20), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    stream = io.BytesIO()
    Image.fromarray(np.full((20, 30), 60000, np.uint16)).save(stream, "PNG")
    for picture in (tmp_path / "clear.png", stream.getvalue()):
        assert read_picture(pdf.write([(Page(30, 20), picture)])).mean() > 200


def test_several_pages() -> None:
    pages = [Page(99, 99, (Region(Box(0, 0, 99, 40), (line_of([t, t], 5, 5, "horizontal", None),)),)) for t in "手習"]
    assert texts_of(write_layout(pages, "pdf")) == ["手手", "習習"]


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no size"):
        pdf.write([(Page(0, 0, (), "a.png"), None)])
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"a\.jpg"):
        pdf.write([(Page(9, 9), tmp_path / "a.jpg")])
