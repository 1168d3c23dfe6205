import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from tenarai.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"
LINE = EXAMPLES / "line-latin.png"


@contextmanager
def command(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A command that serves: its process, its address and what it has said by then."""
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tenarai", *arguments, "--port", "0"],
        stderr=subprocess.PIPE, text=True, env=settings,
    )  # fmt: skip
    said: list[str] = []
    try:
        assert process.stderr is not None
        for row in process.stderr:
            said.append(row)
            if found := re.search(r"(http://\S+/)[ ;]", row):
                yield process, found[1], said
                break
        else:
            raise AssertionError(said)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_it_serves_with_a_token_and_stops_gracefully(tmp_path: Path) -> None:
    with command("serve", "--token-file", tmp_path / "token") as (process, url, said):
        token = said[0].split()[-1]
        assert token not in (tmp_path / "token").read_text()
        assert httpx.get(f"{url}docs").status_code == 401
        signed = {"authorization": f"Bearer {token}"}
        files = {"picture": LINE.read_bytes()}
        assert httpx.post(f"{url}v1/line", files=files, headers=signed, timeout=60).json()["line"]["text"]
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=60)
        rows = [json.loads(row) for row in rest.splitlines()]
        assert [(row["path"], row["status"]) for row in rows] == [("other", 401), ("/v1/line", 200)]
        assert token not in rest
        assert process.returncode in (0, -signal.SIGTERM)


def test_pictures_become_a_project_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "one.png").write_bytes(LINE.read_bytes())
    (tmp_path / "letters" / "broken.png").write_bytes(b"nothing")
    with command("annotate", tmp_path / "letters", "--no-browser") as (_, url, said):
        assert "broken.png" in said[0] and "1 new pages, 1 files refused." in said[1]
        until = time.monotonic() + 120
        while time.monotonic() < until:
            (page,) = httpx.get(f"{url}api/pages", timeout=30).json()["pages"]
            if page["lines"]:
                break
            time.sleep(0.3)
        assert page["name"] == "one.png" and page["lines"] == 1
        assert "<!doctype html>" in httpx.get(url, timeout=30).text
    assert (tmp_path / "letters.tenarai" / "project.db").is_file()
    # Again: what is there is known, and nothing is read twice.
    with command("annotate", tmp_path / "letters.tenarai", "--no-browser") as (_, url, said):
        assert len(said) == 1
        assert len(httpx.get(f"{url}api/pages", timeout=30).json()["pages"]) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--host", "0.0.0.0"], "--token-file"),
        (["serve", "--model", "nothing.model"], "nothing.model"),
        (["serve", "--project", "nothing"], "nothing"),
        (["serve", "--deadline", "-1"], "deadline_s"),
        (["annotate", "nothing.png", "--no-browser"], "no picture"),
    ],
)
def test_what_cannot_be_served_is_told_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*arguments, "--port", "0"])
    assert result.exit_code == 2, result.output
    assert result.stderr.splitlines()[-1].startswith("tenarai: ") and sentence in result.stderr


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    from tenarai.serve.server import listen

    with listen("127.0.0.1", 0) as taken:
        result = CliRunner().invoke(app, ["serve", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2 and "choose another --port" in result.stderr
