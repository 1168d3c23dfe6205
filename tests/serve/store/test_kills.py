"""A correction that was acknowledged is there after the process that saved it was killed (-9)."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

KILLS = Path(__file__).parents[3] / "benchmarks" / "kills"


@pytest.mark.skipif(sys.platform == "win32", reason="it forks")
def test_acknowledged_corrections_outlive_their_writer(new_url: Callable[[], str | None]) -> None:
    url = new_url()
    command = [sys.executable, str(KILLS), "--count", "4", *(["--database", url] if url else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["kills"] == 4 and figures["acknowledged"] >= 4
    assert figures["lost"] == 0 and figures["check"] == []
