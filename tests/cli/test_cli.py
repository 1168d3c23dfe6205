"""The command line as a person meets it: outputs, exit codes, one sentence for each mistake."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tenarai.cli import app
from tenarai.model.export import read_network, write_model
from tenarai.model.shipped import shipped_model
from tenarai.page.layout import Page

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
LATIN = str(EXAMPLES / "line-latin.png")
runner = CliRunner()


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "tenarai", "--help"]
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        taken.append(time.perf_counter() - start)
    assert "read" in done.stdout and "evaluate" in done.stdout
    for heavy in ("numpy", "cv2", "onnxruntime", "torch", "pydantic"):
        assert f" {heavy}\n" not in done.stderr
    # 0.4 s is the aim on a quiet machine; a busy one gets four times that before it counts as a fault.
    assert min(taken) < 1.6


def test_read_prints_text() -> None:
    done = runner.invoke(app, ["read", LATIN])
    assert done.exit_code == 0
    assert len(done.stdout.strip()) > 20 and "#" not in done.stdout


def test_read_json_is_a_page() -> None:
    done = runner.invoke(app, ["read", LATIN, "-f", "json", "--direction", "horizontal"])
    page = Page.from_dict(json.loads(done.stdout))
    assert page.source == LATIN and page.lines[0].characters


def test_read_a_folder_into_a_folder(tmp_path: Path) -> None:
    done = runner.invoke(app, ["read", str(EXAMPLES), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0 and done.stdout == ""
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {f"{p.name}.txt" for p in EXAMPLES.glob("*.png")}


def test_stdin() -> None:
    picture = (EXAMPLES / "line-latin.png").read_bytes()
    command = [sys.executable, "-m", "tenarai", "read", "-"]
    done = subprocess.run(command, input=picture, capture_output=True, check=True)
    assert done.stdout.decode() == runner.invoke(app, ["read", LATIN]).stdout


def test_some_failed(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    done = runner.invoke(app, ["read", str(bad), LATIN])
    assert done.exit_code == 1
    assert "bad.png" in done.stderr and "1 of 2" in done.stderr
    assert len(done.stdout.strip().splitlines()) >= 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["read", "no-such-folder-or-file.png"], "no-such-folder-or-file.png"),
        (["read", LATIN, "--model", "README.md"], "README.md"),
        (["read", LATIN, "--direction", "diagonal"], "diagonal"),
        (["read", LATIN, "-f", "docx"], "docx"),
        (["evaluate", "no-such-data"], "no-such-data"),
        (["train", "no-such-recipe.toml", "--out", "x"], "no-such-recipe.toml"),
        (["model", "show", "LICENSE"], "LICENSE"),
        (["reed"], "reed"),
    ],
)
def test_mistakes_get_a_sentence(arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = runner.invoke(app, arguments)
    assert done.exit_code in (1, 2)
    assert said in done.stderr and "Traceback" not in done.stderr


def test_an_empty_folder(tmp_path: Path) -> None:
    done = runner.invoke(app, ["read", str(tmp_path)])
    assert done.exit_code == 2 and "no picture" in done.stderr


def test_evaluate_prints_figures() -> None:
    done = runner.invoke(app, ["evaluate", str(EXAMPLES), "--json"])
    figures = json.loads(done.stdout)
    assert done.exit_code == 0 and figures["lines"] == len(list(EXAMPLES.glob("*.png")))
    assert 0 <= figures["cer"] <= 1
    assert "CER" in runner.invoke(app, ["evaluate", str(EXAMPLES)]).stdout


def test_model_show() -> None:
    shown = json.loads(runner.invoke(app, ["model", "show"]).stdout)
    assert shown["kind"] == "recogniser" and shown["characters"] > 3500
    assert any("KanjiVG" in licence for licence in shown["licences"]) and shown["licence"]
    assert json.loads(runner.invoke(app, ["model", "show", "classical"]).stdout)["name"] == "classical"


def test_model_compact(tmp_path: Path) -> None:
    whole, small = tmp_path / "whole.model", tmp_path / "small.model"
    network, header = read_network(shipped_model())
    write_model(network, header, whole)
    done = runner.invoke(app, ["model", "compact", str(whole), str(small)])
    assert done.exit_code == 0 and small.name in done.stderr
    assert small.stat().st_size < 0.5 * whole.stat().st_size
    read = runner.invoke(app, ["read", str(ROOT / "examples/line-japanese.png"), "-m", str(small)])
    assert read.exit_code == 0 and len(read.stdout.strip()) > 8


def test_version() -> None:
    assert runner.invoke(app, ["--version"]).stdout.startswith("tenarai ")
