"""The one owner of the reader: requests are gathered in two lanes, and read as many at a time as there are threads.

Every line runs through the network by itself, as in `reader.py`: a batch would change floating-point sums with the
company that a line keeps, and buys nothing on a CPU. What is gathered is the work: what waits is bounded, a page never
holds up a line, and what nobody waits for any more is not read.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import tenarai
from tenarai.errors import TenaraiError
from tenarai.image.clean import Gray
from tenarai.image.read import Limits
from tenarai.model.runtime import LineRuntime
from tenarai.model.shipped import classical_beside, shipped_model
from tenarai.reader import Reader
from tenarai.serve.settings import ServeSettings
from tenarai.text.ctc import Decoding

Kind = Literal["short", "long"]  # lines, characters and ink; whole pages
KINDS: tuple[Kind, ...] = ("short", "long")
LONGEST_WAIT = 60.0  # seconds that a client who is sent away is told to wait at most
T = TypeVar("T")


class BusyError(TenaraiError):
    """The lane is full; in `wait` seconds it may have a place."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"As much is waiting to be read as may wait: try again in {wait:.0f} s.")
        self.wait = wait


class LateError(TenaraiError):
    """The deadline has passed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"It was not read within {seconds:g} s: send fewer pages at a time, or a job to /v1/jobs.")


class StoppingError(TenaraiError):
    """The service is being stopped."""

    def __init__(self) -> None:
        super().__init__("The service is being stopped: try again later.")


class _LeftError(Exception):
    """Nobody waits for the work any more."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """Which model reads: its name, and the beginning of its file's SHA-256, which changes with every training."""

    name: str
    version: str
    tenarai: str = tenarai.__version__

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class _Model:
    reader: Reader
    name: ModelName


class _Task:
    """One piece of work. Where it is left, it forgets what it holds, wherever it is."""

    def __init__(self, work: Callable[[Reader], Any], until: float) -> None:
        self.work: Callable[[Reader], Any] | None = work
        self.until = until  # of time.monotonic

    def leave(self) -> None:
        self.work = None

    def check(self) -> None:
        if self.work is None or time.monotonic() > self.until:
            raise _LeftError


_AT_WORK = threading.local()


class _WatchedRuntime(LineRuntime):
    """Looks before each line whether somebody still waits for it."""

    def read(self, picture: Gray, *args: Any, **kwargs: Any) -> Decoding:
        task: _Task | None = getattr(_AT_WORK, "task", None)
        if task is not None:
            task.check()
        return super().read(picture, *args, **kwargs)


class Lane:
    """Work of one kind: so many at a time, so many waiting, and how long one takes."""

    def __init__(self, kind: Kind, threads: int, room: int) -> None:
        self.kind, self.threads, self.room = kind, threads, room
        self.inside = 0  # requests that wait, send their pictures, or are being read
        self.running = 0
        self.seconds = 0.1  # of one piece of work, lately
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, f"tenarai-{kind}")

    def enter(self) -> None:
        """Takes a place. Raises BusyError where there is none."""
        with self._lock:
            if self.inside >= self.room:
                raise BusyError(min(LONGEST_WAIT, max(1.0, self.inside * self.seconds / self.threads)))
            self.inside += 1

    def leave(self) -> None:
        with self._lock:
            self.inside -= 1

    def submit(self, task: _Task, model: Callable[[], _Model]) -> "Future[Any]":
        return self._pool.submit(self._do, task, model)

    def _do(self, task: _Task, model: Callable[[], _Model]) -> Any:
        work = task.work
        if work is None:
            raise _LeftError
        start = time.monotonic()
        with self._lock:
            self.running += 1
        _AT_WORK.task = task
        try:
            task.check()
            return work(model().reader)
        finally:
            _AT_WORK.task = None
            with self._lock:
                self.running -= 1
                self.seconds += 0.1 * (time.monotonic() - start - self.seconds)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class Place:
    """What one request has got: its place in a lane, until its deadline."""

    def __init__(self, engine: "Engine", lane: Lane, deadline: float) -> None:
        self._engine, self._lane, self._deadline = engine, lane, deadline
        self._until = time.monotonic() + deadline

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self._until - time.monotonic())

    def renew(self) -> None:
        """Begins its time anew, as for every page of a job."""
        self._until = time.monotonic() + self._deadline

    async def run(self, work: Callable[[Reader], T]) -> T:
        """What `work` makes of the reader, in a thread of the lane. Left as soon as this is cancelled: what waits is
        dropped, a page ends before its next line. Raises LateError after the deadline, StoppingError when the service
        ends."""
        task = _Task(work, self._until)
        try:
            future = self._lane.submit(task, self._engine.model)
        except RuntimeError:  # the pool is shut down
            raise StoppingError from None
        try:
            async with asyncio.timeout(self.left):
                found: T = await asyncio.wrap_future(future)
                return found
        except (TimeoutError, _LeftError):
            raise LateError(self._deadline) from None
        except asyncio.CancelledError:
            if self._engine.stopping and future.cancelled():
                raise StoppingError from None
            raise
        finally:
            task.leave()
            future.cancel()


class Engine:
    """The reader of a service, its two lanes, and its end. Raises ModelFileError for a file that is no model.

    May be made anywhere; used from one event loop at a time.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self._model = _opened(settings.model, settings.limits)
        self.lanes = {kind: Lane(kind, settings.threads, settings.queue) for kind in KINDS}
        self.stopping = self.warm = False

    @property
    def name(self) -> ModelName:
        """The model that reads."""
        return self._model.name

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The characters that it can give."""
        return self._model.reader.alphabet

    def model(self) -> _Model:
        return self._model

    def use(self, model: Path | None) -> ModelName:
        """Reads with another model from now on, the shipped one if None; what is being read ends with the old one."""
        self._model = _opened(model, self.settings.limits)
        return self.name

    @contextmanager
    def place(self, kind: Kind, deadline: float | None = None) -> Iterator[Place]:
        """A place in a lane, held while a request's picture comes in and is read. `deadline` in seconds, that of the
        settings if None. Raises BusyError, StoppingError."""
        if self.stopping:
            raise StoppingError
        lane = self.lanes[kind]
        lane.enter()
        try:
            yield Place(self, lane, self.settings.deadline_s if deadline is None else deadline)
        finally:
            lane.leave()

    def place_beside(self, kind: Kind) -> Place:
        """A place for work of the service itself, which takes none from those who wait. Raises StoppingError."""
        if self.stopping:
            raise StoppingError
        return Place(self, self.lanes[kind], self.settings.deadline_s)

    async def warm_up(self) -> None:
        """Opens the models that are opened when they are first used, so that nobody waits for it."""
        await self.place_beside("long").run(lambda reader: (reader.characters, reader.detector))
        self.warm = True

    async def finish(self) -> None:
        """Waits for what is inside, for so long as the settings say, and drops the rest."""
        self.stopping = True
        until = time.monotonic() + self.settings.stop_s
        while any(lane.inside for lane in self.lanes.values()) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        for lane in self.lanes.values():
            lane.close()


def _opened(path: Path | None, limits: Limits) -> _Model:
    file = shipped_model() if path is None else path
    # One line at a time in each thread of a lane; the lanes have the threads.
    runtime = _WatchedRuntime(file, threads=1)
    version = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    reader = Reader(runtime, limits, classical=classical_beside(runtime.header))
    return _Model(reader, ModelName(runtime.header.name, version))
