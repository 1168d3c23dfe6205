"""The table of jobs: what waits, runs and is over; what happens to what a dead worker has left."""

import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from tenarai.serve.jobs.ledger import DEATHS, Ledger, NoJob
from tenarai.serve.jobs.request import REQUEST, ExportRequest, LearnRequest, ReadRequest


@pytest.fixture
def ledger(tmp_path: Path):
    ledger = Ledger(tmp_path)
    yield ledger
    ledger.close()


def test_a_job_is_kept_with_what_was_asked(ledger: Ledger, tmp_path: Path):
    asked = ReadRequest(kind="read", pages=[3, 1], options={"language": "ja", "lexicon": ["東京"]})
    job = ledger.add(asked)
    ledger.close()
    again = Ledger(tmp_path)
    assert (job.kind, job.state, job.done, job.total) == ("read", "waiting", 0, 0)
    assert again.request(job.id) == asked
    assert again.jobs() == [job]
    again.close()


def test_a_job_runs_once_and_ends_once(ledger: Ledger):
    job = ledger.add(LearnRequest(kind="learn")).id
    assert ledger.begin(job) and not ledger.begin(job)
    assert ledger.progress(job, 2, 5, "round 2", {"page": 7})
    assert ledger.finish(job, "done", "said", {"x": "字"})
    assert not ledger.finish(job, "failed", "late") and not ledger.progress(job, 3, 5)
    told = ledger.get(job)
    assert (told.state, told.done, told.total, told.message, told.result) == ("done", 2, 5, "said", {"x": "字"})
    assert told.created <= told.started <= told.finished and told.created.tzinfo is not None


def test_cancelling_ends_what_waits_or_runs_and_nothing_else(ledger: Ledger):
    waits, runs, over = (ledger.add(ExportRequest(kind="export")).id for _ in range(3))
    ledger.begin(runs)
    ledger.begin(over)
    ledger.finish(over, "done")
    assert [ledger.cancel(job).state for job in (waits, runs, over)] == ["cancelled", "cancelled", "done"]
    assert not ledger.progress(runs, 1, 2) and not ledger.begin(waits)
    with pytest.raises(NoJob, match="There is no job 99"):
        ledger.cancel(99)


def test_what_a_dead_worker_has_left_waits_again_in_its_order(ledger: Ledger):
    first, second, third = (ledger.add(ReadRequest(kind="read")).id for _ in range(3))
    ledger.begin(second)
    ledger.progress(second, 4, 9, result={"pages": 4})
    assert ledger.recover() == [first, second, third]
    told = ledger.get(second)
    assert (told.state, told.done, told.result) == ("waiting", 4, {"pages": 4})


def test_a_job_on_which_workers_die_at_one_place_is_given_up(ledger: Ledger):
    job = ledger.add(ReadRequest(kind="read")).id
    for _ in range(DEATHS - 1):
        ledger.begin(job)
        assert ledger.recover() == [job]
    ledger.begin(job)
    assert ledger.recover() == []
    assert ledger.get(job).state == "failed" and "memory" in ledger.get(job).message


def test_a_job_that_comes_further_each_time_is_not_given_up(ledger: Ledger):
    job = ledger.add(ReadRequest(kind="read")).id
    for done in range(1, 3 * DEATHS):
        ledger.begin(job)
        ledger.progress(job, done, 100)
        assert ledger.recover() == [job]


def test_a_stopped_worker_is_no_death(ledger: Ledger):
    job = ledger.add(ReadRequest(kind="read")).id
    for _ in range(3 * DEATHS):
        ledger.begin(job)
        assert ledger.put_back(job)
    assert ledger.recover() == [job]


def test_many_threads_begin_a_job_once(ledger: Ledger):
    job = ledger.add(ReadRequest(kind="read")).id
    begun: list[bool] = []
    threads = [threading.Thread(target=lambda: begun.append(ledger.begin(job))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [False] * 7 + [True]


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "read", "pages": [0]},
        {"kind": "read", "pages": ["1"]},
        {"kind": "read", "options": {"langauge": "ja"}},
        {"kind": "learn", "options": {"steps": 0}},
        {"kind": "export", "options": {"format": "docx"}},
        {"kind": "sleep"},
        {"kind": "read", "database": "postgresql://"},
    ],
)
def test_what_is_no_job_is_refused(asked: dict):
    with pytest.raises(ValidationError):
        REQUEST.validate_python(asked)
