from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from live_service import EXAMPLES, LINES, PAGES, Service, example

import tenarai
from tenarai.errors import AlphabetError, PictureError, SettingsError
from tenarai.serve.client import Client, ServiceError

SECRET = "a token of a test, long enough"


@pytest.fixture
def client(service: Service) -> Client:
    with Client(service.url) as found:
        yield found


def test_it_reads_as_the_reader_does(client: Client, reader: tenarai.Reader) -> None:
    assert client.is_ready() and client.model().startswith(reader.runtime.header.name)
    (page,) = client.read(example(PAGES[0]))
    assert page == reader.read(example(PAGES[0]))
    (named,) = client.read(EXAMPLES / PAGES[1], direction="horizontal", explain=True)
    assert named.source == PAGES[1] and named.note("lines") is not None
    line = EXAMPLES / LINES[1]
    assert client.read_line(line) == reader.read_line(line)
    given = {"language": "latin", "lexicon": ["Thank", "you"], "alternatives": 1}
    assert client.read_line(line, **given) == reader.read_line(line, **given)
    assert client.read_character(line, "kana", 3) == reader.read_character(line, "kana", 3)
    cross = [[(10, 50), (90, 50)], [(50, 10), (50, 90)]]
    assert client.read_ink(cross) == client.read_ink({"strokes": cross}) == reader.read_ink(cross)
    assert client.export(line, "text").decode() == reader.read(line).text + "\n"


def test_many_pages(client: Client, reader: tenarai.Reader) -> None:
    job = client.submit([EXAMPLES / PAGES[0], b"nothing"], direction="vertical")
    done = client.wait(job, every=0.05)
    assert done.state == "done" and (done.done, done.pages) == (2, 1) and done.refused[0][0] == 2
    assert client.pages(done)[0].regions == reader.read(EXAMPLES / PAGES[0], direction="vertical").regions
    client.cancel(job)
    with pytest.raises(ServiceError) as caught:
        client.job(job)
    assert (caught.value.status, caught.value.code) == (404, "not_found") and caught.value.request


def test_errors_are_those_of_the_reader(client: Client, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="not a picture"):
        client.read(b"nothing")
    with pytest.raises(PictureError, match="cannot be opened"):
        client.read(tmp_path / "missing.png")
    with pytest.raises(AlphabetError, match="katakanna"):
        client.read_line(example(LINES[0]), alphabet="katakanna")
    with pytest.raises(SettingsError, match="direction"):
        client.read(example(LINES[0]), direction="up")  # type: ignore[arg-type]


def test_a_token_is_sent(serving: Callable[..., Service]) -> None:
    service = serving(token=SECRET)
    with Client(service.url, SECRET) as client:
        assert client.read_line(example(LINES[1])).text
    with Client(service.url) as stranger, pytest.raises(ServiceError, match="asks for a token"):
        stranger.read_line(example(LINES[1]))


def test_a_service_that_is_full_is_asked_again() -> None:
    asked: list[httpx.Request] = []

    def full_at_first(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) < 3:
            error = {"error": {"code": "busy", "message": "Full."}, "request": "x"}
            return httpx.Response(503, json=error, headers={"retry-after": "0"})
        return httpx.Response(200, json={"candidates": [["あ", 0.5]]})

    with Client(transport=httpx.MockTransport(full_at_first)) as client:
        assert client.read_character(b"x") == [("あ", 0.5)]
    assert len(asked) == 3
    asked.clear()
    with Client(transport=httpx.MockTransport(full_at_first), tries=2) as client, pytest.raises(ServiceError) as caught:
        client.read_character(b"x")
    assert caught.value.status == 503


def test_what_is_not_there_is_told() -> None:
    with Client("http://127.0.0.1:1") as client:
        assert not client.is_ready()
        with pytest.raises(ServiceError, match="cannot be reached"):
            client.read(b"x")
