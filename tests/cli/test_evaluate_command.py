"""`tenarai evaluate`: what it is asked for reaches the reader."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from tenarai.cli import app
from tenarai.reader import shipped_model

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
