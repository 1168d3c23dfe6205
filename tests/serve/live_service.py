"""A service that really runs: uvicorn in a thread, on a socket of this machine; and the pictures that it is sent."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from PIL import Image

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


def raw(service: Service, head: str, body: bytes = b"") -> bytes:
    """What comes back on a connection of its own, whose sending half is closed after the body."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def example(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def pictures(count: int) -> bytes:
    """A TIFF of so many small blank pages."""
    picture, held = Image.new("L", (40, 40), 255), io.BytesIO()
    picture.save(held, "TIFF", save_all=True, append_images=[picture] * (count - 1))
    return held.getvalue()
