"""Pages cut into lines and characters: what is on the picture, what is masked, and which pictures are opened at all."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tenarai.dataset.pages import cut, page_picture, picture_path, read_pages
from tenarai.dataset.sample import Refused, Sample
from tenarai.errors import DataError
from tenarai.image.read import PDF_DPI
from tenarai.page.formats import alto, coco, hocr, pagexml, tsv, via
from tenarai.page.layout import Box, Character, Line, Page, Region

COPISTE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "pages_copiste"


def page(*lines: Line, source: str = "p1.png") -> Page:
    return Page(200, 100, (Region(Box(0, 0, 200, 100), lines),), source)


PLACE = Box(10, 20, 110, 50)


def line(text: str, box: Box = PLACE, **values: Any) -> Line:
    return Line(box, values.pop("direction", "horizontal"), text, **values)


def picture(folder: Path, name: str = "p1.png", paper: int = 240) -> np.ndarray:
    """Every pixel within the first line has a value of its own row and column, so that a shift is seen."""
    pixels = np.full((100, 200), paper, np.uint8)
    pixels[20:50, 10:110] = paper - (np.arange(30)[:, None] + np.arange(100)[None]) % 60
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / name), pixels)
    return pixels


def write(folder: Path, found: Page, name: str = "p1.xml") -> Path:
    (folder / name).write_bytes(pagexml.write(found))
    return folder / name


def only(path: Path, **values: Any) -> Sample:
    (sample,) = read_pages(path, **values)
    assert isinstance(sample, Sample), sample
    return sample


# Lines


@pytest.mark.parametrize("form", ["page", "alto", "hocr", "tsv", "via", "coco"])
def test_a_line_of_every_format(tmp_path: Path, form: str) -> None:
    pixels = picture(tmp_path)
    found = page(line("手習い", direction="vertical"))
    data = {
        "page": pagexml.write(found),
        "alto": alto.write(found),
        "hocr": hocr.write([found]),
        "tsv": tsv.write([found]),
        "via": via.write([found]),
        "coco": coco.write([found]),
    }
    suffix = {"page": "xml", "alto": "xml", "hocr": "hocr", "tsv": "tsv"}.get(form, "json")
    path = tmp_path / f"layout.{suffix}"
    path.write_bytes(data[form])
    sample = only(path, source="mine", licence="CC0")
    assert np.array_equal(sample.picture, pixels[20:50, 10:110])
    assert (sample.name, sample.text, sample.source, sample.kind) == ("p1.png#1", "手習い", "mine", "line")
    assert (sample.page, sample.licence, sample.direction) == ("p1.png", "CC0", "vertical")
    assert sample.box == (10, 20, 110, 50)
    assert only(tmp_path).source == tmp_path.name


def test_what_is_outside_the_polygon_is_paper(tmp_path: Path) -> None:
    pixels = picture(tmp_path, paper=200)
    pixels[20:50, 10:110] = 200
    pixels[22:28, 15:105] = 0  # the line above reaches in
    pixels[36:44, 15:105] = 30
    cv2.imwrite(str(tmp_path / "p1.png"), pixels)
    below = ((10, 32), (110, 32), (110, 50), (60, 51), (10, 50), (10, 20), (11, 20), (11, 32))
    sample = only(write(tmp_path, page(line("a", polygon=below, box=Box(10, 20, 110, 51)))))
    assert sample.picture.shape == (31, 100)
    assert (sample.picture[16:24, 5:95] == 30).all()
    # The paper of this page is gray, and so is what is masked: white would be an edge.
    assert abs(int(np.median(sample.picture[:10])) - 200) <= 3 and sample.picture[:10].min() > 190


def test_boxes_reach_whole_pixels_and_not_over_the_edge() -> None:
    pixels = np.arange(200, dtype=np.uint8).reshape(10, 20)
    piece, place = cut(pixels, Box(-5.5, 1.2, 3.1, 4.0))
    assert place == (0, 1, 4, 4) and np.array_equal(piece, pixels[1:4, 0:4])
    piece[:] = 0
    assert pixels[2, 2] == 42
    for box in (Box(30, 0, 40, 5), Box(0, -9, 5, -1), Box(3, 3, 3, 9)):
        with pytest.raises(DataError, match="no area"):
            cut(pixels, box)


def test_bright_ink_is_turned_dark(tmp_path: Path) -> None:
    pixels = np.zeros((100, 200), np.uint8)
    pixels[30:34, 20:100] = 255
    cv2.imwrite(str(tmp_path / "p1.png"), pixels)
    sample = only(write(tmp_path, page(line("a"))))
    assert sample.picture[12, 50] == 0 and sample.picture[0, 0] == 255


def test_real_pages(tmp_path: Path) -> None:
    row = json.loads((COPISTE / "test.jsonl").read_text("utf-8").split("\n")[0])
    with zipfile.ZipFile(COPISTE / "test.zip") as archive:
        (tmp_path / row["file"]).write_bytes(
            archive.read(next(n for n in archive.namelist() if n.endswith(row["file"])))
        )
    lines = []
    for found in row["lines"]:
        xs, ys = zip(*found["poly"], strict=True)
        polygon = tuple(map(tuple, found["poly"]))
        lines.append(Line(Box(min(xs), min(ys), max(xs), max(ys)), "horizontal", found["text"], polygon=polygon))
    written = Page(*row["size"], (Region(Box(0, 0, *row["size"]), tuple(lines)),), row["file"])
    found = [s for s in read_pages(write(tmp_path, written)) if isinstance(s, Sample)]
    assert [s.text for s in found] == [said.text for said in lines if said.text] and len(found) > 3
    for sample in found:
        assert sample.picture.min() < 140 and np.median(sample.picture) > 200


# Characters


def test_characters_and_words(tmp_path: Path) -> None:
    pixels = picture(tmp_path)
    characters = (
        Character("手", Box(10, 20, 40, 50)),
        Character("word", Box(50, 20, 90, 50)),
        Character("", Box(0, 0, 9, 9)),
    )
    path = write(tmp_path, page(line("手 word", characters=characters)))
    first, second, third = read_pages(path, characters=True)
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.text, first.kind, first.name) == ("手", "character", "p1.png#1.1")
    assert np.array_equal(first.picture, pixels[20:50, 10:40]) and (second.text, second.kind) == ("word", "word")
    assert isinstance(third, Refused) and "no text" in third.reason


# Refusals, and which pictures are opened


def test_what_cannot_be_cut_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    picture(tmp_path)
    found = list(read_pages(write(tmp_path, page(line(""), line("far", box=Box(500, 0, 600, 9)), line("kept")))))
    assert [type(item) for item in found] == [Refused, Refused, Sample]
    assert "no text" in found[0].reason and "no area" in found[1].reason


def test_lines_without_a_place_are_told(tmp_path: Path) -> None:
    picture(tmp_path)
    data = pagexml.write(page(line("lost"), line("kept"))).replace(b'points="10,20 110,20 110,50 10,50"', b"", 1)
    (tmp_path / "p1.xml").write_bytes(data)
    refused, sample = read_pages(tmp_path)
    assert isinstance(refused, Refused) and refused.reason == "lines left out: 1" and isinstance(sample, Sample)


def test_a_folder_of_layouts(tmp_path: Path) -> None:
    for name in ("b", "a"):
        picture(tmp_path, f"{name}.png")
        write(tmp_path, page(line(name), source=f"{name}.png"), f"{name}.xml")
    write(tmp_path, page(line("c"), source="c.png"), "c.xml")
    (tmp_path / "mets.xml").write_text("<mets/>")
    (tmp_path / "notes.txt").write_text("nothing")
    found = list(read_pages(tmp_path))
    assert [item.text if isinstance(item, Sample) else item.name for item in found] == ["a", "b", "c.png", "mets.xml"]
    (tmp_path / "empty").mkdir()
    for source, said in (
        (tmp_path / "empty", "holds no layout"),
        (tmp_path / "mets.xml", "mets"),
        (tmp_path / "no.xml", "no.xml"),
    ):
        with pytest.raises(DataError, match=said):
            list(read_pages(source))


def test_two_layouts_of_one_picture_have_names_of_their_own(tmp_path: Path) -> None:
    picture(tmp_path)
    for name in ("a.xml", "b.xml"):
        write(tmp_path, page(line(name)), name)
    assert [item.name for item in read_pages(tmp_path)] == ["p1.png#1", "b.xml/p1.png#1"]


def test_pictures_in_a_folder_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    picture(tmp_path)
    path = write(tmp_path / "page", page(line("a")))
    assert only(path, pictures=tmp_path).text == "a"
    (refused,) = read_pages(path)
    assert isinstance(refused, Refused) and "no picture p1.png" in refused.reason


def test_a_layout_that_names_no_picture_belongs_to_the_one_of_its_name(tmp_path: Path) -> None:
    picture(tmp_path, "scan.png")
    assert only(write(tmp_path, page(line("a"), source=""), "scan.xml")).name == "scan#1"
    (refused,) = read_pages(write(tmp_path, page(line("a"), source=""), "other.xml"))
    assert isinstance(refused, Refused)


@pytest.mark.parametrize("suffix", [".tif", ".pdf"])
def test_every_page_of_a_picture_of_several_is_cut(tmp_path: Path, suffix: str) -> None:
    first, second = np.full((100, 200), 250, np.uint8), np.full((100, 200), 250, np.uint8)
    first[25:45, 20:60] = second[25:45, 70:100] = 0
    sheets = [Image.fromarray(sheet) for sheet in (first, second)]
    # At this resolution a pixel of the PDF is one of the page that is drawn of it.
    sheets[0].save(tmp_path / f"two{suffix}", save_all=True, append_images=sheets[1:], resolution=PDF_DPI)
    for name in ("one", "two"):
        write(tmp_path, page(line(name), source=f"two{suffix}" + "#2" * (name == "two")), f"{name}.xml")
    one, two = (sample for sample in read_pages(tmp_path) if isinstance(sample, Sample))
    assert (one.name, two.name) == (f"two{suffix}#1", f"two{suffix}#2#1") and (one.text, two.text) == ("one", "two")
    for sample, column in ((one, 30), (two, 75)):
        assert sample.picture[15, column] < 30 and sample.picture[15, 105 - column] > 220
    write(tmp_path, page(line("none"), source=f"two{suffix}#3"), "three.xml")
    (refused,) = (item for item in read_pages(tmp_path) if isinstance(item, Refused))
    assert "frame 2 was asked for" in refused.reason


def test_a_picture_may_have_a_number_sign_in_its_name(tmp_path: Path) -> None:
    picture(tmp_path, "[x]#2.png")
    assert page_picture(tmp_path, "scans/[x]#2.png") == (tmp_path / "[x]#2.png", 0)
    assert only(write(tmp_path, page(line("a"), source="[x]#2.png"))).name == "[x]#2.png#1"


def test_notes_that_lose_nothing_are_not_told(tmp_path: Path) -> None:
    picture(tmp_path)
    found = replace(page(line("a")), notes=(("contrast", 0.5), ("size", "unknown")))
    (tmp_path / "p1.json").write_text(json.dumps(found.to_dict()), "utf-8")
    assert only(tmp_path / "p1.json").text == "a"


@pytest.mark.parametrize(
    "name", ["in/p1.png", "p1.png", "elsewhere/p1.png", "/data/ocr/p1.png", r"C:\Users\me\p1.png", r"in\p1.png"]
)
def test_names_are_looked_up_below_the_folder(tmp_path: Path, name: str) -> None:
    picture(tmp_path / "in", "p1.png")
    picture(tmp_path, "p1.png")
    inner = name in ("in/p1.png", r"in\p1.png")
    assert picture_path(tmp_path, name) == (tmp_path / "in" / "p1.png" if inner else tmp_path / "p1.png")


@pytest.mark.parametrize(
    "name", ["../secret.png", "in/../../secret.png", r"..\secret.png", "..", "", " ", "/", "a\0b", "x" * 5000, "in",
             "link.png", "links/secret.png"],
)  # fmt: skip
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    (folder / "in").mkdir(parents=True)
    picture(tmp_path, "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "links").symlink_to(tmp_path)
    with pytest.raises(DataError):
        picture_path(folder, name)
    (folder / "a.json").write_bytes(via.write([page(line("a"), source=name)]))
    (refused,) = read_pages(folder / "a.json")
    assert isinstance(refused, Refused)
