import time
from collections.abc import Callable
from typing import Any

import pytest
from live_service import PAGES, Service, example, pictures

import tenarai
from tenarai.model.runtime import LineRuntime
from tenarai.page.layout import Page

PAGE = example(PAGES[0])


def send(service: Service, *files: tuple[str, bytes], **options: str) -> dict[str, Any]:
    answer = service.http.post("/v1/jobs", params=options, files=[("pictures", file) for file in files])
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()["job"]
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    return job


def over(service: Service, job: dict[str, Any]) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found: dict[str, Any] = service.http.get(f"/v1/jobs/{job['id']}").json()["job"]
        if found["finished"]:
            return found
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def test_many_pages_are_read_and_what_is_none_is_named(service: Service, reader: tenarai.Reader) -> None:
    job = send(service, ("a/letter.png", PAGE), ("broken.png", b"nothing"), ("book.tif", pictures(2)))
    assert over(service, job) | {"refused": [], "finished": ""} == {
        **job, "state": "done", "done": 3, "pages": 3, "refused": [], "finished": "",
    }  # fmt: skip
    (refused,) = over(service, job)["refused"]
    assert (refused["number"], refused["name"]) == (2, "broken.png") and "not a picture" in refused["reason"]
    found = [Page.from_dict(page) for page in service.http.get(f"/v1/jobs/{job['id']}/result").json()["pages"]]
    assert [page.source for page in found] == ["letter.png", "book.tif", "book.tif#2"]
    assert found[0].regions == reader.read(PAGE).regions
    text = service.http.get(f"/v1/jobs/{job['id']}/result?format=text").text
    assert text.startswith(reader.read(PAGE).text)
    assert service.http.get(f"/v1/jobs/{job['id']}/result?format=pdf").status_code == 406


def test_a_job_is_stopped_before_its_next_line(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []
    read = LineRuntime.read

    def slow(self: LineRuntime, *args: Any, **kwargs: Any) -> Any:
        begun.append(time.monotonic())
        time.sleep(0.3)
        return read(self, *args, **kwargs)

    monkeypatch.setattr(LineRuntime, "read", slow)
    job = send(service, ("a.png", PAGE), ("b.png", PAGE))
    assert service.http.get(f"/v1/jobs/{job['id']}/result").status_code == 409
    while not begun:
        time.sleep(0.01)
    assert service.http.delete(f"/v1/jobs/{job['id']}").json()["job"]["state"] == "cancelled"
    assert service.http.get(f"/v1/jobs/{job['id']}").status_code == 404
    lane, until = service.engine.lanes["long"], time.monotonic() + 10
    while lane.running and time.monotonic() < until:
        time.sleep(0.01)
    assert len(begun) <= 3


def test_a_job_with_nothing_that_can_be_read_has_failed(service: Service) -> None:
    assert over(service, send(service, ("a.png", b"x")))["state"] == "failed"


def test_more_pages_than_may_be_are_left_out(serving: Callable[..., Service]) -> None:
    service = serving(max_job_pages=2)
    found = over(service, send(service, ("book.tif", pictures(2)), ("more.tif", pictures(1))))
    assert found["pages"] == 2 and "The limit is 2 pages" in found["refused"][0]["reason"]


def test_there_are_only_so_many_jobs(serving: Callable[..., Service]) -> None:
    service = serving(max_jobs=3)
    for _ in range(3):
        send(service, ("a.png", b"x"))
    answer = service.http.post("/v1/jobs", files={"pictures": b"x"})
    assert answer.status_code == 503 and answer.headers["retry-after"]


@pytest.mark.parametrize("job", ["0" * 32, "../../etc", "x"])
def test_a_job_that_is_none(service: Service, job: str) -> None:
    assert service.http.get(f"/v1/jobs/{job}").status_code in (404, 422)
    assert service.http.delete(f"/v1/jobs/{job}").status_code in (404, 422)
