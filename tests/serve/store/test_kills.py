"""A correction that was acknowledged is there after the server that saved it was killed (-9)."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

KILLS = Path(__file__).parents[3] / "benchmarks" / "kills"


def test_acknowledged_corrections_outlive_their_server(new_url: Callable[[], str | None]) -> None:
    url = new_url()
    command = [sys.executable, str(KILLS), "--count", "2", *(["--database", url] if url else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["kills"] == 2 and figures["acknowledged"] >= 2
    assert figures["lost"] == figures["twice"] == 0 and figures["check"] == []
