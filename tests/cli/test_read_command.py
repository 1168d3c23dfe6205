"""`tenarai read`: formats, overlays, chosen pages, given lines, going on where it stopped, and watching a folder."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tenarai.cli import app
from tenarai.cli.layouts import page_of
from tenarai.cli.outputs import Form, is_output, write_whole
from tenarai.cli.pictures import Given, chosen_pages, given_pictures
from tenarai.errors import DataError, SettingsError
from tenarai.model.shipped import shipped_model
from tenarai.page.formats import pagexml, read_layout, write_layout
from tenarai.page.layout import Box, Line, Page, Region
from tenarai.page.place import scaled

ROOT = Path(__file__).resolve().parents[2]
LATIN = ROOT / "examples" / "line-latin.png"
JAPANESE = ROOT / "examples" / "line-japanese.png"
runner = CliRunner()


def read(*arguments: object, code: int = 0) -> tuple[str, str]:
    done = runner.invoke(app, ["read", *map(str, arguments)])
    assert done.exit_code == code and "Traceback" not in done.stderr, done.stderr
    return done.stdout, done.stderr


def test_all_formats_at_once(tmp_path: Path) -> None:
    read(LATIN, *(word for form in Form for word in ("-f", form)), "--overlay", "-o", tmp_path)
    name = LATIN.name
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}{suffix}" for suffix in (".txt", ".json", ".page.xml", ".alto.xml", ".hocr", ".tsv", ".via.json",
                                         ".coco.json", ".iiif.json", ".md", ".pdf", ".overlay.png")
    }  # fmt: skip
    text = (tmp_path / f"{name}.txt").read_text("utf-8").strip()
    for suffix in (".json", ".page.xml", ".alto.xml", ".hocr", ".tsv", ".via.json", ".coco.json"):
        (page,) = read_layout(tmp_path / f"{name}{suffix}")
        assert page.text == text and page.source == str(LATIN)
    with Image.open(tmp_path / f"{name}.overlay.png") as drawn, Image.open(LATIN) as picture:
        assert drawn.size == picture.size
    # What was written is no picture to read the next time.
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert "no picture" in read(tmp_path, "-o", tmp_path, code=2)[1]
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}


def test_what_is_not_sure_is_left_open(tmp_path: Path) -> None:
    plain, _ = read(LATIN)
    told, _ = read(LATIN, "--least-confidence", 0.999)
    assert len(told) == len(plain) and told.count("〓") > 0
    assert all(a == b for a, b in zip(plain, told, strict=True) if b != "〓")
    page = Page.from_dict(json.loads(read(LATIN, "--least-confidence", 0.999, "-f", "json")[0]))
    open_ = [c for line in page.lines for c in line.characters if c.text == "〓"]
    assert len(open_) == told.count("〓") and all((c.confidence or 0) < 0.999 for c in open_)
    guesses = iter(c.alternatives[0][0] for c in open_)
    assert "".join(next(guesses) if c == "〓" else c for c in told) == plain
    assert "0 to 1" in read(LATIN, "--least-confidence", 2, code=2)[1]


def test_ink_without_lines_is_told(tmp_path: Path) -> None:
    scribble = np.full((300, 900), 235, np.uint8)
    ends = np.random.default_rng(0).integers(0, 300, (30, 2, 2)) * (3, 1)
    for start, end in ends.tolist():
        cv2.line(scribble, start, end, 40, 3)
    cv2.imwrite(str(tmp_path / "scribble.png"), scribble)
    text, said = read(tmp_path / "scribble.png")
    assert text.strip() == ""
    assert "scribble.png: there is ink, but no line was found." in said


def test_a_page_on_its_head_is_told_and_turned(tmp_path: Path) -> None:
    upright = ROOT / "examples" / "note-horizontal.png"
    with Image.open(upright) as image:
        image.rotate(180).save(tmp_path / "note.png")
    _, said = read(tmp_path / "note.png")
    assert "note.png does not seem to stand upright: try --turn 180." in said
    text, said = read(tmp_path / "note.png", "--turn", 180, "--explain")
    assert text == read(upright)[0] and "upright" not in said
    out = tmp_path / "out"
    read(tmp_path / "note.png", "--turn", 90, "--overlay", "-o", out)
    with Image.open(tmp_path / "note.png") as given, Image.open(next(out.glob("*.overlay.png"))) as drawn:
        assert drawn.size[0] / drawn.size[1] == pytest.approx(given.size[1] / given.size[0], rel=0.01)


def test_models_are_named_or_given_as_files(tmp_path: Path) -> None:
    plain, classical = read(LATIN)[0], read(LATIN, "--script", "classical")[0]
    assert plain == read(LATIN, "-m", "default")[0] == read(LATIN, "-m", shipped_model())[0] != classical
    assert read(LATIN, "-m", "classical")[0] == classical
    # The model of columns is the one that is given, here the modern one.
    other = read(LATIN, "--script", "classical", "--classical", "default")[0]
    assert other == read(LATIN, "--script", "modern", "--language", "classical")[0]
    finder = tmp_path / "finder.model"
    finder.write_bytes(shipped_model("pages").read_bytes())
    assert read(LATIN, "--detector", finder)[0] == plain


@pytest.mark.parametrize("option", ["-m", "--classical", "--detector"])
def test_a_model_of_another_kind_is_told_once(option: str) -> None:
    told = read(LATIN, JAPANESE, option, shipped_model("characters"), code=2)[1]
    assert len(told.strip().splitlines()) == 1 and "classifier" in told


def test_characters_that_the_model_does_not_know_are_told() -> None:
    for option in ([], ["--characters"], ["--language", "none"]):
        said, why = read(LATIN, "--alphabet", "Д", *option, code=1)
        assert said == "" and "This model knows none of the characters 'Д'" in why


def test_the_script_is_as_told() -> None:
    picture = ROOT / "examples" / "letter-vertical.png"
    modern, classical = (read(picture, "--script", script)[0] for script in ("modern", "classical"))
    assert modern == read(picture)[0] != classical


def test_resume_pages_and_folders(tmp_path: Path) -> None:
    pictures, out = tmp_path / "in", tmp_path / "out"
    (pictures / "sub").mkdir(parents=True)
    with Image.open(LATIN) as image, Image.open(JAPANESE) as other:
        image.convert("L").save(
            pictures / "a.tif", save_all=True, append_images=[other.convert("L"), image.convert("L")]
        )
    shutil.copy(LATIN, pictures / "sub" / "a.tif")  # of the same name, in another folder
    read(pictures / "a.tif", "--pages", "2-3", "-o", out)
    assert {path.name for path in out.iterdir()} == {"a.tif.2.txt", "a.tif.3.txt"}
    (out / "a.tif.2.txt").write_text("kept")
    read(pictures, "--resume", "-o", out)
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert found == {"a.tif.txt", "a.tif.2.txt", "a.tif.3.txt", "sub/a.tif.txt"}
    assert (out / "a.tif.2.txt").read_text() == "kept"
    assert (out / "a.tif.txt").read_text() == (out / "a.tif.3.txt").read_text() == (out / "sub/a.tif.txt").read_text()
    assert "none of the pages" in read(LATIN, "--pages", "2", code=1)[1]


def test_given_lines(tmp_path: Path) -> None:
    with Image.open(LATIN) as image:
        width, height = image.size
    whole = Box(0, 0, width, height)
    outside = Line(Box(width + 9, 0, width + 99, 50), "horizontal", "before")
    half = ((0, 0), (width / 2, 0), (width / 2, height), (0, height), (0, height / 2))
    lines = (Line(whole, "horizontal", "before", 0.1), Line(whole, "horizontal", "", polygon=half), outside)
    regions = (Region(whole, lines[:1], kind="heading"), Region(whole), Region(whole, lines[1:]))
    layout = tmp_path / "layout.xml"
    layout.write_bytes(pagexml.write(Page(width, height, regions, f"C:\\scans\\{LATIN.name}")))
    page = Page.from_dict(json.loads(read(LATIN, "--lines", layout, "-f", "json")[0]))
    assert [(region.kind, len(region.lines)) for region in page.regions] == [("heading", 1), ("text", 0), ("text", 2)]
    first, second, third = page.lines
    assert len(first.text) > 20 and first.text != "before" and first.characters
    assert 3 < len(second.text) < 0.8 * len(first.text) and second.polygon  # what lies outside its polygon is not read
    assert third.text == "" and third.confidence is None
    assert "no lines for line-japanese.png" in read(JAPANESE, "--lines", layout, code=1)[1]
    assert "of 3 lines of the layout, 1 outside of the picture" in read(LATIN, "--lines", layout)[1]


def two_pages(folder: Path) -> Path:
    """A Latin line and, on the second page, a Japanese one."""
    with Image.open(LATIN) as image, Image.open(JAPANESE) as other:
        image.convert("L").save(folder / "two.tif", save_all=True, append_images=[other.convert("L")])
    return folder / "two.tif"


def test_given_lines_of_every_page(tmp_path: Path) -> None:
    two, layout = two_pages(tmp_path), tmp_path / "layout"
    first, second = (Page.from_dict(json.loads(row)) for row in read(two, "-f", "json")[0].splitlines())
    for known, chosen in (((first,), 1), ((second,), 2), ((first, second), 0), ((second, first), 0)):
        layout.write_bytes(write_layout([replace(page, source=Path(page.source).name) for page in known], "json"))
        said, why = read(two, "--lines", layout, "-f", "json", code=1 if chosen else 0)
        pages = [Page.from_dict(json.loads(row)) for row in said.splitlines()]
        expected = {1: (first,), 2: (second,), 0: (first, second)}[chosen]
        assert [(page.source, page.text) for page in pages] == [(page.source, page.text) for page in expected]
        missing = {1: "no lines for two.tif#2: it describes two.tif; choose with --pages", 2: "no lines for two.tif: "}
        assert missing.get(chosen, "") in why and ("1 of 1 could not be read" in why) == bool(chosen)
    (given,) = (given for given in given_pictures([str(two)]))
    unnamed = (replace(first, source=""), replace(second, source="#2"))
    for number, page in enumerate(unnamed, 1):
        assert page_of(unnamed, given, number, (page.width, page.height)) == page
        assert page_of((first, second), Given(b"", Path("stdin")), number, (page.width, page.height)).text == page.text
    with pytest.raises(DataError, match="describes no picture, no picture"):
        page_of(unnamed[:1] * 2, given, 1, (first.width, first.height))


def test_lines_are_found_in_regions_that_have_none(tmp_path: Path) -> None:
    picture, layout = ROOT / "examples" / "note-horizontal.png", tmp_path / "layout.xml"
    whole = Page.from_dict(json.loads(read(picture, "-f", "json")[0]))
    first, second, *others = whole.lines
    assert others and all(line.text for line in whole.lines)
    upper = Box(0, 0, whole.width, (first.box.bottom + second.box.top) / 2)
    lower = Box(0, upper.bottom, whole.width, whole.height)
    # The lower region comes first in the layout, and stays first; a figure holds no text.
    bare = (Region(lower, kind="caption"), Region(upper), Region(lower, kind="image"))
    layout.write_bytes(pagexml.write(Page(whole.width, whole.height, bare, picture.name)))
    said, why = read(picture, "--lines", layout, "-f", "json")
    page = Page.from_dict(json.loads(said))
    assert [region.kind for region in page.regions] == ["caption", "text", "image"] and why == ""
    texts = [[line.text for line in region.lines] for region in page.regions]
    assert texts == [[line.text for line in (second, *others)], [first.text], []]
    # Where some lines are known, those alone are not found again.
    known = (Region(lower), Region(upper, (replace(first, text="", characters=()),)))
    layout.write_bytes(pagexml.write(Page(whole.width, whole.height, known, picture.name)))
    page = Page.from_dict(json.loads(read(picture, "--lines", layout, "-f", "json")[0]))
    assert [len(region.lines) for region in page.regions] == [len(whole.lines) - 1, 1]
    layout.write_bytes(pagexml.write(Page(whole.width, whole.height, (Region(upper, kind="image"),), picture.name)))
    said, why = read(picture, "--lines", layout)
    assert said.strip() == "" and "neither lines nor regions of text, so nothing is read" in why


def test_a_layout_of_another_size_is_fitted(tmp_path: Path) -> None:
    layout = tmp_path / "layout.json"
    with Image.open(LATIN) as image:
        width, height = image.size
    page = Page(width, height, (Region(Box(0, 0, width, height), (Line(Box(0, 0, width, height), "horizontal"),)),))
    texts = set()
    for known in (page, scaled(page, 0.5), scaled(page, 4)):
        layout.write_bytes(write_layout(known, "json"))
        found = Page.from_dict(json.loads(read(LATIN, "--lines", layout, "-f", "json")[0]))
        assert (found.width, found.height) == (width, height) and len(found.text) > 20
        assert found.lines[0].box.right == pytest.approx(width, abs=2)
        texts.add(found.text)
    assert len(texts) == 1
    layout.write_bytes(write_layout(replace(page, width=2 * width), "json"))
    said = f"layout is of a picture of {2 * width} x {height} pixels, this one has {width} x {height}"
    assert said in read(LATIN, "--lines", layout, code=1)[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--characters", "--least-confidence", "0.5"], "is for lines"),
        (["-f", "text", "-f", "json"], "one format at a time"),
        (["--overlay"], "--overlay needs a folder"),
        (["--resume"], "--resume needs a folder"),
        (["--pages", "3-1"], "'3-1' is no range"),
        (["--pages", "0"], "'0' is no range"),
        (["--pages", "1-99999999999"], "no range of pages"),
        (["--watch", "."], "either pictures to read or a folder"),
        (["--lines", "none.xml"], "none.xml"),
        ([str(JAPANESE), "-f", "alto"], "do not go into one stream"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], said: str) -> None:
    assert said in read(LATIN, *arguments, code=2)[1]


def test_nothing_to_read_and_two_of_one_name(tmp_path: Path) -> None:
    shutil.copy(LATIN, tmp_path)
    assert "have one name" in read(LATIN, tmp_path / LATIN.name, "-o", tmp_path / "out", code=2)[1]
    assert "either pictures" in read(code=2)[1]


def test_patterns_that_no_shell_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.png", "a.png", "[x].png", ".hidden.png", "sub/c.png", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(LATIN, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for pattern, names in (
        ("*.png", ["[x].png", "a.png", "b.png"]),
        ("?.png", ["a.png", "b.png"]),
        ("**/c.png", ["sub/c.png"]),
        (str(tmp_path / "[ab].png"), [str(tmp_path / "a.png"), str(tmp_path / "b.png")]),
        ("[x].png", ["[x].png"]),  # it is there
        ("s*", ["sub/c.png"]),  # a folder
        ("*.jpg", ["*.jpg"]),
    ):
        assert [Path(given.name) for given in given_pictures([pattern])] == [Path(name) for name in names]
    assert read("[ab].png")[0].count("# ") == 2
    assert "*.jpg does not exist" in read("*.jpg", code=1)[1]


def test_a_folder_that_cannot_be_written_into_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    for out in (file, file / "out"):
        assert read(LATIN, "-o", out, code=2)[1] == f"tenarai: {file} is a file: name a folder to write into.\n"
    assert file.read_text() == "kept"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a folder that nobody can write into")
@pytest.mark.parametrize("out", ["/proc", "/proc/x"])
def test_nothing_is_read_for_a_folder_that_cannot_be(out: str) -> None:
    said, why = read(LATIN, "-o", out, code=2)
    assert said == "" and f"{out} cannot be written into (" in why and why.count("\n") == 1


def test_chosen_pages() -> None:
    assert chosen_pages("1-3,5, 4") == {1, 2, 3, 4, 5} and chosen_pages(None) is None
    with pytest.raises(SettingsError):
        chosen_pages("1,,2")


def test_what_tenarai_made_is_told_from_what_people_call_so() -> None:
    assert all(
        is_output(Path(name)) for name in ("a.png.pdf", "b.pdf.2.pdf", "a.JPG.overlay.png", "a.tif.3.overlay.png")
    )
    assert not any(is_output(Path(name)) for name in ("a.pdf", "letter.2.pdf", "2.png", "overlay.png", "a.png"))


def test_files_are_whole_or_not_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "sub" / "a.txt", b"old")
    with pytest.raises(TypeError):
        write_whole(tmp_path / "sub" / "a.txt", "no bytes")  # type: ignore[arg-type]
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["a.txt"]
    assert (tmp_path / "sub" / "a.txt").read_bytes() == b"old"
    assert (tmp_path / "sub" / "a.txt").stat().st_mode & 0o044 or sys.platform == "win32"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_watching(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "half.png").write_bytes(b"")  # somebody is about to write it
    # A shell may have started us with Ctrl-C turned off, which a child inherits.
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from tenarai.cli import app; app()"
    )
    command = [sys.executable, "-c", start, "read", "--watch", str(folder), "-o", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watching:
        try:
            shutil.copy(LATIN, folder / "a.png")
            waited(out / "a.png.txt")
            assert not (out / "half.png.txt").exists()
            shutil.copy(LATIN, folder / "half.png")
            waited(out / "half.png.txt")
            (folder / "bad.png").write_bytes(b"no picture")
            time.sleep(4)
            watching.send_signal(2)
            said, why = watching.communicate(timeout=60)
        finally:
            watching.kill()
    assert watching.returncode == 1 and "bad.png" in why and "1 could not be read" in why and "Traceback" not in why
    assert said == "" and {path.name for path in out.iterdir()} == {"a.png.txt", "half.png.txt"}


def waited(path: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not path.is_file():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.2)
