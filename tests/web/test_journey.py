"""The whole way: make a project, read, correct by keyboard, learn, see the figure, read again, export, open again."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_page import EXAMPLES, ROOT, Site, editor, saved, served, until

PAGES = ROOT.parent / "shared" / "data" / "pages_copiste"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three pages of a real hand; where these are not at hand, the examples of the repository."""
    if not (PAGES / "test.zip").exists():
        return [EXAMPLES / "letter-vertical.png", EXAMPLES / "note-horizontal.png"]
    folder = tmp_path_factory.mktemp("pictures")
    with zipfile.ZipFile(PAGES / "test.zip") as archive:
        return [Path(archive.extract(name, folder)) for name in archive.namelist()[:3]]


@pytest.fixture(scope="module")
def truth() -> list[str]:
    """What is written: the lines of these pages."""
    if not (PAGES / "test.jsonl").exists():
        names = ("letter-vertical", "note-horizontal")
        return "\n".join((EXAMPLES / f"{name}.gt.txt").read_text("utf-8") for name in names).split("\n")
    rows = [json.loads(row) for row in (PAGES / "test.jsonl").read_text("utf-8").splitlines()[:3]]
    return [line["text"] for row in rows for line in row["lines"]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    from tenarai.serve.store import create_project

    folder = tmp_path_factory.mktemp("project") / "journey"
    create_project(folder, "Journey").close()
    with served(folder) as found:
        yield found


def near(text: str, truth: list[str]) -> str:
    """The true line that a reading means."""
    from rapidfuzz.process import extractOne

    return extractOne(text, [line for line in truth if line])[0]


def test_the_whole_way(site: Site, visit: Callable[..., Any], pictures: list[Path], truth: list[str]) -> None:
    page = visit("/")
    page.get_by_role("button", name="Add pages").first.click()
    page.locator("dialog .drop input").set_input_files(pictures)
    until(page, f"document.querySelectorAll('li.page').length === {len(pictures)}", 60)
    site.finish()
    until(page, "[...document.querySelectorAll('li.page .quiet')].every((one) => one.textContent.includes('of'))")

    page.locator("li.page a").first.click()
    field = editor(page)
    done = correct(page, field, truth, 10)
    assert len(done) == 10
    rows = {line["id"]: line for one in site.get("/api/pages")["pages"] for line in site.lines(one["id"])}
    assert all((rows[line]["text"], rows[line]["state"]) == (text, "done") for line, text in done.items())

    learned = learn(site, page)
    page.goto(f"{site.url}/#/pages")
    page.goto(f"{site.url}/#/learn")
    if learned:
        page.locator("button.reread").click()
    else:
        assert site.http.post("/api/jobs", json={"kind": "read"}).status_code == 202
    site.finish()
    assert all(site.line(line)["text"] == text for line, text in done.items())  # corrections stay

    page.goto(f"{site.url}/#/pages")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.locator("a[data-format=pagexml]").click()
    written = Path(waiting.value.path()).read_bytes()
    page.keyboard.press("Escape")
    opened_again(site, page, written, done)


def correct(page: Any, field: Any, truth: list[str], lines: int) -> dict[int, str]:
    """Types the truth line by line, on as many pages as it takes."""
    done: dict[int, str] = {}
    while len(done) < lines:
        number = int(page.evaluate("document.querySelectorAll('li.line').length"))
        for _ in range(min(number, lines - len(done))):
            line = int(page.locator("li.line.active").get_attribute("data-id"))
            text = near(field.input_value(), truth)
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(text)
            page.keyboard.press("Enter")
            done[line] = text
        saved(page)
        if len(done) < lines:
            before = page.url
            page.get_by_role("button", name="Next page").click()
            until(page, f"location.href !== {before!r}")
            page.wait_for_timeout(1500)
            editor(page)
    return done


def learn(site: Site, page: Any) -> bool:
    """Two steps of learning, where torch is installed: the way of it, not its worth. Whether a model was kept."""
    from tenarai.serve.jobs.learning import is_installed

    page.goto(f"{site.url}/#/learn?steps=2")
    page.locator(".number-card").first.wait_for()
    assert page.locator(".number-card b").first.inner_text() == "10"
    button = page.get_by_role("button", name="Learn from these lines")
    if not is_installed():
        assert button.is_disabled()
        return False
    button.click()
    page.locator(".job").wait_for()
    site.finish()
    until(page, "document.querySelector('.result').children.length > 0", 30)
    offered = [model for model in site.get("/api/models")["models"] if model["state"] == "offered"]
    if not offered:  # two steps may bring nothing: test_learnt keeps a model in any case
        assert "Nothing learnt helped" in page.locator(".result").inner_text()
        return False
    assert page.locator(".rate").count() == 2
    assert "95 % interval" in page.locator(".rate.after").inner_text()
    page.get_by_role("button", name="Keep the new model").click()
    page.locator("button.reread").wait_for()
    return True


def opened_again(site: Site, page: Any, written: bytes, done: dict[int, str]) -> None:
    """What was exported is brought in again: the same texts."""
    archive = zipfile.ZipFile(io.BytesIO(written))
    layouts = {name: archive.read(name) for name in archive.namelist() if name.endswith(".xml")}
    assert len(layouts) == len(site.get("/api/pages")["pages"])
    before = [[line["text"] for line in site.lines(one["id"])] for one in site.get("/api/pages")["pages"]]
    page.get_by_role("button", name="Add pages").first.click()
    page.locator("dialog .drop input").set_input_files(
        [{"name": Path(name).name, "mimeType": "text/xml", "buffer": data} for name, data in layouts.items()]
    )
    page.get_by_text(f"{len(layouts)} pages added.").wait_for()
    after = [[line["text"] for line in site.lines(one["id"])] for one in site.get("/api/pages")["pages"]]
    assert after == before
    assert set(done.values()) <= {text for texts in after for text in texts}
