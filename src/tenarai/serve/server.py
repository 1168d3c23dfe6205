"""The server around the app: its socket, its start and its graceful end. uvicorn does the rest."""

import logging
import math
import os
import socket
from collections.abc import Callable
from http import HTTPStatus
from types import FrameType

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from tenarai.errors import SettingsError
from tenarai.serve.app import create_app
from tenarai.serve.replies import error_reply
from tenarai.serve.settings import ServeSettings
from tenarai.serve.watch import log_rows

CONNECTIONS = 1_000  # at a time; beyond these the server answers 503 itself
IDLE_S = 10  # that a connection is kept for another request


class Protocol(H11Protocol):
    """Answers what is no HTTP in the one form of errors too: no request has begun that the app could refuse."""

    def send_400_response(self, msg: str) -> None:
        reply = error_reply({}, 400, "request", msg, {"connection": "close"})
        head = h11.Response(status_code=400, headers=reply.raw_headers, reason=HTTPStatus.BAD_REQUEST.phrase.encode())
        for event in (head, h11.Data(data=bytes(reply.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class Server(uvicorn.Server):
    """Tells when it has started, and lets the engine know when it is told to stop: from then on nothing new is read,
    and streams of events end."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app = self.config.app
        app.state.engine.stopping = True  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def serve(settings: ServeSettings, started: Callable[[str], None], log: int = logging.INFO) -> None:
    """Serves until a signal ends it; `started` is given the address, `log` is the least level that is logged. Raises
    TenaraiError when it cannot start."""
    with listen(settings.host, settings.port) as listening:
        server = server_of(create_app(settings), lambda: started(url(listening)))
        log_rows(log)
        server.run([listening])


def server_of(app: FastAPI, started: Callable[[], None]) -> Server:
    """The server of an app, which runs on sockets that listen."""
    proxy = app.state.settings.proxy
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, http=Protocol, ws="none", lifespan="on",
        proxy_headers=proxy is not None, forwarded_allow_ips=proxy or "",
        limit_concurrency=CONNECTIONS, timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=math.ceil(app.state.settings.stop_s),
    )  # fmt: skip
    return Server(config, started)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises SettingsError where it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)[0]
        # Not socket.create_server: its sockets name no protocol, for which asyncio leaves Nagle's algorithm on, and a
        # reply on an open connection would wait 40 ms for an acknowledgement.
        listening = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(2048)
        except OSError:
            listening.close()
            raise
        return listening
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"{host} port {port} cannot be listened on ({reason}): choose another --port.") from None


def url(listening: socket.socket) -> str:
    """Where to reach what listens, from this machine."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
