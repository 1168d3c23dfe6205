"""A `tenarai serve` in a process of its own, for benchmarks that ask it over HTTP."""

import re
import subprocess
import sys
import threading

from tenarai.errors import TenaraiError


def started(*options: str) -> tuple["subprocess.Popen[str]", int]:
    """The process of a service that answers, on a free port, and that port; whoever asks for it ends it."""
    command = [sys.executable, "-m", "tenarai", "serve", "--port", "0", "--rate", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    said = list[str]()
    for row in process.stderr or ():
        said.append(row)
        if found := re.search(r"listens on \S+:(\d+)/ ", row):
            # Its log has to go somewhere, or it would wait for room.
            threading.Thread(target=lambda: [None for _ in process.stderr or ()], daemon=True).start()
            return process, int(found[1])
    process.wait()
    raise TenaraiError(f"The service did not start: {''.join(said)[-500:].strip()}")
