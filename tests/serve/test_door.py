import asyncio
from collections.abc import Callable, Iterator

import httpx
import pytest
from live_service import Service, example, raw, running

from tenarai.serve.app import create_app
from tenarai.serve.door import Rate, address_of
from tenarai.serve.settings import ServeSettings

SECRET = "the token of a test, long enough"
LINE = example("line-latin.png")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Service]:
    with running(ServeSettings.of(token=SECRET, max_bytes=200_000, rate=0.0)) as found:
        yield found


STRANGERS = ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1@evil", "[::1")


@pytest.mark.parametrize("host", STRANGERS)
def test_a_name_that_a_stranger_points_here_is_refused(service: Service, host: str) -> None:
    answer = raw(service, f"GET /health HTTP/1.1\nHost: {host}\nConnection: close\n")
    assert b" 403 " in answer.split(b"\r\n")[0] or b" 400 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:99", "[::1]:8000", "LOCALHOST"])
def test_this_machine_is_known_by_its_names(service: Service, host: str) -> None:
    assert service.http.get("/health", headers={"host": host}).status_code == 200


def test_a_proxy_may_call_it_by_the_names_that_are_told(serving: Callable[..., Service]) -> None:
    service = serving(names=("Pages.example.org",))
    assert service.http.get("/health", headers={"host": "pages.example.org"}).status_code == 200
    assert service.http.get("/health", headers={"host": "example.org"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:1"},
    ],
)
def test_pages_of_other_sites_may_not_send(service: Service, headers: dict[str, str]) -> None:
    answer = service.http.post("/v1/line", content=LINE, headers={"content-type": "image/png", **headers})
    assert answer.status_code == 403 and answer.json()["error"]["code"] == "origin"
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert service.http.options("/v1/line", headers=headers).status_code == 405


def test_its_own_page_may_send(service: Service) -> None:
    own = {"origin": service.url.rstrip("/"), "sec-fetch-site": "same-origin", "content-type": "image/png"}
    assert service.http.post("/v1/line", content=LINE, headers=own).status_code == 200


def test_without_the_token_only_life_is_told(guarded: Service) -> None:
    for path in ("/health", "/ready"):
        assert guarded.http.get(path).status_code in (200, 503)
    for path in ("/", "/docs", "/openapi.json", "/metrics", "/v1/jobs/" + "0" * 32, "/nothing", "/health/", "//health"):
        answer = guarded.http.get(path)
        assert answer.status_code == 401, path
        assert "Basic" in answer.headers["www-authenticate"]
    assert guarded.http.get("/docs", headers={"authorization": f"Bearer {SECRET}"}).status_code == 200
    assert guarded.http.get("/docs", auth=("anybody", SECRET)).status_code == 200


def test_thousands_of_guesses_find_nothing() -> None:
    app = create_app(ServeSettings.of(token=SECRET))
    right = {"authorization": f"Bearer {SECRET}"}
    wrong = [{"authorization": f"Bearer {SECRET[:-1]}{number}"} for number in range(2000)]

    async def ask() -> tuple[list[httpx.Response], httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return [await client.get("/metrics", headers=guess) for guess in wrong], await client.get(
                "/metrics", headers=right
            )

    answers, last = asyncio.run(ask())
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 429} and statuses.count(401) < 20
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert last.status_code == 429  # the right one has to wait too, or guessing could go on


def test_bytes_are_counted_as_they_come(guarded: Service) -> None:
    headers = {"authorization": f"Bearer {SECRET}", "content-type": "image/png"}
    too_much = b"x" * 200_001
    told = guarded.http.post("/v1/line", content=too_much, headers=headers)
    streamed = guarded.http.post("/v1/line", content=iter([too_much[:100_000], too_much[100_000:]]), headers=headers)
    form = guarded.http.post("/v1/line", files={"picture": too_much}, headers={"authorization": f"Bearer {SECRET}"})
    ink = guarded.http.post("/v1/ink", content=b"[" * 200_001, headers={**headers, "content-type": "application/json"})
    for answer in (told, streamed, form, ink):
        assert answer.status_code == 413
        assert answer.json()["error"] == {
            "code": "too_large",
            "message": "The request is over the limit of 200,000 bytes: split it.",
        }


def test_a_body_that_lies_about_its_length_is_not_waited_for(guarded: Service) -> None:
    head = f"POST /v1/line HTTP/1.1\nHost: x\nAuthorization: Bearer {SECRET}\nContent-Length: 99999999999999\n"
    assert b" 413 " in raw(guarded, head).split(b"\r\n")[0]


def test_who_asks_too_often_waits(serving: Callable[..., Service]) -> None:
    service = serving(rate=2)
    answers = [service.http.get("/v1/jobs/" + "0" * 32) for _ in range(8)]
    assert [answer.status_code for answer in answers[:4]] == [404] * 4
    assert 429 in [answer.status_code for answer in answers] and answers[-1].headers["retry-after"] == "1"
    assert service.http.get("/health").status_code == 200


def test_a_proxy_is_believed_for_whom_it_asks_and_nobody_else(serving: Callable[..., Service]) -> None:
    behind, alone = serving(rate=1, proxy="127.0.0.1"), serving(rate=1)
    for service, allowed in ((behind, True), (alone, False)):
        answers = [
            service.http.get("/v1/jobs/" + "0" * 32, headers={"x-forwarded-for": f"10.0.0.{number}"}).status_code
            for number in range(8)
        ]
        assert (set(answers) == {404}) == allowed


def test_a_bucket_fills_again() -> None:
    now = 0.0
    rate = Rate(2.0, lambda: now)
    assert [rate.wait("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert rate.wait("b") == 0
    now = 0.5
    assert rate.wait("a") == 0 and rate.wait("a") > 0
    for number in range(20_000):
        rate.wait(str(number))
    assert len(rate._left) <= 10_000


def test_an_ipv6_network_is_one_client() -> None:
    assert address_of({"client": ("2001:db8::1", 1)}) == address_of({"client": ("2001:db8::ffff", 2)})
    assert address_of({"client": ("10.0.0.1", 1)}) != address_of({"client": ("10.0.0.2", 1)})
    assert address_of({"client": None}) == ""
