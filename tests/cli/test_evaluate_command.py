"""`tenarai evaluate`: what it is asked for reaches the reader."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from tenarai.cli import app
from tenarai.model.shipped import shipped_model
from tenarai.page.formats import pagexml
from tenarai.page.layout import Box, Line, Page, Region

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
runner = CliRunner()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line, and the same line as one of a page of two, which is read as a page."""
    folder = tmp_path_factory.mktemp("lines")
    line = cv2.imread(str(EXAMPLES / "line-latin.png"), cv2.IMREAD_GRAYSCALE)
    text = (EXAMPLES / "line-latin.gt.txt").read_text("utf-8").strip()
    for name, picture, truth in (("one", line, text), ("two", np.vstack((line, line)), f"{text}\n{text}")):
        cv2.imwrite(str(folder / f"{name}.png"), picture)
        (folder / f"{name}.gt.txt").write_text(truth, "utf-8")
    return folder


@pytest.mark.parametrize("alphabet", ["digits", "kana+digits", "はい"])
def test_an_alphabet_restricts_the_reading_of_lines(lines: Path, alphabet: str) -> None:
    done = runner.invoke(app, ["evaluate", str(lines), "--alphabet", alphabet, "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    free = json.loads(runner.invoke(app, ["evaluate", str(lines), "--json"]).stdout)
    assert free["lines"] == figures["lines"] == 2 and free["cer"] < 0.5 < figures["cer"]
    read = "".join(worst["hypothesis"] for worst in figures["worst"])
    assert not any("a" <= character.lower() <= "z" for character in read)


@pytest.mark.parametrize("model", [[], ["-m", str(shipped_model("characters"))]])
def test_an_alphabet_that_is_none_is_refused(lines: Path, model: list[str]) -> None:
    done = runner.invoke(app, ["evaluate", str(lines), "--alphabet", "hiragama", *model])
    assert done.exit_code == 2 and "no alphabet" in done.stderr


@pytest.mark.parametrize("model", ["default", "shipped", "./mine"])
def test_a_model_is_named_or_given_as_a_file(
    lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_bytes(shipped_model().read_bytes())
    done = runner.invoke(app, ["evaluate", str(lines), "-m", model, "--json"])
    assert done.exit_code == 0 and done.stdout == runner.invoke(app, ["evaluate", str(lines), "--json"]).stdout


def test_the_script_reaches_the_reader(lines: Path, tmp_path: Path) -> None:
    """Latin lines are read badly by the model of old columns, whichever way it is asked for."""
    report = tmp_path / "report.html"
    forced = runner.invoke(app, ["evaluate", str(lines), "--script", "classical", "--json", "--report", str(report)])
    assert forced.exit_code == 0, forced.output
    assert forced.stdout == runner.invoke(app, ["evaluate", str(lines), "-m", "classical", "--json"]).stdout
    assert "classical" in report.read_text("utf-8")
    done = runner.invoke(app, ["compare", "classical", "default", str(lines), "--script", "classical", "--json"])
    both = json.loads(done.stdout)
    assert both["difference"] == 0 and both["a"]["cer"] == json.loads(forced.stdout)["cer"] > 0.5
    free = json.loads(runner.invoke(app, ["compare", "classical", "default", str(lines), "--json"]).stdout)
    assert free["b"]["cer"] < 0.5 < free["a"]["cer"]


def test_a_report_is_written_beside_the_figures(lines: Path, tmp_path: Path) -> None:
    report = tmp_path / "made" / "report.html"
    done = runner.invoke(app, ["evaluate", str(lines), "--json", "--report", str(report)])
    assert done.exit_code == 0, done.output
    figures, page = json.loads(done.stdout), report.read_text("utf-8")
    assert f"{100 * figures['cer']:.2f} %" in page and "one.png" in page and "data:image/jpeg" in page
    confidence = figures["confidence"]
    assert 0 <= confidence["calibration_error"] <= 1 and confidence["lines"] == 2
    assert confidence["line_risk"][-1]["coverage"] == 1
    assert confidence["line_risk"][-1]["error"] == pytest.approx(figures["cer"])


def test_a_report_on_single_characters(tmp_path: Path) -> None:
    folder, report = tmp_path / "own", tmp_path / "report.html"
    for name in "あお":
        (folder / name).mkdir(parents=True)
        picture = np.full((40, 40), 255, np.uint8)
        cv2.circle(picture, (20, 20), 12, 0, 2)
        cv2.imwrite(str(folder / name / "1.png"), picture)
    arguments = ["evaluate", str(folder), "--as", "own", "-m", str(shipped_model("characters"))]
    done = runner.invoke(app, [*arguments, "--alphabet", "あか", "--report", str(report)])
    assert done.exit_code == 0, done.output
    page = report.read_text("utf-8")
    assert "data:image/jpeg" in page and "matrix" in page and "お" in page


def test_a_model_is_compared_with_itself(lines: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    arguments = ["compare", "shipped", str(shipped_model()), str(lines)]
    done = runner.invoke(app, [*arguments, "--json", "--report", str(report)])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["difference"] == 0 and found["interval"]["low"] == found["interval"]["high"] == 0
    assert found["a"] == found["b"] and found["a"]["lines"] == 2
    assert "+0.00 points" in report.read_text("utf-8")
    told = runner.invoke(app, [*arguments, "--alphabet", "digits"])
    assert told.exit_code == 0 and "2 with as many errors" in " ".join(told.stdout.split())


@pytest.mark.parametrize("command", [["evaluate"], ["compare", "shipped", "shipped"]])
def test_a_folder_is_no_report(lines: Path, tmp_path: Path, command: list[str]) -> None:
    done = runner.invoke(app, [*command, str(lines), "--report", str(tmp_path)])
    assert done.exit_code == 2 and "name the HTML file" in done.stderr


def test_a_model_that_reads_no_lines_is_not_compared(lines: Path) -> None:
    done = runner.invoke(app, ["compare", "shipped", str(shipped_model("characters")), str(lines)])
    assert done.exit_code == 2 and "to read lines" in done.stderr


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A page of two lines and its layout, in which a third line is not transcribed."""
    line = cv2.imread(str(EXAMPLES / "line-latin.png"), cv2.IMREAD_GRAYSCALE)
    text = (EXAMPLES / "line-latin.gt.txt").read_text("utf-8").strip()
    height, width = line.shape
    cv2.imwrite(str(tmp_path / "two.png"), np.vstack((line, line)))
    lines = tuple(
        Line(Box(0, top, width, top + height), "horizontal", written)
        for top, written in ((0, text), (height, text), (height, ""))
    )
    region = Region(Box(0, 0, width, 2 * height), lines, "horizontal")
    (tmp_path / "two.xml").write_bytes(pagexml.write(Page(width, 2 * height, (region,), "two.png")))
    return tmp_path


def test_lines_are_cut_from_pages_with_layouts(pages: Path) -> None:
    figures = json.loads(runner.invoke(app, ["evaluate", str(pages), "--json"]).stdout)
    assert figures["lines"] == 2 and figures["cer"] < 0.3  # the line without a text counts for nothing
    alone = json.loads(runner.invoke(app, ["evaluate", str(pages / "two.xml"), "--json"]).stdout)
    assert alone["cer"] == figures["cer"]


def test_whole_pages_are_found_and_read(pages: Path) -> None:
    done = runner.invoke(app, ["evaluate", str(pages), "--pages", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures["lines"] == 1 and figures["cer"] < 0.3


def test_two_models_are_compared_on_whole_pages(pages: Path) -> None:
    done = runner.invoke(app, ["compare", "shipped", "shipped", str(pages), "--pages", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    alone = json.loads(runner.invoke(app, ["evaluate", str(pages), "--pages", "--json"]).stdout)
    assert found["a"] == found["b"] == alone and found["difference"] == 0


@pytest.mark.parametrize("asked", [[], ["--pages"]])
def test_a_page_without_its_picture_is_said(pages: Path, asked: list[str]) -> None:
    (pages / "two.png").unlink()
    done = runner.invoke(app, ["evaluate", str(pages), *asked])
    assert done.exit_code == 2 and "two.png" in done.stderr and "Traceback" not in done.stderr


def test_whole_pages_need_layouts(lines: Path) -> None:
    done = runner.invoke(app, ["evaluate", str(lines), "--pages"])
    assert done.exit_code == 2 and "layout" in done.stderr
