"""The server's side of jobs: takes them in, tells how far they are, and keeps a worker alive."""

import logging
import subprocess
import sys
import threading
import time
from contextlib import suppress

from tenarai.serve.jobs.ledger import JobError, Ledger
from tenarai.serve.jobs.queue import open_queue
from tenarai.serve.jobs.request import Job, Request
from tenarai.serve.jobs.worker import GIVES_WAY_S, Workplace, ledger_url, secret

MOST_WAITING = 100  # jobs, beyond which none is taken
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # before a worker that died is started again
STEADY_S = 30.0  # a worker that lived so long has not died of being started

_log = logging.getLogger("tenarai.jobs")


class Jobs:
    """The jobs of one project. Nothing runs before `start`; jobs may be taken in before."""

    def __init__(self, place: Workplace) -> None:
        queue = secret(place.queue)
        self.place = place
        self.ledger = Ledger(place.folder, ledger_url(queue))
        self._task = open_queue(place.folder, queue, _nothing)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    def submit(self, request: Request) -> Job:
        """Takes a job in. Raises JobError when too many wait already."""
        if len(self.ledger.jobs(MOST_WAITING, state="waiting")) >= MOST_WAITING:
            raise JobError(f"{MOST_WAITING} jobs wait already: cancel some, or ask again when some are done.")
        job = self.ledger.add(request)
        self._task(job.id)
        return job

    def cancel(self, job: int) -> Job:
        """Ends a job; what it has done stays. Raises NoJob."""
        return self.ledger.cancel(job)

    @property
    def worker(self) -> int | None:
        """The process id of the worker, None when there is none at the moment."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Starts the worker, and again whenever it ends."""
        if self._watcher is None:
            self._stopping.clear()
            self._watcher = threading.Thread(target=self._keep, name="jobs", daemon=True)
            self._watcher.start()

    def stop(self) -> None:
        """Stops the worker: the job at hand gives way at its next page or round, and goes on at the next start."""
        self._stopping.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(GIVES_WAY_S + 5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None

    def close(self) -> None:
        """Stops the worker and lets go of the files."""
        self.stop()
        self._task.huey.storage.close()
        self.ledger.close()

    def _keep(self) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = self._work()
            if code and not self._stopping.is_set():
                _log.warning("the worker ended with code %d, it is started again", code)
                pause = FIRST_PAUSE_S if time.monotonic() - begun > STEADY_S else min(2 * pause, LONGEST_PAUSE_S)
                self._stopping.wait(pause)
            else:
                pause = FIRST_PAUSE_S

    def _work(self) -> int:
        """One life of the worker; its exit code."""
        # -P: nothing is imported from the folder that the server was started in.
        command = [sys.executable, "-P", "-m", "tenarai.serve.jobs.worker"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self._process = process
        with suppress(OSError):
            process.stdin.write(self.place.told())  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        if self._stopping.is_set():  # `stop` came before there was a process to stop
            with suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
        return process.wait()


def _nothing(_: int) -> None:
    """The server takes jobs in and performs none."""
