"""The one owner of the reader: requests are gathered in two lanes and read a few at a time.

Every line runs through the network by itself, as in `reader.py`: a batch would change floating-point sums with the
company a line keeps, and buys nothing on a CPU. What is gathered is the work, so that no more of it runs than there are
threads, what waits is bounded, and what nobody waits for any more is not read.
"""

import asyncio
import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import tenarai
from tenarai.errors import TenaraiError
from tenarai.image.clean import Gray
from tenarai.image.read import LIMITS, Limits
from tenarai.model.runtime import LineRuntime
from tenarai.reader import Reader, shipped_model
from tenarai.text.ctc import Decoding

Kind = Literal["short", "long"]  # lines, characters and ink; whole pages
KINDS: tuple[Kind, ...] = ("short", "long")
LONGEST_WAIT = 60.0  # seconds that a client who is sent away is told to wait at most


class Refused(TenaraiError):
    """Work that is not done: nothing is wrong with it."""


class Busy(Refused):
    """The lane is full; `wait` seconds on it may have a place."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"As much as may wait is waiting: try again in {wait:.0f} s.")
        self.wait = wait


class Late(Refused):
    """The deadline has passed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"It was not read within {seconds:g} s: send fewer or smaller pages, or a job.")


class Stopped(Refused):
    """The service stops, or nobody waits for the work any more."""

    def __init__(self, reason: str = "The service is being stopped: try again later.") -> None:
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class ModelName:
    """Which model reads: its name, and the beginning of its file's SHA-256, which changes with every training."""

    name: str
    version: str
    tenarai: str = tenarai.__version__

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(slots=True, eq=False)
class _Task:
    work: Callable[[Reader], Any]
    until: float  # of time.monotonic
    future: Future[Any] = field(default_factory=Future)
    left: bool = False  # nobody waits for it any more

    def check(self) -> None:
        """Raises what ends it before its time."""
        if self.left:
            raise Stopped("Nobody waits for this any more.")
        if time.monotonic() > self.until:
            raise Late(0.0)


_AT_WORK = threading.local()


class _WatchedRuntime(LineRuntime):
    """Looks before each line whether somebody still waits for it."""

    def read(self, picture: Gray, *args: Any, **kwargs: Any) -> Decoding:
        task: _Task | None = getattr(_AT_WORK, "task", None)
        if task is not None:
            task.check()
        return super().read(picture, *args, **kwargs)
