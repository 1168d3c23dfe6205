import io
import re
import socket
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from live_service import LINES, PAGES, Service, example, raw
from PIL import Image

import tenarai
from tenarai.model.runtime import LineRuntime
from tenarai.page.formats import read_layout, write_layout
from tenarai.page.layout import Page
from tenarai.serve.options import MEDIA

PNG = {"content-type": "image/png"}
PAGE = example(PAGES[0])
LINE = example(LINES[1])
CUT_OFF = "POST /v1/read HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 100000\nContent-Type: "
HOSTILE = (
    "../../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/shadow",
    "a\x00b.png",
    "x" * 5000 + ".png",
    "CON",
    "-rf",
    "名前.png",
    "",
)


def pdf(pages: int) -> bytes:
    picture, held = Image.new("L", (40, 40), 255), io.BytesIO()
    picture.save(held, "PDF", save_all=True, append_images=[picture] * (pages - 1))
    return held.getvalue()


@pytest.mark.parametrize("form", [form for form in MEDIA if form not in ("json", "pdf", "hocr")])
def test_every_format_is_as_the_reader_would_write_it(service: Service, reader: tenarai.Reader, form: str) -> None:
    page = reader.read(PAGE)
    asked = service.http.post("/v1/read", params={"format": form}, content=PAGE, headers=PNG)
    accepted = service.http.post("/v1/read", content=PAGE, headers={**PNG, "accept": MEDIA[form]})  # type: ignore[index]
    assert asked.headers["content-type"].startswith(MEDIA[form])  # type: ignore[index]
    if form not in ("pagexml", "alto"):  # which have the time in them
        assert asked.content == accepted.content == write_layout(page, form, PAGE)
    else:
        assert asked.content[:100] == write_layout(page, form)[:100]


def test_pages_are_those_of_the_reader(service: Service, reader: tenarai.Reader) -> None:
    for name in PAGES:
        found = service.http.post("/v1/read", content=example(name), headers=PNG).json()
        assert [Page.from_dict(page) for page in found["pages"]] == [reader.read(example(name))]
        assert found["text"] == reader.read(example(name)).text


def test_a_searchable_pdf_and_back(service: Service, reader: tenarai.Reader) -> None:
    answer = service.http.post("/v1/read?format=pdf", content=PAGE, headers=PNG)
    assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    again = service.http.post("/v1/read", files={"picture": ("book.pdf", answer.content)}).json()
    assert len(again["pages"]) == 1 and again["pages"][0]["regions"]


def test_several_pages(service: Service, tmp_path: Any) -> None:
    held = io.BytesIO()
    pages = [Image.open(io.BytesIO(example(name))).convert("L") for name in PAGES]
    pages[0].save(held, "TIFF", save_all=True, append_images=pages[1:])
    found = service.http.post("/v1/read", files={"picture": ("book.tif", held.getvalue())}).json()
    assert [page["source"] for page in found["pages"]] == ["book.tif", "book.tif#2"]
    asked = service.http.post("/v1/read?format=pagexml", files={"picture": ("book.tif", held.getvalue())})
    assert asked.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(asked.content)) as archive:
        assert archive.namelist() == ["1.page.xml", "2.page.xml"]
        (tmp_path / "2.page.xml").write_bytes(archive.read("2.page.xml"))
    (page,) = read_layout(tmp_path / "2.page.xml")
    assert page.text == Page.from_dict(found["pages"][1]).text


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"direction": "horizontal", "alternatives": 2},
        {"alphabet": "latin"},
        {"language": "latin"},
        {"language": "auto", "lexicon": ["Thank", "letter"]},
        {"pattern": r"\d{3}-\d{4}"},
    ],
)
def test_lines_are_those_of_the_reader(service: Service, reader: tenarai.Reader, options: dict[str, Any]) -> None:
    for name in LINES:
        found = service.http.post("/v1/line", params=options, content=example(name), headers=PNG).json()["line"]
        expected = reader.read_line(example(name), **options)
        assert (found["text"], found["confidence"]) == (expected.text, expected.confidence)
        assert [(c["text"], len(c["alternatives"])) for c in found["characters"]] == [
            (c.text, len(c.alternatives)) for c in expected.characters
        ]


