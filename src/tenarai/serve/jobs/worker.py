"""The worker process: performs one job of a project after another. Started by `jobs.keeper`, ends when that does.

It is told what to do by a line of JSON on its standard input, and that to stop by the end of it: so it also stops when
the server is killed. A job gives way at its next page or round, or is cut off after a while: it goes on from there.
"""

import json
import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, SecretStr

from tenarai.errors import TenaraiError
from tenarai.serve.jobs.ledger import JobError, Ledger
from tenarai.serve.jobs.queue import open_queue
from tenarai.serve.jobs.request import Request

LOCK = "worker.lock"
UNFINISHED = "learning"  # folder of the project: the states of runs that are not over
GIVES_WAY_S = 10.0  # that a job which is cancelled, or a worker that is stopped, has to come to the next page or round
WATCH_S = 0.5
CUT_OFF = 75  # exit code when a job did not give way
NICE = 5  # people who correct go first

_log = logging.getLogger("tenarai.jobs")


class Workplace(BaseModel):
    """What a worker has to know. Database and queue may hold passwords."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    database: SecretStr | None = None
    queue: SecretStr | None = None
    model: Path | None = None
    threads: int = 1

    def told(self) -> bytes:
        """The line that a worker is told, secrets in clear."""
        plain = self.model_dump(mode="json", exclude=set(SECRETS))
        secrets = {name: secret(getattr(self, name)) for name in SECRETS}
        return json.dumps(plain | secrets).encode() + b"\n"


SECRETS = ("database", "queue")


def secret(value: SecretStr | None) -> str | None:
    """In clear."""
    return None if value is None else value.get_secret_value()


class GaveWay(Exception):  # noqa: N818 - nothing is wrong
    """A job stops before its end: it was cancelled, or the worker stops."""


@dataclass(slots=True)
class Progress:
    """How a job says how far it is, and hears that it should stop."""

    job: int
    ledger: Ledger
    stopping: Callable[[], bool]
    done: int = 0
    total: int = 0
    result: dict[str, Any] | None = None

    def say(self, done: int, total: int, message: str = "", result: dict[str, Any] | None = None) -> None:
        """Raises GaveWay when it is cancelled or the worker stops."""
        self.done, self.total = done, total
        self.result = self.result if result is None else result
        if not self.ledger.progress(self.job, done, total, message, result) or self.stopping():
            raise GaveWay

    def check(self) -> None:
        """Between two pages: raises GaveWay as `say` does."""
        if self.stopping() or self.ledger.get(self.job).state != "running":
            raise GaveWay


class Worker:
    """Performs the jobs of one project, and has it open."""

    def __init__(self, place: Workplace, gone: threading.Event) -> None:
        from tenarai.serve.store import open_project

        self.place, self.gone = place, gone
        self.project = open_project(place.folder, secret(place.database))
        self.ledger = Ledger(place.folder, ledger_url(secret(place.queue)))
        self.task = open_queue(place.folder, secret(place.queue), self.perform)
        self.consumer = self.task.huey.create_consumer(
            workers=1, periodic=False, initial_delay=0.1, backoff=1.1, max_delay=1.0, scheduler_interval=60,
            shutdown_timeout=GIVES_WAY_S,
        )  # fmt: skip
        self.at_work: int | None = None

    def run(self) -> None:
        """Until it is told to stop."""
        threading.Thread(target=self._watch, daemon=True).start()
        waiting = self.ledger.recover()
        clear_unfinished(self.place.folder, waiting)
        for job in waiting:
            self.task(job)
        self.consumer.run()
        self.consumer.stop(graceful=True)
        if self.at_work is not None:  # its thread is in the middle of something: Python would not end cleanly under it
            os._exit(CUT_OFF)

    def perform(self, job: int) -> None:
        """One job to its end, or back among those that wait."""
        if self.stopping() or not self.ledger.begin(job):
            return
        self.at_work = job
        try:
            self._perform(job)
        finally:
            self.at_work = None

    def _perform(self, job: int) -> None:
        row = self.ledger.get(job)
        progress = Progress(job, self.ledger, self.stopping, row.done, row.total, row.result)
        try:
            request = self.ledger.request(job)
            message, result = perform(self, request, progress)
        except GaveWay:
            self.ledger.put_back(job)
        except TenaraiError as error:
            self.ledger.finish(job, "failed", str(error))
        except MemoryError:
            self.ledger.finish(job, "failed", "There is not enough memory for this job.")
        except Exception as error:
            _log.exception("job %d", job)
            self.ledger.finish(job, "failed", f"Something unforeseen went wrong ({type(error).__name__}: {error}).")
        else:
            self.ledger.finish(job, "done", message, result)
            if request.kind in ("learn", "check"):
                self.consumer.stop_flag.set()  # torch takes memory that only the end of a process gives back

    def stopping(self) -> bool:
        return self.gone.is_set() or bool(self.consumer.stop_flag.is_set())

    def _watch(self) -> None:
        """Stops when it is told to, and cuts off a job that does not give way."""
        since: float | None = None
        while True:
            if self.gone.wait(WATCH_S):
                self.consumer.stop_flag.set()
                time.sleep(WATCH_S)
            job = self.at_work
            if job is None or not (self.stopping() or self.ledger.get(job).state != "running"):
                since = None
            elif since is None:
                since = time.monotonic()
            elif time.monotonic() - since > GIVES_WAY_S:
                _log.warning("job %d did not give way", job)
                os._exit(CUT_OFF)


def perform(worker: Worker, request: Request, progress: Progress) -> tuple[str, dict[str, Any]]:
    """What came of it: a sentence and the result. Raises a TenaraiError when it failed, GaveWay when it was stopped."""
    if request.kind == "read":
        from tenarai.serve.jobs.reading import read_pages

        return read_pages(worker.project, worker.place, request, progress)
    if request.kind == "export":
        from tenarai.serve.jobs.exporting import export_pages

        return export_pages(worker.project, request, progress)
    from tenarai.serve.jobs import learning

    if request.kind == "check":
        return learning.check(worker.project, worker.place, progress)
    return learning.learn(worker.project, worker.place, request.options, progress)


def ledger_url(queue: str | None) -> str | None:
    """Where the ledger is when the queue is there: beside it in PostgreSQL, else in the project folder."""
    return queue if queue and queue.startswith("postgres") else None


def _alone(folder: Path, gone: threading.Event) -> sqlite3.Connection | None:
    """Waits until no other worker serves this project; None when the server goes first. SQLite's lock ends with its
    process, on every system."""
    lock = sqlite3.connect(folder / LOCK, timeout=WATCH_S, isolation_level=None, check_same_thread=False)
    while not gone.is_set():
        try:
            lock.execute("BEGIN EXCLUSIVE")
            return lock
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise JobError(f"{folder / LOCK} cannot be used ({error}): check the folder's permissions.") from None
    return None


def clear_unfinished(folder: Path, waiting: Sequence[int]) -> None:
    """Throws away what jobs have left that nobody goes on with."""
    for state in (folder / UNFINISHED).glob("*"):
        if not (state.stem.isdecimal() and int(state.stem) in waiting):
            state.unlink(missing_ok=True)


def _serve(place: Workplace, gone: threading.Event) -> None:
    lock = _alone(place.folder, gone)
    if lock is None:
        return
    worker = Worker(place, gone)
    worker.run()
    worker.project.close()
    lock.close()


def main() -> NoReturn:
    """`python -m tenarai.serve.jobs.worker`, which only the server calls."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    line, gone = sys.stdin.buffer.readline(), threading.Event()
    threading.Thread(target=_hear, args=(gone,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(NICE)
    try:
        if line:
            _serve(Workplace.model_validate_json(line), gone)
    except TenaraiError as error:
        print(f"tenarai worker: {error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


def _hear(gone: threading.Event) -> None:
    """Until the end of standard input, which is also the end of the server.

    Not by `sys.stdin`: its lock would be held here when the worker ends by itself, and Python aborts over that.
    """
    while os.read(0, 4096):
        pass
    gone.set()


if __name__ == "__main__":
    main()
