"""`tenarai convert`: every format to every other, and what cannot be converted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tenarai.cli import app
from tenarai.cli.outputs import SUFFIXES, Form
from tenarai.image.read import read_picture
from tenarai.page.formats import WRITERS, read_layout, write_layout
from tenarai.page.layout import Box, Character, Line, Page, Region

runner = CliRunner()
LINE = Line(Box(10, 20, 90, 60), "horizontal", "手習い", 0.5, tuple(
    Character(c, Box(10 + 20 * i, 20, 30 + 20 * i, 60), 0.5) for i, c in enumerate("手習い")
))  # fmt: skip
PAGE = Page(200, 100, (Region(Box(0, 0, 200, 100), (LINE,)),), "a.png")
READABLE = [form for form in Form if form not in ("markdown", "pdf")]


def convert(*arguments: object, code: int = 0) -> tuple[bytes, str]:
    done = runner.invoke(app, ["convert", *map(str, arguments)])
    assert done.exit_code == code and "Traceback" not in done.stderr, done.stderr
    return done.stdout_bytes, done.stderr


def test_the_formats_are_those_of_the_writers() -> None:
    assert {*WRITERS, "pdf"} == set(Form) and SUFFIXES.keys() == {*Form, "overlay"}


@pytest.mark.parametrize("form", READABLE)
def test_every_format_into_all(tmp_path: Path, form: Form) -> None:
    given = tmp_path / f"layout{SUFFIXES[form]}"
    given.write_bytes(write_layout(PAGE, form))
    Image.new("L", (200, 100), 255).save(tmp_path / "a.png")
    named = "layout.txt" if form == "text" else "a.png"  # plain text does not say whose it is
    forms = [form for form in Form if named == "a.png" or form != "pdf"]
    convert(given, *(word for other in forms for word in ("-f", other)), "-o", tmp_path / "out")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {f"{named}{SUFFIXES[other]}" for other in forms}
    for other in READABLE:
        (page,) = read_layout(tmp_path / "out" / f"{named}{SUFFIXES[other]}")
        assert page.text == "手習い"
        if "text" not in (form, other):
            assert page.lines[0].box == LINE.box
        if not {"text", "iiif"} & {form, other}:  # which know no characters
            assert [c.box for c in page.lines[0].characters] == [c.box for c in LINE.characters]


def test_many_into_one_on_stdout(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.xml").write_bytes(write_layout(Page(9, 9, PAGE.regions, f"{name}.png"), "pagexml"))
    said, _ = convert(tmp_path / "a.xml", tmp_path / "b.xml", "-f", "coco")
    assert [image["file_name"] for image in json.loads(said)["images"]] == ["a.png", "b.png"]
    _, why = convert(tmp_path / "a.xml", tmp_path / "b.xml", "-f", "alto", code=2)
    assert "holds one page" in why


def test_folders_and_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in "ba":
        page = Page(9, 9, (Region(LINE.box, (replace(LINE, text=name, characters=()),)),), f"{name}.png")
        (scans / f"{name}.page.xml").write_bytes(write_layout(page, "pagexml"))
    (scans / "notes.txt").write_text("no layout of theirs")
    monkeypatch.chdir(tmp_path)
    for given in ("scans", "scans/*.xml", str(scans / "?.page.xml")):
        assert convert(given, "-f", "text")[0] == b"a\n\fb\n"
    assert "There is no *.json" in convert("*.json", "-f", "text", code=1)[1]
    (tmp_path / "empty").mkdir()
    assert "no layout in empty: expected .xml" in convert("empty", "-f", "text", code=2)[1]


def test_a_folder_that_cannot_be_written_into_is_one_sentence(tmp_path: Path) -> None:
    given, file = tmp_path / "a.json", tmp_path / "file"
    given.write_bytes(write_layout(PAGE, "json"))
    file.touch()
    _, why = convert(given, given, "-f", "text", "-o", file, code=2)
    assert why == f"tenarai: {file} is a file: name a folder to write into.\n"
    (tmp_path / "out" / "a.png.txt").mkdir(parents=True)
    _, why = convert(given, "-f", "text", "-o", tmp_path / "out", code=1)
    assert "a.png.txt cannot be written (Is a directory): check the folder" in why and "Errno" not in why


def test_bad_files_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "bad.xml").write_bytes(b"<html/>")
    (tmp_path / "good.json").write_bytes(write_layout(PAGE, "json"))
    given = tmp_path / "bad.xml", tmp_path / "none.xml", tmp_path / "good.json", tmp_path / "good.json"
    _, why = convert(*given, "-f", "text", "-o", tmp_path / "out", code=1)
    assert "bad.xml" in why and "none.xml" in why and "another page of the name a.png" in why and "3 could not" in why
    assert (tmp_path / "out" / "a.png.txt").read_text("utf-8") == "手習い\n"


def test_a_pdf_needs_its_picture(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(write_layout(PAGE, "json"))
    _, why = convert(tmp_path / "a.json", "-f", "pdf", "-o", tmp_path / "out", code=1)
    assert "no picture a.png" in why and not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True
    (tmp_path / "scans").mkdir()
    Image.new("L", (200, 100), 255).save(tmp_path / "scans" / "a.png")
    said, _ = convert(tmp_path / "a.json", "-f", "pdf", "--pictures", tmp_path / "scans")
    assert said.startswith(b"%PDF-")


def test_pages_of_one_file_and_names_with_number_signs(tmp_path: Path) -> None:
    sheets = [Image.new("L", (200, 100), level) for level in (255, 120)]
    sheets[0].save(tmp_path / "two.tif", save_all=True, append_images=sheets[1:])
    Image.new("L", (200, 100), 255).save(tmp_path / "[x]#2.png")
    pages = [Page(200, 100, PAGE.regions, source) for source in ("two.tif", "two.tif#2", "[x]#2.png")]
    (tmp_path / "set.json").write_bytes(write_layout(pages, "json"))
    assert convert(tmp_path / "set.json", "-f", "text")[0].decode().split("\f") == ["手習い\n"] * 3
    convert(tmp_path / "set.json", "-f", "text", "-f", "pdf", "-o", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{name}{suffix}" for name in ("two.tif", "two.tif.2", "[x]#2.png") for suffix in (".txt", ".pdf")
    }
    for name, level in (("two.tif", 255), ("two.tif.2", 120)):
        assert int(np.median(read_picture(tmp_path / "out" / f"{name}.pdf"))) == pytest.approx(level, abs=3)


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(write_layout(PAGE, "json"))
    assert "-o" in convert(tmp_path / "a.json", "-f", "text", "-f", "tsv", code=2)[1]
    assert "docx" in convert(tmp_path / "a.json", "-f", "docx", code=2)[1]