def test_text_is_that_of_the_reader_whoever_else_asks(service: Service, reader: tenarai.Reader) -> None:
    lines = [example(name) for name in LINES]
    works = [("line", data, {}, reader.read_line(data).text) for data in lines]
    works += [("line", data, {"language": "auto"}, reader.read_line(data, language="auto").text) for data in lines]
    works += [("read", data, {"alphabet": "kana"}, reader.read(data, alphabet="kana").text) for data in lines]
    works += [("read", PAGE, {}, reader.read(PAGE).text)]

    def differs(work: tuple[str, bytes, dict[str, str], str]) -> bool:
        answer = service.http.post(f"/v1/{work[0]}", params=work[2], content=work[1], headers=PNG).json()
        return (answer["line"] if work[0] == "line" else answer)["text"] != work[3]

    with ThreadPoolExecutor(16) as clients:
        assert sum(clients.map(differs, works * 5)) == 0


def test_characters_and_ink(service: Service, reader: tenarai.Reader) -> None:
    given = {"alphabet": "kana", "n": 3}
    found = service.http.post("/v1/character", params=given, content=LINE, headers=PNG).json()["candidates"]
    assert [tuple(one) for one in found] == reader.read_character(LINE, "kana", 3)
    cross = [[[10, 50], [90, 50]], [[50, 10], [50, 90]]]
    plain = service.http.post("/v1/ink", json={"strokes": cross}).json()["candidates"]
    points = [{"points": [{"x": x, "y": y, "t": t} for t, (x, y) in enumerate(stroke)]} for stroke in cross]
    timed = service.http.post("/v1/ink", json={"strokes": points}).json()["candidates"]
    assert plain[0][0] in "十+＋" and [tuple(one) for one in plain] == reader.read_ink(cross) == [
        tuple(o) for o in timed
    ]


def test_every_reply_says_which_request_and_which_model(service: Service) -> None:
    answer = service.http.post("/v1/line", content=LINE, headers={**PNG, "x-request-id": "mine-1"})
    assert answer.json()["request"] == answer.headers["x-request-id"] == "mine-1"
    model = answer.json()["model"]
    assert answer.headers["x-model"] == f"{model['name']}@{model['version']}"
    wrong = service.http.post("/v1/line", content=b"x", headers={**PNG, "x-request-id": "no good\tid " + "x" * 99})
    assert wrong.json()["request"] == wrong.headers["x-request-id"] != "no good id"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_are_never_paths(service: Service, name: str) -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="picture"; filename="' + name.encode() + b'"\r\n\r\n'
    body = head + LINE + b"\r\n--B--\r\n"
    answer = service.http.post("/v1/read", content=body, headers={"content-type": "multipart/form-data; boundary=B"})
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        source = answer.json()["pages"][0]["source"]
        assert not set(source) & set("/\\\0") and len(source) <= 200


@pytest.mark.parametrize(
    ("content", "headers", "status", "said"),
    [
        (b"", PNG, 422, "empty"),
        (b"GIF89a nothing", PNG, 422, "not a picture|damaged"),
        (PAGE[:5000], PNG, 422, "cut short"),
        (b"%PDF-1.4 nothing", {"content-type": "application/pdf"}, 422, "damaged|cut short"),
        (b"hello", {"content-type": "text/plain"}, 415, "text/plain is no picture"),
        (b"hello", {"content-type": "application/x-www-form-urlencoded"}, 415, "is no picture"),
        (b"hello", {"content-type": "multipart/form-data"}, 400, "boundary"),
        (b"hello", {"content-type": "multipart/form-data; boundary=x"}, 400, "multipart"),
    ],
)
def test_what_is_no_picture(service: Service, content: bytes, headers: dict[str, str], status: int, said: str) -> None:
    answer = service.http.post("/v1/read", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert re.search(said, error["message"], re.IGNORECASE), error


def test_a_form_needs_the_file_that_it_is_asked_for(service: Service) -> None:
    for files in ({"pictures": LINE}, {"picture": LINE, "other": LINE}):
        assert service.http.post("/v1/line", files=files).status_code in (400, 422)
    answer = service.http.post("/v1/line", files={"file": LINE})
    assert answer.status_code == 422 and "needs a file 'picture', not 'file'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "options",
    [
        {"language": "/etc/passwd"},
        {"lexicon": ""},
        {"direction": "up"},
        {"alphabet": "katakanna"},
        {"langage": "ja"},
        {"format": "docx"},
        {"alphabet": "x" * 5_001},
    ],
)
def test_options_that_are_none(service: Service, options: dict[str, str]) -> None:
    answer = service.http.post("/v1/read", params=options, content=LINE, headers=PNG)
    assert answer.status_code == 422 and answer.json()["error"]["message"]


