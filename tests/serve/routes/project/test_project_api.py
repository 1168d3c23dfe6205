"""Each address of a project: what it answers, and what it refuses."""

import base64
import io
import json
import re
import socket
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from tenarai.page.formats import read_layout
from tenarai.serve.store import open_project

EXAMPLES = Path(__file__).parents[4] / "examples"
UPLOADS = ("/api/pages", "/api/import")


def picture(answer: httpx.Response) -> np.ndarray:
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg", answer.text
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["error"]["code"] == code and told["error"]["message"] and told["request"]
    return told


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (90, 60), np.uint8)


def blank_pdf(pages: int) -> bytes:
    """One page, so many times."""
    kids = b" ".join(b"3 0 R" for _ in range(pages))
    return (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count %d/Kids[%s]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 30 30]>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF" % (pages, kids)
    )


# Who may change something, and who did


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/project"), ("POST", "/api/pages"), ("DELETE", "/api/pages/1"), ("PUT", "/api/lines/1/text"),
        ("POST", "/api/jobs"), ("POST", "/api/import"), ("POST", "/api/models/1/keep"), ("POST", "/api/pages/1/undo"),
        ("POST", "/api/lines/1/read"), ("DELETE", "/api/jobs/1"),
    ],
)  # fmt: skip
def test_no_change_without_the_header(client, method: str, path: str):
    for headers in ({}, {"X-Requested-With": "XMLHttpRequest"}):
        answer = httpx.request(method, str(client.base_url).rstrip("/") + path, headers=headers, json={})
        assert "X-Requested-With" in problem(answer, 403, "forbidden")["error"]["message"]


def test_other_sites_change_nothing_even_with_the_header(client):
    answer = client.patch("/api/project", json={"name": "stolen"}, headers={"Origin": "https://evil.example"})
    problem(answer, 403, "origin")
    assert client.get("/api/project").json()["name"] == "Letters"


def test_the_author_may_have_any_name(client):
    line = client.lines(1)[0]
    answer = client.put(
        f"/api/lines/{line['id']}/text",
        json={"text": "拝啓 さくら", "expected": line["version"]},
        headers={"X-Author": "%E6%9D%B1%0A"},
    )
    assert answer.json()["author"] == "東"


# The project


def test_name_and_rules(client):
    told = client.patch("/api/project", json={"rules": "Keep 旧字."}).json()
    assert (told["name"], told["rules"]) == ("Letters", "Keep 旧字.")
    problem(client.patch("/api/project", json={"nmae": "x"}), 422, "value")
    problem(client.patch("/api/project", json={"name": "a\0b"}), 422, "value")


def test_search_finds_what_was_written(client):
    line = client.lines(2)[0]
    client.write(line, "明日のParisの駅前")
    (hit,) = client.get("/api/search", params={"q": "paris"}).json()["hits"][:1]
    assert hit["snippet"][hit["start"] : hit["end"]].lower() == "paris"
    assert client.get("/api/search", params={"q": "見つからない"}).json() == {"hits": []}


def test_figures_know_what_was_read(client):
    figures = client.get("/api/figures").json()["figures"]
    assert figures and figures[0]["lines"] >= 11 and 0 < figures[0]["confidence"] <= 1


def test_the_service_says_how_it_does(client):
    before = client.get("/api/service").json()
    for _ in range(3):
        client.get("/api/pages")
    client.get("/health"), client.get("/api/service")  # who only asks how it does is not counted
    now = client.get("/api/service").json()
    assert now["requests"] == before["requests"] + 3
    assert now["per_second"] == pytest.approx(now["requests"] / now["seconds"])
    assert 0 < now["p50"] <= now["p95"] < 60 and now["seconds"] <= 300
    assert now["lanes"]["short"] == {"waiting": 0, "running": 0, "room": 64} and set(now["lanes"]) == {"short", "long"}


