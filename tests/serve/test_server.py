"""The server around the app."""

import json
from collections.abc import Callable

import pytest
from live_service import Service, raw

NO_HTTP = ("GET /health HTTP/1.1\nno header\n", "GET /health HTTP/1.1\nHost: a\nContent-Length: many\n", "hello\n")


@pytest.mark.parametrize("head", NO_HTTP)
def test_what_is_no_http_is_told_so_as_every_error_is(serving: Callable[..., Service], head: str) -> None:
    head, _, body = raw(serving(), head).partition(b"\r\n\r\n")
    assert b" 400 " in head.split(b"\r\n")[0] and b"content-type: application/json" in head.lower()
    told = json.loads(body)
    assert told["error"]["code"] == "request" and told["error"]["message"]
