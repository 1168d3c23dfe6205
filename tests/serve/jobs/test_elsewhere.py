"""Jobs that wait in PostgreSQL: a server of its own from the installed binaries, or that of TENARAI_POSTGRES."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_cluster import binaries, cluster, new_place

from tenarai.serve.jobs.keeper import Jobs
from tenarai.serve.jobs.ledger import FILE
from tenarai.serve.jobs.request import ExportRequest, ReadRequest
from tenarai.serve.jobs.worker import Workplace
from tenarai.serve.store import create_project

EXAMPLE = Path(__file__).parents[3] / "examples" / "line-latin.png"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if binaries() is not None:
        with cluster() as url:
            yield url
    elif "TENARAI_POSTGRES" in os.environ:
        yield os.environ["TENARAI_POSTGRES"]
    else:
        pytest.skip("no PostgreSQL is installed, and TENARAI_POSTGRES names none")


def test_jobs_wait_and_are_done_in_postgresql(server: str, tmp_path: Path):
    url = new_place(server)
    with create_project(tmp_path / "p", "P", url) as project:
        page = project.add_picture(EXAMPLE.read_bytes(), "line.png")
        jobs = Jobs(Workplace(folder=project.folder, database=url, queue=url))
        read = jobs.submit(ReadRequest(kind="read", pages=[page.id]))
        gone = jobs.submit(ExportRequest(kind="export"))
        assert jobs.cancel(gone.id).state == "cancelled" and not (project.folder / FILE).exists()
        jobs.start()
        until = time.monotonic() + 300
        while not jobs.ledger.get(read.id).over:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert jobs.ledger.get(read.id).state == "done" and len(project.layout(page.id).lines) == 1
        assert jobs.ledger.get(gone.id).state == "cancelled" and not (project.folder / "exports").exists()
        jobs.close()