def test_what_a_pen_drew(client):
    strokes = {"strokes": [[[10, 50], [90, 50]], [[50, 10], [50, 90]]], "n": 5}
    found = client.post("/api/character", json=strokes).json()["candidates"]
    assert len(found) == 5 and "十" in [character for character, _ in found]
    digits = client.post("/api/character", json={**strokes, "alphabet": "digits"}).json()["candidates"]
    assert all(character in "0123456789" for character, _ in digits)
    drawn = np.full((64, 64), 255, np.uint8)
    drawn[30:34, 8:56] = 0
    code = base64.b64encode(cv2.imencode(".png", drawn)[1].tobytes()).decode()
    assert "一" in dict(client.post("/api/character", json={"picture": code}).json()["candidates"])
    for wrong in ({}, {"strokes": []}, {"picture": "%%%"}, {**strokes, "picture": code}, {"strokes": [[["x", 1]]]}):
        assert client.post("/api/character", json=wrong).status_code == 422


# Pages


def test_a_page_comes_scaled_and_is_fetched_once(client):
    page = client.get("/api/pages").json()["pages"][0]
    whole = client.get("/api/pages/1/picture")
    assert picture(whole).shape[:2] == (page["height"], page["width"])
    assert picture(client.get("/api/pages/1/picture", params={"width": 200})).shape[1] == 200
    known = {"If-None-Match": whole.headers["etag"]}
    again = client.get("/api/pages/1/picture", headers=known)
    assert again.status_code == 304 and not again.content
    assert client.get("/api/pages/1/picture?width=200", headers=known).status_code == 200
    assert "immutable" not in whole.headers["cache-control"]
    assert "immutable" in client.get(f"/api/pages/1/picture?v={page['sha256']}").headers["cache-control"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\evil.png", "a\r\nb.png", "\u202egnp.exe", "名" * 200, "."]
)
def test_hostile_names_are_only_names(client, name: str):
    data = cv2.imencode(".png", np.random.default_rng(len(name)).integers(0, 255, (40, 60), np.uint8))[1].tobytes()
    answer = client.post("/api/pages", files=[("files", (name, data))], data={"read": "false"})
    (row,) = answer.json()["pages"]
    assert "/" not in row["name"] and "\\" not in row["name"] and row["name"].isprintable() and len(row["name"]) <= 200
    outside = [p for p in client.folder.parent.rglob("*") if p.is_file() and not p.is_relative_to(client.folder)]
    assert outside == []
    assert client.delete(f"/api/pages/{row['id']}").status_code == 204


def test_what_is_no_picture_is_told_and_the_rest_taken(client):
    good = (EXAMPLES / "line-latin.png").read_bytes()
    files = [("files", ("broken.png", good[:500])), ("files", ("line-latin.png", good)), ("files", ("a.txt", b"text"))]
    told = client.post("/api/pages", files=files, data={"read": "false"}).json()
    assert [page["name"] for page in told["pages"]] == ["line-latin.png"] and told["job"] is None
    assert [refused["name"] for refused in told["refused"]] == ["broken.png", "a.txt"]
    assert all(refused["reason"].endswith(".") for refused in told["refused"])
    same = client.post("/api/pages", files=files[1:2], data={"read": "false"}).json()["pages"]
    assert [page["id"] for page in same] == [page["id"] for page in told["pages"]]
    assert client.delete(f"/api/pages/{same[0]['id']}").status_code == 204
    problem(client.get(f"/api/pages/{same[0]['id']}"), 404, "not_found")


def kept(client) -> tuple[Any, ...]:
    """All that an upload may leave in a project; what is wrong with it is nothing."""
    with open_project(client.folder) as project:
        assert project.check() == []
    files = sorted(path for path in (client.folder / "pictures").rglob("*") if path.is_file())
    return client.get("/api/pages").json(), client.get("/api/project").json()["jobs"], files


def ended(client, path: str) -> int:
    """Requests, answered or not."""
    counted = rf'requests_total{{method="POST",path="{path}",status="\d+"}} (\S+)'
    return int(sum(map(float, re.findall(counted, client.get("/metrics").text))))


