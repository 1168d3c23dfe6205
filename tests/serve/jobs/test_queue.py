"""The queue that wakes the worker: what is put in comes out, as JSON and nothing that could be run."""

import pickle
import sqlite3
from pathlib import Path

import pytest

from tenarai.errors import SettingsError
from tenarai.serve.jobs.queue import open_queue


def test_what_one_process_puts_in_another_takes_out(tmp_path: Path):
    done: list[int] = []
    server, worker = open_queue(tmp_path, None, print), open_queue(tmp_path, None, done.append)
    for job in (7, 8):
        server(job)
    for _ in range(2):
        worker.huey.execute(worker.huey.dequeue())
    assert done == [7, 8] and worker.huey.dequeue() is None


def test_what_waits_is_no_pickle(tmp_path: Path):
    task = open_queue(tmp_path, None, print)
    task(1)
    with sqlite3.connect(tmp_path / "jobs.db") as database:
        (data,) = database.execute("select data from task").fetchone()
    assert bytes(data).startswith(b"[")
    task.huey.dequeue()
    task.huey.storage.enqueue(pickle.dumps({"evil": True}))
    with pytest.raises(ValueError):
        task.huey.dequeue()


def test_another_kind_of_queue_is_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match="redis:// or postgresql://, not amqp://"):
        open_queue(tmp_path, "amqp://localhost", print)
