"""Every block of the README, as a newcomer would run it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from rapidfuzz.distance import LCSseq

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
SHEET = ["あいうえお", "かきくけこ", "てならい"]
LETTER = (ROOT / "examples" / "letter-vertical.gt.txt").read_text("utf-8")


def commands(language: str) -> list[str]:
    rows = [row.split("  #")[0].strip() for kind, block in BLOCKS if kind == language for row in block.splitlines()]
    return [row for row in rows if row and not row.startswith("#")]


def letters_in_common(text: str, printed: str) -> float:
    """The part of the text's characters that stand in the output, in order."""
    return LCSseq.similarity(text, printed) / len(text)


def run(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs in a copy of the examples, with this Python's commands first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", **more}
    return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("docs", "examples", "recipes"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_the_first_line_installs_and_reads_in_a_fresh_environment(tmp_path: Path) -> None:
    first = commands("sh")[0]
    assert first.startswith("pip install . && tenarai read ")
    venv.create(tmp_path / "fresh", with_pip=True)
    environment = {"PATH": f"{tmp_path / 'fresh' / 'bin'}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": ""}
    # Built from a copy: an installation must not leave anything in the checkout.
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
    before = set(copy.rglob("*.png"))
    done = run(first, copy, **environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert letters_in_common(LETTER, done.stdout) > 0.9, done.stdout[-500:]
    assert set(copy.rglob("*.png")) == before
    without = run("python -c 'import torch'", copy, **environment)
    assert "ModuleNotFoundError" in without.stderr, "reading must not need torch"


def test_the_test_line_collects_and_runs_tests() -> None:
    line = next(c for c in commands("sh") if "[test]" in c)
    assert line == 'pip install -e ".[test]" && pytest'
    # This test is inside the run that the line starts: here it runs one small file of it.
    done = run("pytest tests/test_public.py -p no:cacheprovider", ROOT)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-1500:]


def is_served(command: str) -> bool:
    """Whether a command goes on until it is stopped, or asks one that does."""
    return command.startswith(("tenarai serve", "tenarai annotate", "curl"))


@contextmanager
def going_on(command: str, folder: Path, port: int) -> Iterator[None]:
    """A server of the README, here at a free port, until it is asked no more."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    words = [*command.split(), "--port", str(port)]
    with (folder / "log").open("wb") as log, subprocess.Popen(words, cwd=folder, env=environment, stderr=log) as server:
        try:
            for _ in range(600):
                with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/ready", timeout=5):
                    break
                assert server.poll() is None, (folder / "log").read_text("utf-8")[-2000:]
                time.sleep(0.2)
            yield
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def test_the_service_answers(folder: Path) -> None:
    (command,) = [c for c in commands("sh") if c.startswith("tenarai serve")]
    (asked,) = [c for c in commands("sh") if c.startswith("curl")]
    port = free_port()
    with going_on(command, folder, port):
        done = run(asked.replace("8000", str(port)), folder)
    assert done.returncode == 0 and "Thank you" in done.stdout, done.stdout[-500:] + done.stderr[-500:]


def test_the_page_opens_on_a_folder(folder: Path) -> None:
    (command,) = [c for c in commands("sh") if c.startswith("tenarai annotate")]
    port = free_port()
    (folder / "examples").unlink()
    (folder / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "line-latin.png", folder / "examples")
    with going_on(f"{command} --no-browser", folder, port), urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
        assert b"<html" in page.read()


@pytest.mark.parametrize("command", [c for c in commands("sh") if c.split()[0] != "pip" and not is_served(c)])
def test_command(command: str, folder: Path) -> None:
    if command.startswith("tenarai model show"):
        made = run(
            "tenarai train recipes/tiny.toml --out runs/tiny --set run.steps=4 --set run.steps_an_epoch=4", folder
        )
        assert made.returncode == 0, made.stderr[-2000:]
    if command.startswith("tenarai dataset show"):
        assert run("tenarai dataset standardise examples store/", folder).returncode == 0
    done = run(command, folder)
    assert done.returncode == 0, done.stderr[-2000:]
    if command.startswith("tenarai read"):
        written = [p.read_text("utf-8") for p in folder.glob("read/*") if p.suffix != ".png"]
        assert done.stdout.strip() or any(text.strip() for text in written)


def python(word: str) -> str:
    (block,) = [block for kind, block in BLOCKS if kind == "python" and word in block]
    return block


def test_every_python_block_is_tried() -> None:
    assert [kind for kind, _ in BLOCKS].count("python") == 2


def test_python_reads_pages(folder: Path) -> None:
    (folder / "block.py").write_text(python("read_many"), encoding="utf-8")
    done = run("python block.py", folder)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "not read: " in done.stdout
    assert letters_in_common(LETTER, done.stdout) > 0.9, done.stdout


def test_python_reads_characters(folder: Path) -> None:
    (folder / "block.py").write_text(python("read_characters"), encoding="utf-8")
    done = run("python block.py", folder)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = done.stdout.splitlines()
    assert letters_in_common("".join(SHEET), "".join(rows[: len(SHEET)])) > 0.75, done.stdout
    assert rows[len(SHEET)].split()[0] == "ナ", done.stdout