def send(client, path: str, *files: tuple[str, bytes]) -> dict[str, Any]:
    answer = client.post(path, files=[("files", file) for file in files])
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", UPLOADS)
def test_an_upload_that_is_cut_off_leaves_nothing_behind(client, path: str, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, asked = kept(client), ended(client, path)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Requested-With: tenarai\r\nContent-Length: 1000000\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
        '--B\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    )
    data = cv2.imencode(".png", noise())[1].tobytes()
    cuts = [data[:500], data + b"\r\n--B\r\n", data + b"\r\n--B--\r\n"]  # in a file, after it, at what seems the end
    for cut in cuts:
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
            connection.sendall(head.encode() + cut)
    until = time.monotonic() + 60
    while ended(client, path) < asked + len(cuts) and time.monotonic() < until:
        time.sleep(0.02)
    assert ended(client, path) == asked + len(cuts)
    assert kept(client) == before and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", UPLOADS)
def test_a_file_is_taken_whole_or_not_at_all(client, path: str):
    before, held = kept(client), io.BytesIO()
    pages = [Image.fromarray(noise(seed)) for seed in range(3)]
    pages[0].save(held, "TIFF", save_all=True, append_images=pages[1:])
    book = held.getvalue()
    told = send(client, path, ("book.tif", book[:-1000]), ("empty.png", b""), ("  ", book))  # the third page is cut
    assert told["pages"] == [] and len(told["refused"]) == 3, told
    assert kept(client) == before


@pytest.mark.parametrize("path", UPLOADS)
def test_more_than_ten_thousand_pages_are_refused(client, path: str):
    before = kept(client)
    told = send(client, path, ("book.pdf", blank_pdf(10_001)))
    (refused,) = told["refused"]
    assert "10,001 pictures, the limit is 10,000" in refused["reason"] and told["pages"] == []
    assert kept(client) == before


def test_ten_thousand_pages_are_taken(service_of, folder: Path):
    with service_of(folder) as client:
        told = client.post("/api/pages", files=[("files", ("book.pdf", blank_pdf(10_000)))], data={"read": "false"})
        assert [page["frame"] for page in told.json()["pages"]] == list(range(10_000))
        assert len(kept(client)[2]) == 1


def test_every_page_of_a_pdf(client):
    document = PdfWriter()
    document.add_blank_page(200, 100)
    document.add_blank_page(100, 200)
    held = io.BytesIO()
    document.write(held)
    files = [("files", ("two.pdf", held.getvalue()))]
    pages = client.post("/api/pages", files=files, data={"read": "false"}).json()["pages"]
    assert [page["frame"] for page in pages] == [0, 1] and pages[0]["width"] > pages[0]["height"]
    shown = picture(client.get(f"/api/pages/{pages[1]['id']}/picture"))
    assert shown.shape[:2] == (pages[1]["height"], pages[1]["width"])
    for page in pages:
        client.delete(f"/api/pages/{page['id']}")


def test_two_people_and_one_page(client):
    assert client.post("/api/pages/3/claim").json()["claimed_by"] == "Aya"
    told = problem(client.post("/api/pages/3/claim", json={"who": "Ben"}), 409, "conflict")
    assert told["current"]["claimed_by"] == "Aya"
    assert client.post("/api/pages/3/release").json()["claimed_by"] == ""
    assert client.patch("/api/pages/3", json={"state": "doubtful"}).json()["state"] == "doubtful"


# Lines


def test_a_slower_hand_gets_the_line_as_it_is_now(client):
    line = client.lines(1)[1]
    assert client.write(line, "first").status_code == 200
    told = problem(client.write(line, "second"), 409, "conflict")
    assert told["current"]["text"] == "first" and told["current"]["version"] > line["version"]
    assert client.write(told["current"], "second").json()["text"] == "second"


def test_a_change_sent_twice_is_made_once(client):
    line = client.lines(1)[2]
    first = client.write(line, "once", client_id="edit-1").json()
    assert client.write(line, "once", client_id="edit-1").json() == first
    assert client.get(f"/api/lines/{line['id']}").json()["version"] == first["version"]


def test_marks_keep_a_line_out_of_learning(client):
    line = client.lines(1)[3]
    before = client.get("/api/learn").json()["lines"]
    row = client.write(line, "よめない", marks=[[0, 2, "unclear"]]).json()
    assert row["marks"] == [[0, 2, "unclear"]]
    assert client.get("/api/learn").json()["lines"] == before
    client.write(row, "よめる")
    assert client.get("/api/learn").json()["lines"] == before + 1


def test_history_restore_undo_redo(client):
    line = client.lines(2)[1]
    row = line
    for text in ("いち", "に"):
        row = client.write(row, text).json()
    versions = client.get(f"/api/lines/{line['id']}/history").json()["versions"]
    assert [v["text"] for v in versions][:3] == ["に", "いち", line["text"]] and versions[0]["author"] == "Aya"
    restored = client.post(f"/api/lines/{line['id']}/restore", json={"version": versions[1]["number"]}).json()
    assert restored["text"] == "いち" and restored["version"] > row["version"]
    assert [r["text"] for r in client.post("/api/pages/2/undo").json()["lines"]] == ["に"]
    assert [r["text"] for r in client.post("/api/pages/2/redo").json()["lines"]] == ["いち"]
    assert client.post("/api/pages/2/undo", headers={"X-Author": "Nobody"}).json() == {"lines": []}
    problem(client.post(f"/api/lines/{line['id']}/restore", json={"version": 10**6}), 404, "not_found")


def test_drawing_splitting_joining_ordering(client):
    known = [line["id"] for line in client.lines(2)]
    drawn = client.post("/api/pages/2/lines", json={"box": [20, 20, 420, 60], "after": known[0]})
    assert drawn.status_code == 201
    line = drawn.json()
    assert [row["id"] for row in client.lines(2)] == [known[0], line["id"], *known[1:]]
    line = client.write(line, "左右").json()
    halves = client.post(f"/api/lines/{line['id']}/split", json={"at": 0.5, "text_at": 1, "expected": line["version"]})
    first, second = halves.json()["lines"]
    assert (first["text"], second["text"], first["id"]) == ("左", "右", line["id"])
    assert first["box"][2] == pytest.approx(220) and second["box"][0] == pytest.approx(220)
    joined = client.post("/api/pages/2/join", json={"lines": [first["id"], second["id"]]}).json()
    assert joined["text"] == "左右" and joined["box"] == pytest.approx([20, 20, 420, 60])
    problem(client.post("/api/pages/1/join", json={"lines": known[:2]}), 422, "value")
    page = client.get("/api/pages/2").json()
    order = [row["id"] for row in reversed(page["lines"])]
    told = client.put("/api/pages/2/order", json={"lines": order, "expected": page["version"]}).json()
    assert [row["id"] for row in told["lines"]] == order
    late = client.put("/api/pages/2/order", json={"lines": order[::-1], "expected": page["version"]})
    assert problem(late, 409, "conflict")["current"] is not None
    moved = client.get(f"/api/lines/{joined['id']}").json()
    changed = client.patch(
        f"/api/lines/{joined['id']}", json={"direction": "vertical", "expected": moved["version"]}
    ).json()
    assert changed["direction"] == "vertical"
    answer = client.delete(f"/api/lines/{joined['id']}?expected={changed['version']}")
    assert answer.status_code == 204 and joined["id"] not in [row["id"] for row in client.lines(2)]
    for _ in range(7):
        client.post("/api/pages/2/undo")
    assert [row["id"] for row in client.lines(2)] == known


def test_a_line_is_shown_as_it_is_read(client):
    line = client.lines(1)[0]
    assert line["direction"] == "vertical"
    answer = client.get(f"/api/lines/{line['id']}/picture", params={"height": 60})
    shown, place = picture(answer), client.get(f"/api/lines/{line['id']}/place", params={"height": 60}).json()
    assert shown.shape[:2] == (place["height"], place["width"]) and place["width"] == 60 < place["height"]
    etag = {"If-None-Match": answer.headers["etag"]}
    assert client.get(f"/api/lines/{line['id']}/picture?height=60", headers=etag).status_code == 304
    for row in client.lines(3):
        place = client.get(f"/api/lines/{row['id']}/place").json()
        assert len(place["characters"]) == len(row["characters"])
        for left, top, right, bottom in place["characters"]:
            assert 0 <= left < right <= place["width"] and 0 <= top < bottom <= place["height"]


def test_reading_a_line_again_asks_before_it_overwrites(client):
    (line,) = client.lines(3)
    again = client.post(f"/api/lines/{line['id']}/read").json()
    assert again["text"] == line["text"] and again["model"] == line["model"] and again["version"] >= line["version"]
    written = client.write(again, "もう直した").json()
    told = problem(client.post(f"/api/lines/{line['id']}/read"), 409, "conflict")
    assert told["current"]["text"] == "もう直した"
    forced = client.post(f"/api/lines/{line['id']}/read?force=true").json()
    assert forced["text"] == line["text"] and forced["version"] > written["version"]


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "x"}, {"text": 1, "expected": 1}, {"text": "a\nb", "expected": None},
        {"text": "x", "expected": 1, "m": 1},
        {"text": "x", "expected": -1}, {"text": "x", "expected": "1"}, {"text": "x", "expected": True},
        {"text": "x", "marks": [[0, 1, "blot"]], "expected": 1},
        {"text": "x" * 10_001, "expected": 1}, {"text": "\0", "expected": 1},
        {"text": "x", "state": "new", "expected": 1},
        {"text": "x", "expected": 1, "client_id": "../x"},
    ],
)  # fmt: skip
def test_wrong_text_is_refused(client, asked: dict[str, Any]):
    problem(client.put("/api/lines/1/text", json=asked), 422, "value")


