"""Print on a sheet is told from handwriting, by the shipped model, and comes last."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import tenarai
from tenarai.page.printed import PRINTED

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTICE = "All entries must be received by the first of May."


@pytest.fixture(scope="module")
def reader() -> tenarai.Reader:
    return tenarai.load()


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.png")))
def test_what_hands_wrote_is_no_print(reader: tenarai.Reader, name: str) -> None:
    page = reader.read(EXAMPLES / f"{name}.png")
    assert page.lines
    assert not [region for region in page.regions if region.kind == PRINTED]


def test_print_on_a_sheet_comes_last_in_a_region_of_its_own(reader: tenarai.Reader) -> None:
    note = Image.open(EXAMPLES / "note-horizontal.png").convert("L")
    paper = int(np.median(np.asarray(note)))
    sheet = Image.new("L", (note.width, note.height + 160), paper)
    sheet.paste(note, (0, 160))
    ImageDraw.Draw(sheet).text((60, 60), NOTICE, 40, ImageFont.load_default(44))  # a printing font that Pillow brings
    alone, page = reader.read(note), reader.read(sheet)
    assert [region.kind == PRINTED for region in page.regions] == [False] * (len(page.regions) - 1) + [True]
    (line,) = page.regions[-1].lines
    assert line.box.bottom < 160 and "entries" in line.text
    assert len(page.lines) == len(alone.lines) + 1
