"""Nothing that was typed is lost: not with the connection, not with the browser, not to somebody else's change."""

from collections.abc import Callable
from typing import Any

import pytest
from live_page import Site, editor, saved, stored, until


def choose(page: Any, line: int) -> None:
    page.locator(f"li[data-id='{line}'] button.number").click()


def test_without_connection_changes_wait_and_come_through_once(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2", quiet=True)
    field = editor(page)
    one, two = [line["id"] for line in site.lines(2)[:2]]
    versions = [site.line(line)["version"] for line in (one, two)]
    page.context.set_offline(True)
    choose(page, one)
    for text in ("春", "春夏", "春夏秋冬"):
        field.fill(text)
        page.wait_for_timeout(1000)  # each is a save of its own
    field.press("Enter")
    field.fill("東西南北")
    field.press("Enter")
    until(page, "document.querySelector('.saved').dataset.state === 'offline'")
    assert sorted(edit["text"] for edit in stored(page)) == ["春夏秋冬", "東西南北"]
    page.context.set_offline(False)
    saved(page)
    assert [site.line(line)["text"] for line in (one, two)] == ["春夏秋冬", "東西南北"]
    assert [site.line(line)["version"] for line in (one, two)] == [version + 1 for version in versions]
    assert stored(page) == []


def test_a_closed_browser_sends_later(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2", quiet=True)
    field = editor(page)
    line = site.lines(2)[2]["id"]
    choose(page, line)
    page.context.set_offline(True)
    field.fill("閉じても残る")
    field.press("Enter")
    until(page, "document.querySelector('.saved').dataset.state === 'offline'")
    assert site.line(line)["text"] != "閉じても残る"
    context = page.context
    page.close()  # without a word to anybody
    context.set_offline(False)
    again = context.new_page()
    again.goto(site.url + "/#/page/2")
    editor(again)
    saved(again)
    assert site.line(line)["text"] == "閉じても残る"


def test_a_change_of_somebody_else_asks(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/1", quiet=True)
    field = editor(page)
    lines = site.lines(1)
    for act, kept in (("theirs", "他の人"), ("mine", "わたし"), ("merged", "ふたり")):
        line = lines[{"theirs": 0, "mine": 1, "merged": 2}[act]]["id"]
        choose(page, line)
        page.context.set_offline(True)
        field.fill("わたし")
        field.press("Enter")
        until(page, "document.querySelector('.saved').dataset.state === 'offline'")
        body = {"text": "他の人", "marks": [], "expected": site.line(line)["version"], "client_id": f"other-{act}"}
        assert site.http.put(f"/api/lines/{line}/text", json=body).status_code == 200
        page.context.set_offline(False)
        conflict = page.locator("dialog.conflict")
        conflict.wait_for()
        assert site.line(line)["text"] == "他の人"  # nobody's work is written over unasked
        page.keyboard.press("Escape")
        assert conflict.is_visible()
        conflict.locator("textarea").fill("ふたり")
        conflict.locator(f"[data-act={act}]").click()
        conflict.wait_for(state="detached")
        saved(page)
        assert site.line(line)["text"] == kept
        assert stored(page) == []


def test_a_reading_does_not_disturb_who_types(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/1")
    field = editor(page)
    line = site.lines(1)[3]["id"]
    choose(page, line)
    field.fill("書きかけ")
    assert site.http.post("/api/jobs", json={"kind": "read", "pages": [1]}).status_code == 202
    site.finish()
    page.wait_for_timeout(1500)
    assert field.input_value() == "書きかけ"
    saved(page)
    assert site.line(line)["text"] == "書きかけ"


FULL = """{
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (edit) {
    const asked = put.call(this, edit);
    if (window.full) asked.addEventListener("success", () => this.transaction.abort());
    return asked;
  };
  null
}"""


def test_a_full_browser_sends_all_the_same(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    field = editor(page)
    line = site.lines(2)[3]["id"]
    choose(page, line)
    page.evaluate(FULL)
    page.evaluate("window.full = true")
    field.fill("置き場がない")
    field.press("Enter")
    saved(page)
    assert site.line(line)["text"] == "置き場がない"


def test_a_full_browser_asks_before_it_is_closed(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2", quiet=True)
    field = editor(page)
    line = site.lines(2)[4]["id"]
    choose(page, line)
    page.evaluate(FULL)
    page.context.set_offline(True)
    field.fill("前の文")
    until(page, "document.querySelector('.saved').dataset.state === 'offline'")
    page.evaluate("window.full = true")
    field.fill("前の文の後")
    field.press("Enter")
    page.wait_for_timeout(300)
    assert [edit["text"] for edit in stored(page)] == ["前の文"]  # the older one is better than nothing
    asked: list[str] = []
    page.on("dialog", lambda box: (asked.append(box.type), box.dismiss()))
    page.close(run_before_unload=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    page.context.set_offline(False)
    saved(page)
    assert site.line(line)["text"] == "前の文の後"
    assert stored(page) == []


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504, 507])
def test_a_server_that_cannot_save_now_is_asked_again(site: Site, visit: Callable[..., Any], status: int) -> None:
    page = visit("/#/page/2", quiet=True)
    field = editor(page)
    line = site.lines(2)[5]["id"]
    choose(page, line)
    address = f"**/api/lines/{line}/text"
    refusal = {"error": {"code": "full", "message": "Not now."}}
    page.route(address, lambda route: route.fulfill(status=status, json=refusal))
    field.fill(f"後で{status}")
    field.press("Enter")
    until(page, "document.querySelector('.saved').dataset.state === 'offline'")
    assert "The server cannot save now" in page.locator(".saved").inner_text()
    assert [edit["text"] for edit in stored(page)] == [f"後で{status}"]
    page.unroute(address)
    saved(page)
    assert site.line(line)["text"] == f"後で{status}"


def test_what_the_server_refuses_stays_in_sight(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2", quiet=True)
    field = editor(page)
    line = site.lines(2)[0]["id"]
    choose(page, line)
    address = f"**/api/lines/{line}/text"
    refusal = {"error": {"code": "value", "message": "Not so."}}
    page.route(address, lambda route: route.fulfill(status=422, json=refusal))
    field.fill("いけない文")
    field.press("Enter")
    until(page, "document.querySelector('.saved').dataset.state === 'refused'")
    page.locator(".note.error", has_text="Not so. „いけない文“").wait_for()
    choose(page, line)
    assert field.input_value() == "いけない文"
    assert [edit["text"] for edit in stored(page)] == ["いけない文"]
    page.unroute(address)
    field.fill("よい文")
    field.press("Enter")
    saved(page)
    assert site.line(line)["text"] == "よい文"
    assert stored(page) == []