@pytest.mark.parametrize("asked", [{"box": [0, 0, 1e9, 1]}, {"polygon": [[0, 0], [1, 1]]}, {"box": [9, 9, 3, 3]}, {}])
def test_wrong_outlines_are_refused(client, asked: dict[str, Any]):
    problem(client.post("/api/pages/1/lines", json=asked), 422, "value")


def test_numbers_that_json_does_not_know_are_refused(client):
    for value in ("NaN", "Infinity", "-1e999"):
        body = f'{{"box": [0, 0, {value}, 5]}}'
        answer = client.post("/api/pages/1/lines", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, value


NOTHING = (
    "lines/999", "lines/999/history", "lines/999/picture", "pages/999", "pages/999/picture", "jobs/999",
    "exports/none.zip",
)  # fmt: skip


@pytest.mark.parametrize("path", NOTHING)
def test_what_is_not_there(client, path: str):
    problem(client.get(f"/api/{path}"), 404, "not_found")


@pytest.mark.parametrize("page", ["0", "-1", "x", str(2**31), "1e3"])
def test_numbers_that_no_page_has(client, page: str):
    problem(client.get(f"/api/pages/{page}"), 422, "value")


# In and out


@pytest.mark.parametrize(
    "form", ["text", "json", "hocr", "tsv", "via", "coco", "iiif", "markdown", "pagexml", "alto", "pdf"]
)
def test_one_page_in_every_format(client, form: str, tmp_path: Path):
    answer = client.get("/api/export", params={"format": form, "page": 2})
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    lines = [line["text"] for line in client.lines(2)]
    if form == "pdf":
        assert lines[2] in PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().replace(" ", "")
    elif form in ("text", "markdown"):
        assert lines[2] in answer.text
    else:
        file = tmp_path / f"page.{form}"
        file.write_bytes(answer.content)
        (page,) = read_layout(file)
        assert [line.text for line in page.lines] == lines and page.source == "note-horizontal.png"


def test_several_pages_in_one_file_or_a_zip(client):
    for form, names in (("text", 1), ("alto", 2), ("json", 2)):
        answer = client.get("/api/export", params={"format": form, "page": [1, 2]})
        if form == "text":
            assert answer.headers["content-type"].startswith("text/plain")
            continue
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert len(archive.namelist()) == names and archive.testzip() is None
    assert client.get("/api/export", params={"page": 999}).status_code == 422


def test_an_export_in_the_background(client):
    job = client.post("/api/jobs", json={"kind": "export", "pages": [2], "options": {"format": "text"}}).json()
    result = client.wait(job["id"])["result"]
    fetched = client.get(result["url"])
    assert fetched.content == client.get("/api/export", params={"format": "text", "page": 2}).content
    assert len(fetched.content) == result["bytes"]
    for name in ("..%2F..%2Fproject.db", "%2e%2e", ".part", "a%5Cb"):
        assert client.get(f"/api/exports/{name}").status_code == 404


def test_layouts_that_do_not_fit_are_told(client):
    page = client.get("/api/export", params={"format": "json", "page": 3}).json()
    other = {**page, "width": 100, "height": 4000}
    files = [
        ("files", ("other.json", json.dumps(other).encode())),
        ("files", ("nowhere.json", json.dumps({**page, "source": "nowhere.png"}).encode())),
        ("files", ("evil.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><PcGts>&b;</PcGts>')),
        ("files", ("../../etc/cron.json", b"{}")),
    ]
    told = client.post("/api/import", files=files).json()
    assert told["pages"] == [] and len(told["refused"]) == 4
    assert "another" in told["refused"][0]["reason"] or "100 x 4000" in told["refused"][0]["reason"]
    assert "nowhere.png" in told["refused"][1]["reason"]
    assert all("root:" not in refused["reason"] and "/tmp" not in refused["reason"] for refused in told["refused"])


def test_a_layout_of_another_size_is_scaled(client):
    page = client.get("/api/export", params={"format": "json", "page": 3}).json()
    half = json.loads(json.dumps(page))
    half["width"], half["height"] = round(page["width"] / 2), round(page["height"] / 2)
    for line in (line for region in half["regions"] for line in region["lines"]):
        line["box"] = [value / 2 for value in line["box"]]
        line["polygon"] = [[x / 2, y / 2] for x, y in line["polygon"]]
        line["characters"], line["text"] = [], "半分"
    files = [("files", ("half.json", json.dumps(half).encode()))]
    told = client.post("/api/import", files=files, data={"by": "program"}).json()
    assert not told["refused"], told
    (line,) = client.lines(3)
    assert line["box"] == pytest.approx(page["regions"][0]["lines"][0]["box"], abs=1.5)


# What changes while one watches


def test_events_tell_of_jobs_and_pages(client):
    with client.stream("GET", "/api/events") as stream:
        rows = stream.iter_lines()
        next(rows)
        line = client.lines(2)[2]
        client.write(line, "知らせ")
        job = client.post("/api/jobs", json={"kind": "export", "pages": [1], "options": {"format": "text"}}).json()
        seen, events, kind = set(), [], ""
        for row in rows:
            if row.startswith("event: "):
                kind = row[7:]
            if row.startswith("data: "):
                events.append((kind, json.loads(row[6:])))
                seen.add(kind)
            if any(k == "job" and d["id"] == job["id"] and d["state"] == "done" for k, d in events) and "page" in seen:
                break
    assert ("page", {"id": 2}) in events


def test_the_api_describes_itself(client):
    paths = client.get("/openapi.json").json()["paths"]
    ours = {path: verbs for path, verbs in paths.items() if path.startswith("/api/")}
    assert len(ours) > 30
    for path, verbs in ours.items():
        for verb, told in verbs.items():
            assert told["summary"] and told["tags"], (verb, path)
