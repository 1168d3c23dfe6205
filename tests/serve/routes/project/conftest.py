"""A service with a project of three pages, which really runs, worker and all."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenarai.serve.app import create_app
from tenarai.serve.server import listen, server_of, url
from tenarai.serve.settings import ServeSettings
from tenarai.serve.store import create_project

EXAMPLES = Path(__file__).parents[4] / "examples"
PAGES = ("letter-vertical.png", "note-horizontal.png", "line-mixed.png")
OURS = {"X-Requested-With": "tenarai", "X-Author": "Aya"}
LONGEST_S = 600.0


class Client(httpx.Client):
    """Speaks to a project's service as a page does."""

    folder: Path
    jobs: Any

    def wait(self, job: int, state: str = "done") -> dict[str, Any]:
        """The job when it is over, which it is to be in this state."""
        until = time.monotonic() + LONGEST_S
        while (told := self.get(f"/api/jobs/{job}").json())["finished"] is None:
            assert time.monotonic() < until, told
            time.sleep(0.1)
        assert told["state"] == state, told
        return told

    def add(self, *names: str, read: bool = False) -> dict[str, Any]:
        files = [("files", (name, (EXAMPLES / name).read_bytes())) for name in names]
        answer = self.post("/api/pages", files=files, data={"read": str(read).lower()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def lines(self, page: int) -> list[dict[str, Any]]:
        return self.get(f"/api/pages/{page}").json()["lines"]

    def write(self, line: dict[str, Any], text: str, **more: Any) -> httpx.Response:
        asked = {"text": text, "expected": line["version"], **more}
        return self.put(f"/api/lines/{line['id']}/text", json=asked)


@contextmanager
def at_work(folder: Path, **settings: Any) -> Iterator[Client]:
    app, started = create_app(ServeSettings(project=folder, rate=0, **settings)), threading.Event()
    server = server_of(app, started.set)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        assert started.wait(60)
        try:
            with Client(base_url=url(listening), headers=OURS, timeout=60) as client:
                client.folder, client.jobs = folder, app.state.jobs
                yield client
        finally:
            app.state.engine.stopping = server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def service_of() -> Callable[..., Any]:
    """Starts the service of a project folder, as a context manager."""
    return at_work


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new project."""
    create_project(tmp_path / "letters", "Letters").close()
    return tmp_path / "letters"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The service of a project with three pages, read."""
    folder = tmp_path_factory.mktemp("project") / "letters"
    create_project(folder, "Letters").close()
    with at_work(folder) as client:
        job = client.add(*PAGES, read=True)["job"]
        client.wait(job["id"])
        yield client
