"""What is known of a service from outside: an id for every request, one row of log for each, figures for Prometheus.

Neither holds what was sent or read, nor the query, in which words of a lexicon may stand, nor a token.
"""

import errno
import json
import logging
import math
import re
import sys
import time
import uuid
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenarai.page.layout import Line
from tenarai.serve.door import address_of
from tenarai.serve.engine import KINDS, Engine, Kind
from tenarai.serve.replies import LEFT, error_reply

LOG = logging.getLogger("tenarai.serve")
ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60)
TENTHS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 10))
WINDOW_S = 300.0  # of what is "lately"
REMEMBERED = 10_000  # requests of that time
# Streams that last, and what only asks how the service does.
ASIDE = ("/api/events", "/api/service", "/health", "/ready", "/metrics")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Everything comes from the service itself; pictures may also be made by the page, of what was drawn.
CONTENT = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class LaneNow:
    """Work of one kind: what waits, what is read, and how much may be inside."""

    waiting: int
    running: int
    room: int


@dataclass(frozen=True, slots=True)
class Lately:
    """Requests of the last `seconds`; half of them were answered within `p50` seconds, 95 % within `p95`."""

    seconds: float
    requests: int
    per_second: float
    p50: float | None
    p95: float | None
    lanes: dict[Kind, LaneNow]


class Figures:
    """What Prometheus may ask for, and the page that shows how the service does."""

    def __init__(self, engine: Engine) -> None:
        self.registry = registry = CollectorRegistry()
        self.engine = engine
        self.requests = Counter(
            "tenarai_requests", "Requests answered", ["path", "method", "status"], registry=registry
        )
        self.seconds = Histogram(
            "tenarai_request_seconds", "From request to reply", ["path"], buckets=SECONDS, registry=registry
        )
        self.pages = Counter("tenarai_pages", "Pages read", ["model"], registry=registry)
        self.lines = Counter("tenarai_lines", "Lines read", ["model"], registry=registry)
        self.confidence = Histogram(
            "tenarai_line_confidence", "How sure the model is of a line", ["model"], buckets=TENTHS, registry=registry
        )
        self._start = time.monotonic()
        self._answered: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)  # when, and the seconds it took
        inside = Gauge("tenarai_inside", "Requests that wait or are read", ["kind"], registry=registry)
        running = Gauge("tenarai_running", "Requests that are read", ["kind"], registry=registry)
        for kind in KINDS:
            lane = engine.lanes[kind]
            inside.labels(kind).set_function(partial(getattr, lane, "inside"))
            running.labels(kind).set_function(partial(getattr, lane, "running"))

    def read(self, *lines: Line, pages: int = 0) -> None:
        """Counts what was read."""
        model = str(self.engine.name)
        self.pages.labels(model).inc(pages)
        self.lines.labels(model).inc(len(lines))
        for line in lines:
            if line.confidence is not None:
                self.confidence.labels(model).observe(line.confidence)

    def answered(self, path: str, method: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self.requests.labels(path, method, str(status)).inc()
        self.seconds.labels(path).observe(seconds)
        if path not in ASIDE:
            self._answered.append((time.monotonic(), seconds))

    def lately(self) -> Lately:
        """How the service does now. To be asked in the event loop, where requests are counted."""
        now = time.monotonic()
        full = len(self._answered) == REMEMBERED
        since = max(now - WINDOW_S, self._answered[0][0] if full else self._start)
        took = sorted(seconds for moment, seconds in self._answered if moment >= since)
        lanes = {
            kind: LaneNow(max(0, lane.inside - lane.running), lane.running, lane.room)
            for kind, lane in self.engine.lanes.items()
        }
        span = max(now - since, 1e-3)
        return Lately(span, len(took), len(took) / span, _within(took, 0.5), _within(took, 0.95), lanes)


def _within(took: list[float], share: float) -> float | None:
    """The seconds within which this share was answered, by nearest rank."""
    return took[math.ceil(share * len(took)) - 1] if took else None


class Watch:
    """ASGI middleware around everything: ids, headers, logs, figures, and 500 for what nobody foresaw."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app, self.figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status, sent = time.monotonic(), 0, 0
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = name

        async def sending(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for key, value in HEADERS.items():
                    headers.setdefault(key, value)
                headers["x-request-id"], headers["x-model"] = name, str(self.figures.engine.name)
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            LOG.error("an error that nobody foresaw", exc_info=error, extra={"request": name})
            if status:
                raise
            await _unforeseen(scope, error)(scope, receive, sending)
        finally:
            self._note(scope, name, status or LEFT, time.monotonic() - start, sent)

    def _note(self, scope: Scope, name: str, status: int, seconds: float, sent: int) -> None:
        path = _form(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.figures.answered(path, method, status, seconds)
        about = {"request": name, "client": address_of(scope), "method": method, "path": path, "status": status}
        LOG.info("answered", extra={**about, "seconds": round(seconds, 4), "bytes": sent})


def _unforeseen(scope: Scope, error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return error_reply(scope, 507, "full", "The disk of the service is full: nothing was changed, make room.")
    message = "Something went wrong inside; the log has more under this request's id."
    return error_reply(scope, 500, "internal", message)


def _form(scope: Scope) -> str:
    """The form of an address, as /v1/jobs/{job}: the address itself would be a label of figures for each guess."""
    if "endpoint" not in scope:
        return "other"
    path = str(scope["path"])
    for name, value in scope.get("path_params", {}).items():
        before, found, after = path.rpartition(f"/{value}")
        path = f"{before}/{{{name}}}{after}" if found else path
    return path


class JsonRows(logging.Formatter):
    """A row of JSON for each event."""

    FIELDS = ("request", "client", "method", "path", "status", "seconds", "bytes")

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        row: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
        }
        row |= {name: getattr(record, name) for name in self.FIELDS if hasattr(record, name)}
        if record.exc_info:
            row["trace"] = self.formatException(record.exc_info)
        return json.dumps(row, ensure_ascii=False)


def log_rows(level: int = logging.INFO) -> None:
    """Sends the log of the service, and warnings of the server below it, to stderr as rows of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonRows())
    for name, least in (("tenarai", level), ("uvicorn", logging.WARNING), ("huey", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(least)
