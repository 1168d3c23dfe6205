"""The worker process: stopped, killed, cancelled, started twice - and no page lost or read twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tenarai.serve.jobs.keeper import Jobs
from tenarai.serve.jobs.request import CheckRequest, ExportRequest, Job, LearnRequest, ReadRequest
from tenarai.serve.jobs.worker import Workplace
from tenarai.serve.store import Project, create_project

LINE = cv2.imread(str(Path(__file__).parents[3] / "examples" / "line-latin.png"), cv2.IMREAD_GRAYSCALE)
PAGES = 8
LONGEST_S = 300.0


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with create_project(tmp_path / "lines", "Lines") as project:
        for number in range(PAGES):
            page = np.pad(LINE, ((0, number + 1), (0, 0)), constant_values=255)  # each another picture
            project.add_picture(cv2.imencode(".png", page)[1].tobytes(), f"{number}.png")
        yield project


@pytest.fixture
def jobs_of() -> Iterator[Callable[[Project], Jobs]]:
    opened: list[Jobs] = []

    def of(project: Project) -> Jobs:
        opened.append(Jobs(Workplace(folder=project.folder)))
        return opened[-1]

    yield of
    for jobs in opened:
        jobs.close()


def until(told: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_S
    while not told():
        assert time.monotonic() < end
        time.sleep(0.02)


def over(jobs: Jobs, job: Job) -> Job:
    until(lambda: jobs.ledger.get(job.id).over)
    return jobs.ledger.get(job.id)


def readings(project: Project) -> list[int]:
    """How often each page's line was read."""
    lines = [project.layout(page.id).lines for page in project.pages()]
    return [sum(version.cause == "reading" for version in project.history(line.id)) for (line,) in lines]


def test_a_killed_worker_goes_on_where_it_was(project: Project, jobs_of: Callable[[Project], Jobs]):
    jobs = jobs_of(project)
    job = jobs.submit(ReadRequest(kind="read", pages=[page.id for page in project.pages()]))
    jobs.start()
    until(lambda: jobs.ledger.get(job.id).done >= 3)
    first = jobs.worker
    assert first is not None
    os.kill(first, signal.SIGKILL)
    told = over(jobs, job)
    assert jobs.worker != first
    assert (told.state, told.done, told.total, told.result["pages"]) == ("done", PAGES, PAGES, PAGES)
    assert sum(readings(project)) in (PAGES, PAGES + 1)  # the page at hand may have been read twice


def test_a_stopped_service_goes_on_at_the_next_start(project: Project, jobs_of: Callable[[Project], Jobs]):
    jobs = jobs_of(project)
    job = jobs.submit(ReadRequest(kind="read", pages=[page.id for page in project.pages()]))
    jobs.start()
    until(lambda: jobs.ledger.get(job.id).done >= 2)
    jobs.stop()
    left = jobs.ledger.get(job.id)
    assert left.state == "waiting" and 2 <= left.done < PAGES and jobs.worker is None
    project.save_text(project.layout(project.pages()[0].id).lines[0].id, "corrected", expected=None)
    again = jobs_of(project)
    again.start()
    assert over(again, job).state == "done" and readings(project) == [1] * PAGES
    assert project.layout(project.pages()[0].id).lines[0].text == "corrected"


def test_a_cancelled_job_keeps_what_it_has_done(project: Project, jobs_of: Callable[[Project], Jobs]):
    jobs = jobs_of(project)
    job = jobs.submit(ReadRequest(kind="read", pages=[page.id for page in project.pages()]))
    behind = jobs.submit(ExportRequest(kind="export", options={"format": "text"}))
    jobs.start()
    until(lambda: jobs.ledger.get(job.id).done >= 2)
    assert jobs.cancel(job.id).state == "cancelled"
    told = over(jobs, behind)  # the worker is free again
    assert told.state == "done" and (project.folder / "exports" / told.result["file"]).read_text().strip()
    read = [page for page in project.pages() if page.lines]
    assert 2 <= len(read) < PAGES and jobs.ledger.get(job.id).state == "cancelled"


def test_what_was_corrected_stays_and_a_missing_page_is_told(project: Project, jobs_of: Callable[[Project], Jobs]):
    jobs = jobs_of(project)
    first, second, gone = project.pages()[:3]
    line = project.add_line(first.id, box=(5.0, 5.0, float(first.width), float(first.height)))
    project.save_text(line.id, "mine", expected=None)
    project.delete_page(gone.id, "me")
    job = jobs.submit(ReadRequest(kind="read", pages=[first.id, gone.id, second.id], options={"find": True}))
    jobs.start()
    told = over(jobs, job)
    assert told.state == "done" and told.result["pages"] == 2
    assert [refused["page"] for refused in told.result["refused"]] == [gone.id]
    assert [row.text for row in project.layout(first.id).lines] == ["mine"]
    assert len(project.layout(second.id).lines) == 1


def test_learning_from_nothing_says_so_and_a_wrong_text_is_found(project: Project, jobs_of: Callable[[Project], Jobs]):
    jobs = jobs_of(project)
    truth = (Path(__file__).parents[3] / "examples" / "line-latin.gt.txt").read_text().strip()
    empty = jobs.submit(LearnRequest(kind="learn"))
    jobs.start()
    said = over(jobs, empty)
    assert said.state == "failed" and said.message.startswith("Nothing is corrected yet")
    pages = project.pages()[:4]
    for page, text in zip(pages, (truth, truth, "祖母の手紙を毎晩読んでいます。", truth), strict=True):
        line = project.add_line(page.id, box=(0.0, 0.0, float(page.width), float(page.height)))
        project.save_text(line.id, text, expected=None)
    job = jobs.submit(CheckRequest(kind="check"))
    told = over(jobs, job)
    assert told.state == "done" and [found["page"] for found in told.result["suspicious"]] == [pages[2].id]


def test_one_project_has_one_worker(project: Project):
    told = Workplace(folder=project.folder).told()
    command = [sys.executable, "-P", "-m", "tenarai.serve.jobs.worker"]
    jobs = Jobs(Workplace(folder=project.folder))
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE) as first,
        subprocess.Popen(command, stdin=subprocess.PIPE) as second,
    ):
        for process in (first, second):
            process.stdin.write(told)
            process.stdin.flush()
        job = jobs.submit(ReadRequest(kind="read", pages=[page.id for page in project.pages()]))
        over(jobs, job)
        jobs.close()
        assert readings(project) == [1] * PAGES
        for process in (first, second):
            process.stdin.close()  # what the end of the server does
            assert process.wait(30) == 0


def test_a_project_that_is_no_more_ends_the_worker_with_a_sentence(tmp_path: Path):
    place = Workplace(folder=tmp_path)
    command = [sys.executable, "-P", "-m", "tenarai.serve.jobs.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        worker.stdin.write(place.told())
        worker.stdin.flush()
        said = worker.stderr.read().decode()  # its standard input stays open: at its end a worker ends without a word
        assert worker.wait(60) == 1
    assert said.strip().splitlines()[-1].startswith("tenarai worker: ") and "Traceback" not in said


def test_passwords_are_told_on_standard_input_only():
    place = Workplace(folder=Path("/x"), database="postgresql://me:secret@db/x")
    assert "secret" not in repr(place) and "secret" not in str(place)
    line = place.told()
    assert line.endswith(b"\n") and json.loads(line)["database"] == "postgresql://me:secret@db/x"
    assert Workplace.model_validate_json(line) == place
