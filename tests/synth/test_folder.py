"""Made-up lines on disk: whole, repeatable, and read again by the data readers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tenarai.dataset.pairs import read_pairs
from tenarai.errors import DataError
from tenarai.image.read import read_picture
from tenarai.page.formats import read_layout
from tenarai.synth.folder import write_lines, write_pages, write_sheet
from tenarai.synth.hand import Hand, Rng
from tenarai.synth.line import compose_strokes
from tenarai.synth.page import SyntheticPage, draw_page
from tenarai.synth.sheet import Pens
from tenarai.synth.strokes import KanjiVG
from tenarai.synth.words import Texts

SOURCES = (KanjiVG(),)


@dataclass
class Line:
    picture: npt.NDArray[np.uint8]
    text: str


def draw(rng: Rng) -> Line:
    text = "".join(rng.choice(list("手習い国一二三"), int(rng.integers(1, 5))))
    composed = compose_strokes(text, SOURCES, Hand.sample(rng), rng, em=32.0)
    assert composed is not None
    return Line(255 - composed.ink, text)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_lines_are_read_again_as_they_were_drawn(tmp_path: Path) -> None:
    names = write_lines(draw, tmp_path / "deep" / "out", 5, seed=3)
    assert names == [f"{i:05d}.png" for i in range(5)]
    pairs = read_pairs(tmp_path / "deep" / "out")
    assert [p.name for p in pairs] == names
    for number, pair in enumerate(pairs):
        line = draw(np.random.default_rng((3, number)))
        assert pair.text == line.text
        np.testing.assert_array_equal(read_picture(pair.load()), line.picture)


def test_pages_are_read_again_as_they_were_drawn(tmp_path: Path) -> None:
    texts = Texts(("人は手で文字を書く。毎日少しずつ習う。",), (), "永国手習")

    def drawn(rng: Rng) -> SyntheticPage:
        return draw_page(Pens(SOURCES), texts, rng, kind="letter", side=400)

    names = write_pages(drawn, tmp_path, 2, seed=4)
    assert names == ["00000.png", "00001.png"]
    for number, name in enumerate(names):
        page = drawn(np.random.default_rng((4, number)))
        (found,) = read_layout((tmp_path / name).with_suffix(".xml"))
        assert found.source == name
        assert [line.text for line in found.lines] == [line.text for line in page.page.lines]
        assert all(a.box.iou(b.box) > 0.9 for a, b in zip(found.lines, page.page.lines, strict=True))
        np.testing.assert_array_equal(read_picture(tmp_path / name), page.picture)


def test_the_same_seed_writes_the_same_lines(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        write_lines(draw, tmp_path / name, 4, seed)
    assert contents(tmp_path / "one") == contents(tmp_path / "same")
    assert contents(tmp_path / "one") != contents(tmp_path / "other")


def test_more_lines_keep_the_first(tmp_path: Path) -> None:
    write_lines(draw, tmp_path / "few", 3, 1)
    write_lines(draw, tmp_path / "many", 6, 1)
    many = contents(tmp_path / "many")
    assert len(many) == 12
    assert contents(tmp_path / "few").items() <= many.items()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot be written"):
        write_lines(draw, tmp_path / "file" / "out", 1, 0)


def test_the_sheet_shows_every_picture(tmp_path: Path) -> None:
    """Each picture is filled with its own gray; the sheet must hold all of its pixels, none laid over another."""
    paths = []
    sizes = [(20, 300), (40, 90), (15, 15), (60, 380), (33, 200), (40, 399)]
    for i, size in enumerate(sizes):
        write_lines(lambda _, i=i, size=size: Line(np.full(size, 10 * i, np.uint8), "x"), tmp_path / str(i), 1, 0)
        paths.append(tmp_path / str(i) / "00000.png")
    write_sheet(paths, tmp_path / "sheet.png", gap=4, width=400)
    sheet = read_picture(tmp_path / "sheet.png")
    for i, (height, width) in enumerate(sizes):
        rows, columns = np.nonzero(sheet == 10 * i)
        assert len(rows) == height * width
        assert np.ptp(rows) + 1 == height and np.ptp(columns) + 1 == width


def test_a_sheet_grows_for_a_picture_wider_than_it(tmp_path: Path) -> None:
    write_lines(lambda _: Line(np.zeros((10, 900), np.uint8), "x"), tmp_path / "wide", 1, 0)
    write_sheet([tmp_path / "wide" / "00000.png"], tmp_path / "sheet.png", width=200)
    assert (read_picture(tmp_path / "sheet.png") == 0).sum() == 9000
