"""A service that really runs: uvicorn in a thread, on a socket of this machine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import tenarai
from tenarai.serve.app import create_app
from tenarai.serve.server import listen, server_of, url
from tenarai.serve.settings import ServeSettings

EXAMPLES = Path(__file__).parents[2] / "examples"
LINES = ("line-japanese.png", "line-latin.png", "line-mixed.png")
PAGES = ("letter-vertical.png", "note-horizontal.png")


class Service:
    """Its app, its address, and a client that speaks to it."""

    def __init__(self, app: FastAPI, address: str) -> None:
        self.app, self.url = app, address
        self.http = httpx.Client(base_url=address, timeout=30)

    @property
    def engine(self) -> Any:
        return self.app.state.engine

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0


@contextmanager
def running(settings: ServeSettings) -> Iterator[Service]:
    app, started = create_app(settings), threading.Event()
    server = server_of(app, started.set)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        assert started.wait(30)
        service = Service(app, url(listening))
        try:
            with service.http:
                yield service
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """With default settings, but for the rate, which a test is over at once."""
    with running(ServeSettings(rate=0)) as found:
        yield found


@pytest.fixture
def serving() -> Iterator[Callable[..., Service]]:
    """Starts services with settings of the test's own."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running(ServeSettings.of(**{"rate": 0.0} | settings)))


@pytest.fixture(scope="session")
def reader() -> tenarai.Reader:
    """What a service has to agree with."""
    return tenarai.load()


def example(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()