def test_nothing_is_written_that_nobody_accepts(service: Service) -> None:
    answer = service.http.post("/v1/read", content=LINE, headers={**PNG, "accept": "image/png"})
    assert answer.status_code == 406
    browser = "text/html,application/json;q=0.9,*/*;q=0.8"
    assert service.http.post("/v1/read", content=LINE, headers={**PNG, "accept": browser}).json()["text"]


def test_limits_hold_before_anything_is_decoded(serving: Callable[..., Service]) -> None:
    service = serving(max_pixels=1_000_000, max_pages=5)
    held = io.BytesIO()
    Image.new("1", (4_000, 4_000)).save(held, "PNG")  # a few kilobytes
    start = time.monotonic()
    answer = service.http.post("/v1/read", content=held.getvalue(), headers=PNG)
    assert answer.status_code == 422 and "the limit" in answer.json()["error"]["message"]
    answer = service.http.post("/v1/read", files={"picture": ("book.pdf", pdf(20))})
    assert answer.status_code == 422 and "20 pictures, the limit is 5" in answer.json()["error"]["message"]
    assert time.monotonic() - start < 10


def test_ten_thousand_pages_are_refused(service: Service) -> None:
    book = pdf(2)
    kids = b" ".join(b"3 0 R" for _ in range(10_001))
    huge = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 10001/Kids["
        + kids
        + b"]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    answer = service.http.post("/v1/read", files={"picture": ("book.pdf", huge)})
    assert answer.status_code == 422 and "10,001 pictures, the limit is 50" in answer.json()["error"]["message"]
    assert len(service.http.post("/v1/read", files={"picture": ("book.pdf", book)}).json()["pages"]) == 2


def test_an_upload_that_is_cut_off_leaves_nothing_behind(service: Service) -> None:
    raw(service, f"{CUT_OFF}image/png\n", PAGE[:5000])
    start = b'--B\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
    raw(service, f"{CUT_OFF}multipart/form-data; boundary=B\n", start + PAGE[:5000])
    until = time.monotonic() + 5
    while service.engine.lanes["long"].inside and time.monotonic() < until:
        time.sleep(0.02)
    assert service.engine.lanes["long"].inside == 0
    assert service.http.post("/v1/line", content=LINE, headers=PNG).status_code == 200


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    begun: list[float] = []
    read = LineRuntime.read

    def slow(self: LineRuntime, *args: Any, **kwargs: Any) -> Any:
        begun.append(time.monotonic())
        time.sleep(0.3)
        return read(self, *args, **kwargs)

    monkeypatch.setattr(LineRuntime, "read", slow)
    return begun


def test_a_page_is_not_read_to_its_end_for_nobody(service: Service, slowly: list[float]) -> None:
    head = (
        f"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: {len(PAGE)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(head.encode() + PAGE)
        until = time.monotonic() + 20
        while not slowly and time.monotonic() < until:
            time.sleep(0.01)
    lane = service.engine.lanes["long"]
    while (lane.inside or lane.running) and time.monotonic() < until:
        time.sleep(0.01)
    assert lane.inside == lane.running == 0
    assert 1 <= len(slowly) <= 3  # of six
    metrics = service.http.get("/metrics").text
    assert 'tenarai_requests_total{method="POST",path="/v1/read",status="499"}' in metrics


def test_a_deadline_is_told(serving: Callable[..., Service], slowly: list[float]) -> None:
    service = serving(deadline_s=0.5)
    answer = service.http.post("/v1/read", content=PAGE, headers=PNG)
    assert answer.status_code == 504 and answer.json()["error"]["code"] == "deadline"


def test_a_picture_that_trickles_in_is_not_waited_for(serving: Callable[..., Service]) -> None:
    service = serving(deadline_s=0.5)
    head = "POST /v1/line HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"x")
        assert b" 408 " in connection.recv(65536).split(b"\r\n")[0]


def test_who_comes_when_it_is_full_is_sent_away(serving: Callable[..., Service], slowly: list[float]) -> None:
    service = serving(queue=2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: service.http.post("/v1/line", content=LINE, headers=PNG), range(8)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 503}
    for answer in answers:
        assert (answer.status_code == 503) == ("retry-after" in answer.headers)
