import errno
import io
import json
import logging
import time
from collections.abc import Callable

import pytest
from live_service import LINES, Service, example

from tenarai.serve.watch import JsonRows, log_rows

PNG = {"content-type": "image/png"}
LINE = example(LINES[1])
SECRET = "a token that no log may hold"


@pytest.fixture
def rows() -> Callable[[], list[dict[str, object]]]:
    held = io.StringIO()
    handler = logging.StreamHandler(held)
    handler.setFormatter(JsonRows())
    logger = logging.getLogger("tenarai")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(row) for row in held.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_a_row_of_log_for_each_request_without_what_was_sent(
    serving: Callable[..., Service], rows: Callable[[], list[dict[str, object]]]
) -> None:
    service = serving(token=SECRET)
    for authorization in (f"Bearer {SECRET}", "Bearer wrong-guess"):
        asked = {**PNG, "authorization": authorization, "x-request-id": "row-1", "cookie": "a=secret-cookie"}
        service.http.post("/v1/line", params={"lexicon": "Geheimwort"}, content=LINE, headers=asked)
    service.http.get("/some/Geheimpfad")
    late = time.monotonic() + 10  # a row is written when its answer has gone out
    while len(found := [row for row in rows() if row["event"] == "answered"]) < 3 and time.monotonic() < late:
        time.sleep(0.01)
    assert [row["status"] for row in found] == [200, 401, 401]
    assert {"time", "level", "client", "seconds", "bytes"} <= set(found[0])
    assert found[0]["request"] == "row-1" and found[0]["path"] == "/v1/line" and found[2]["path"] == "other"
    text = json.dumps(rows(), ensure_ascii=False)
    for secret in (SECRET, "wrong-guess", "Geheim", "secret-cookie", "Thank"):
        assert secret not in text


def test_what_nobody_foresaw_is_logged_and_not_told(
    service: Service, rows: Callable[[], list[dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("an inner secret")

    monkeypatch.setattr("tenarai.reader.Reader.read_line", broken)
    answer = service.http.post("/v1/line", content=LINE, headers=PNG)
    assert answer.status_code == 500 and "inner secret" not in answer.text
    assert answer.json()["request"] == answer.headers["x-request-id"]
    trace = [row for row in rows() if "trace" in row]
    assert len(trace) == 1 and "an inner secret" in str(trace[0]["trace"])
    assert trace[0]["request"] == answer.headers["x-request-id"]


def test_a_full_disk_is_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("starlette.datastructures.UploadFile.write", full)
    answer = service.http.post("/v1/line", files={"picture": LINE})
    assert answer.status_code == 507 and answer.json()["error"]["code"] == "full"


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/nothing", "/metrics"])
def test_every_answer_has_the_headers_that_protect_a_browser(service: Service, path: str) -> None:
    headers = service.http.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers and "server" not in headers


def test_figures_for_prometheus(service: Service) -> None:
    service.http.post("/v1/read", content=LINE, headers=PNG)
    service.http.post("/v1/line", content=LINE, headers=PNG)
    service.http.get("/a-guess-1"), service.http.get("/a-guess-2")
    text = service.http.get("/metrics").text
    model = service.http.get("/health").headers["x-model"]
    assert f'tenarai_pages_total{{model="{model}"}}' in text
    assert f'tenarai_line_confidence_count{{model="{model}"}}' in text
    assert 'tenarai_requests_total{method="POST",path="/v1/line",status="200"}' in text
    assert 'tenarai_request_seconds_bucket{le="0.3",path="/v1/line"}' in text
    assert 'tenarai_inside{kind="short"} 0.0' in text
    assert "guess" not in text and 'path="other"' in text


def test_docs_need_nothing_from_a_network(service: Service) -> None:
    page = service.http.get("/docs").text
    assert "<script" not in page and "http" not in page.replace(service.url, "").replace("HTTP", "")
    for path in service.http.get("/openapi.json").json()["paths"]:
        assert path in page
    assert f"curl -F picture=@page.jpg &#x27;{service.url}v1/read&#x27;" in page


def test_logs_of_the_commands_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: (list(logging.getLogger(name).handlers), logging.getLogger(name).level) for name in NAMES}
    try:
        log_rows()
        logging.getLogger("tenarai.serve").info("説明", extra={"request": "x"})
        logging.getLogger("uvicorn.error").info("nothing to tell")
        (row,) = map(json.loads, capsys.readouterr().err.splitlines())
        assert (row["event"], row["request"], row["level"]) == ("説明", "x", "info")
    finally:
        for name, (handlers, level) in before.items():
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = handlers, True
            logger.setLevel(level)


NAMES = ("tenarai", "uvicorn", "huey")
