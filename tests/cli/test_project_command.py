"""`tenarai project`: export, import, backup and check, from the command line."""

import io
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from tenarai.cli.project import project_app
from tenarai.serve.store import create_project, open_project

runner = CliRunner()


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    file = io.BytesIO()
    Image.new("L", (40, 30), 255).save(file, "PNG")
    with create_project(tmp_path / "letters", "Letters") as project:
        page = project.add_picture(file.getvalue(), "one.png").id
        line = project.add_line(page, box=(1, 1, 30, 20))
        project.save_text(line.id, "手紙")
    return tmp_path / "letters"


def run(*words: str | Path) -> tuple[int, str]:
    result = runner.invoke(project_app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_project_goes_to_a_file_and_comes_back(letters: Path, tmp_path: Path) -> None:
    code, said = run("export", letters, "-o", tmp_path / "letters.zip")
    assert code == 0 and "1 pages, 1 lines, 1 of them corrected" in said
    code, said = run("import", tmp_path / "letters.zip", tmp_path / "again")
    assert code == 0 and "Letters, 1 pages" in said
    with open_project(tmp_path / "again") as again:
        assert again.layout(1).lines[0].text == "手紙"
    code, said = run("import", tmp_path / "letters.zip", tmp_path / "again")
    assert code == 2 and "already holds a project" in said
    code, said = run("export", letters, "-o", tmp_path)
    assert code == 2 and "name the ZIP file" in said


def test_a_backup_is_checked(letters: Path, tmp_path: Path) -> None:
    assert run("backup", letters, tmp_path / "copy")[0] == 0
    assert run("check", tmp_path / "copy") == (0, f"{tmp_path / 'copy'}: all is well\n")
    next((tmp_path / "copy" / "pictures").rglob("*.png")).write_bytes(b"")
    code, said = run("check", tmp_path / "copy")
    assert code == 1 and "is not what it was" in said


def test_what_is_no_project_is_told(tmp_path: Path) -> None:
    code, said = run("check", tmp_path)
    assert code == 2 and said.startswith("tenarai: ") and "holds no project" in said
    assert isinstance(project_app, typer.Typer)
