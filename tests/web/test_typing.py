"""Lines are corrected without the hands leaving the keys, also by those who write with an input method."""

from collections.abc import Callable
from typing import Any

import pytest
from live_page import Site, editor, saved, until

COMPOSING = """([type, init]) => {
  const field = document.querySelector("textarea.field");
  const event = type.startsWith("composition") ? new CompositionEvent(type, { bubbles: true, ...init })
    : type === "input" ? new InputEvent(type, { bubbles: true, ...init })
    : new KeyboardEvent(type, { bubbles: true, cancelable: true, ...init });
  if (init.keyCode) Object.defineProperty(event, "keyCode", { value: init.keyCode });
  field.dispatchEvent(event);
  return event.defaultPrevented;
}"""


def active(page: Any) -> int:
    return int(page.locator("li.line.active").get_attribute("data-id"))


def choose(page: Any, number: int) -> int:
    """Makes a line, counted from 1, the one at hand."""
    page.locator("li.line").nth(number - 1).locator("button.number").click()
    return active(page)


def test_enter_accepts_and_goes_on(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/1")
    field = editor(page)
    first, second = [line["id"] for line in site.lines(1)[:2]]
    choose(page, 1)
    field.fill("明日の朝九時に駅前で会い")
    field.press("Enter")
    assert active(page) == second
    assert page.evaluate("document.activeElement.matches('textarea.field')")
    saved(page)
    line = site.line(first)
    assert (line["text"], line["state"], line["author"]) == ("明日の朝九時に駅前で会い", "done", "me")
    field.press("ArrowUp")
    assert active(page) == first
    field.press("ArrowDown")
    field.press("Shift+Enter")
    assert active(page) == first


@pytest.mark.parametrize("init", [{"isComposing": True, "keyCode": 13}, {"keyCode": 229}], ids=["composing", "229"])
@pytest.mark.parametrize("key", ["Enter", "Tab", "ArrowUp", "Escape"])
def test_keys_belong_to_the_input_method(visit: Callable[..., Any], init: dict[str, Any], key: str) -> None:
    page = visit("/#/page/1")
    editor(page)
    before = choose(page, 2)
    assert page.evaluate(COMPOSING, ["keydown", {"key": key, **init}]) is False
    assert active(page) == before
    assert page.evaluate(COMPOSING, ["keydown", {"key": "Enter", "keyCode": 13}]) is True
    assert active(page) != before


def test_what_is_composed_is_saved_only_when_it_is_done(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/1")
    field = editor(page)
    line = choose(page, 3)
    before = site.line(line)["text"]
    page.evaluate(COMPOSING, ["compositionstart", {}])
    page.evaluate("document.querySelector('textarea.field').value = 'でんわ'")
    page.evaluate(COMPOSING, ["input", {"isComposing": True, "inputType": "insertCompositionText", "data": "でんわ"}])
    page.wait_for_timeout(1300)  # longer than the pause after which a line is saved
    assert site.line(line)["text"] == before
    page.evaluate("document.querySelector('textarea.field').value = '電話をください。弁当は'")
    page.evaluate(COMPOSING, ["compositionend", {"data": "電話"}])
    saved(page)
    until(page, "document.querySelector('li.active .text').textContent.startsWith('電話をください')")
    page.wait_for_timeout(1100)
    saved(page)
    assert site.line(line)["text"] == "電話をください。弁当は"
    assert field.input_value() == "電話をください。弁当は"


def test_real_composition_of_chromium(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/1")
    field = editor(page)
    line = choose(page, 4)
    field.fill("")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Input.imeSetComposition", {"text": "わたし", "selectionStart": 3, "selectionEnd": 3})
    page.wait_for_timeout(1200)
    assert site.line(line)["text"] != "わたし"
    devtools.send("Input.insertText", {"text": "私"})
    assert active(page) == line
    field.press("Enter")
    saved(page)
    assert site.line(line)["text"] == "私"


def test_tab_goes_from_doubt_to_doubt_and_alt_takes_an_alternative(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    field = editor(page)
    page.locator(".threshold input").fill("0.99")
    choose(page, 1)
    field.evaluate("field => field.setSelectionRange(0, 0)")
    lines = {line["id"]: line for line in site.lines(2)}
    field.press("Tab")
    line = lines[active(page)]
    start, end = page.evaluate(
        "(() => { const f = document.querySelector('textarea.field'); return [f.selectionStart, f.selectionEnd]; })()"
    )
    assert end == start + 1
    character = next(one for one in line["characters"] if one[0] == line["text"][start] and one[1] < 0.99)
    shown = page.locator(".alternative span").all_text_contents()
    assert shown == [text for text, _ in character[3] if text != character[0]][:5]
    field.press("Alt+1")
    assert field.input_value() == line["text"][:start] + shown[0] + line["text"][end:]
    field.press("Control+z")
    saved(page)
    assert site.line(line["id"])["text"] == line["text"]


def test_no_colour_without_confidence(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    editor(page)
    page.locator(".threshold input").fill("1")
    assert page.locator(".doubt").count() > 0
    page.locator(".threshold input").fill("0")
    assert page.locator(".doubt").count() == 0


def test_undo_goes_across_lines(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    field = editor(page)
    one, two = choose(page, 3), choose(page, 4)
    before = site.line(one)["text"], site.line(two)["text"]
    choose(page, 3)
    field.fill("甲")
    field.press("Enter")
    field.fill("乙")
    field.press("Enter")
    saved(page)
    assert (site.line(one)["text"], site.line(two)["text"]) == ("甲", "乙")
    field.press("Control+z")
    until(page, f"document.querySelector('li.active').dataset.id === '{two}'")
    field.press("Control+z")
    until(page, f"document.querySelector('li.active').dataset.id === '{one}'")
    assert (site.line(one)["text"], site.line(two)["text"]) == before
    field.press("Control+Shift+z")
    until(page, "document.querySelector('textarea.field').value === '甲'")
    assert site.line(one)["text"] == "甲"


def test_marks_stay_with_their_characters(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    field = editor(page)
    line = choose(page, 5)
    field.fill("下さってありがとう。")
    field.evaluate("field => field.setSelectionRange(4, 7)")
    field.press("Alt+u")
    field.evaluate("field => field.setSelectionRange(0, 0)")
    field.press("Alt+g")  # a gap where nothing can be read
    field.press("Enter")
    saved(page)
    row = site.line(line)
    assert row["text"] == "〓下さってありがとう。"
    assert row["marks"] == [[0, 1, "gap"], [5, 8, "unclear"]]
    assert page.locator(f"li[data-id='{line}'] .mark-unclear").count() == 3


def test_hovering_a_character_lights_its_place_and_back(visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    editor(page)
    row = page.locator("li.line").nth(1)
    row.scroll_into_view_if_needed()
    row.locator(".text span").nth(2).hover()
    spot = row.locator(".spot:not(.caret)")
    spot.wait_for(state="visible")
    high = spot.bounding_box()["y"]
    box = row.locator(".ink img").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.85)
    until(page, "document.querySelectorAll('.text .lit').length === 1")
    assert int(row.locator(".lit").get_attribute("data-index")) > 2
    assert spot.bounding_box()["y"] > high


def test_vertical_lines_stand_beside_their_ink(visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    editor(page)
    assert page.locator("textarea.field").evaluate("field => getComputedStyle(field).writingMode") == "vertical-rl"
    first, second = (page.locator("li.line").nth(number) for number in (0, 1))
    assert first.bounding_box()["x"] > second.bounding_box()["x"]  # columns run from right to left
    ink, text = first.locator(".ink img").bounding_box(), first.locator(".text").bounding_box()
    assert text["x"] + text["width"] <= ink["x"] + 2
    assert abs(text["y"] - ink["y"]) < 12
    choose(page, 1)
    before = active(page)
    page.locator("textarea.field").press("ArrowLeft")
    assert active(page) != before
    page.locator("textarea.field").press("ArrowRight")
    assert active(page) == before


def test_question_mark_is_text_in_the_field_and_help_elsewhere(visit: Callable[..., Any]) -> None:
    page = visit("/#/page/1")
    field = editor(page)
    choose(page, 2)
    before = field.input_value()
    field.press("End")
    field.press("?")
    assert field.input_value() == before + "?"
    assert page.locator("dialog").count() == 0
    field.press("Escape")
    page.keyboard.press("?")
    page.locator("dialog.keys").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog.keys").wait_for(state="detached")
    page.keyboard.press("Control+z")


def test_history_shows_differences_and_restores(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/#/page/2")
    field = editor(page)
    line = choose(page, 6)
    before = site.line(line)["text"]
    field.fill("みんなで食べました。")
    field.press("Enter")
    saved(page)
    choose(page, 6)
    field.press("Alt+h")
    history = page.locator("dialog")
    history.wait_for()
    assert history.locator("del").count() > 0
    history.get_by_role("button", name="Restore").last.click()
    history.wait_for(state="detached")
    assert site.line(line)["text"] == before
