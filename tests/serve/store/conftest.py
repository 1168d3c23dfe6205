"""The same tests on SQLite and on a real PostgreSQL server: one from the installed binaries, else that of
TENARAI_POSTGRES (a URL whose user may create schemas), else none."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgres_cluster import binaries, cluster, new_place

from tenarai.serve.store import Project, create_project


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if binaries() is not None:
        with cluster() as url:
            yield url
    elif "TENARAI_POSTGRES" in os.environ:
        yield os.environ["TENARAI_POSTGRES"]
    else:
        pytest.skip("no PostgreSQL is installed, and TENARAI_POSTGRES names none")


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest) -> Callable[[], str | None]:
    """Makes a place for a new project: None for SQLite in its folder, or the URL of an empty schema."""
    if request.param == "sqlite":
        return lambda: None
    server = request.getfixturevalue("postgres_server")
    return lambda: new_place(server)


@pytest.fixture
def project(tmp_path: Path, new_url: Callable[[], str | None]) -> Iterator[Project]:
    with create_project(tmp_path / "letters", "Letters", new_url()) as made:
        yield made
