"""A project that is really served, and what tests ask of the page that shows it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
ROOT = Path(__file__).parents[2]


class Site:
    """Where a project is served, and its API."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.http = httpx.Client(
            base_url=self.url, timeout=60, headers={"X-Requested-With": "tenarai", "X-Author": "other"}
        )

    def get(self, path: str) -> Any:
        return self.http.get(path).raise_for_status().json()

    def add(self, *pictures: Path) -> list[int]:
        """Pages of pictures, once they have been read."""
        files = [("files", (picture.name, picture.read_bytes())) for picture in pictures]
        pages = self.http.post("/api/pages", files=files).raise_for_status().json()["pages"]
        self.finish()
        return [page["id"] for page in pages]

    def finish(self, seconds: float = 240) -> None:
        """Waits until no job is left."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            jobs = self.get("/api/jobs")["jobs"]
            failed = [job for job in jobs if job["state"] == "failed"]
            assert not failed, failed
            if all(job["state"] in ("done", "cancelled") for job in jobs):
                return
            time.sleep(0.2)
        raise AssertionError(f"Jobs are not done after {seconds:g} s.")

    def lines(self, page: int) -> list[dict[str, Any]]:
        return self.get(f"/api/pages/{page}")["lines"]

    def line(self, line: int) -> dict[str, Any]:
        return self.get(f"/api/lines/{line}")


@contextmanager
def served(folder: Path | None) -> Iterator[Site]:
    pytest.importorskip("uvicorn", reason="the extra serve is not installed")
    from tenarai.serve.app import create_app
    from tenarai.serve.server import listen, server_of, url
    from tenarai.serve.settings import ServeSettings

    started = threading.Event()
    server = server_of(create_app(ServeSettings(project=folder, rate=0)), started.set)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        assert started.wait(60)
        site = Site(url(listening))
        try:
            with site.http:
                yield site
        finally:
            server.should_exit = True
            thread.join(60)


def editor(page: Any) -> Any:
    """The text field, once the lines are there."""
    field = page.locator("textarea.field")
    field.wait_for()
    until(page, "document.querySelectorAll('li.line').length > 0")
    return field


def until(page: Any, true: str, seconds: float = 20) -> None:
    """Waits until an expression holds in the page. Playwright's own way needs `eval`, which the page forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(true):
        assert time.monotonic() < end, f"Not so after {seconds:g} s: {true}"
        page.wait_for_timeout(30)


def saved(page: Any) -> None:
    """Waits until the page says that everything is at the server."""
    until(page, "document.querySelector('.saved').dataset.state === 'saved'")


def stored(page: Any) -> list[dict[str, Any]]:
    """What waits in the browser's own database."""
    return json.loads(
        page.evaluate(
            """async () => {
              const [{ name }] = await indexedDB.databases();
              const open = (asked) => new Promise((done) => (asked.onsuccess = () => done(asked.result)));
              const database = await open(indexedDB.open(name));
              const edits = await open(database.transaction("edits").objectStore("edits").getAll());
              database.close();
              return JSON.stringify(edits);
            }"""
        )
    )
