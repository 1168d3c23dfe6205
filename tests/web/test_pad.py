"""The writing pad: strokes in, candidates out, a click puts one in; also where no project is served."""

from collections.abc import Callable
from typing import Any

from live_page import editor, saved, served, until

CROSS = (((0.5, 0.25), (0.5, 0.8)), ((0.25, 0.5), (0.75, 0.5)))  # the character for ten


def write(page: Any, strokes: Any) -> None:
    box = page.locator("canvas.surface").bounding_box()
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    for (x0, y0), (x1, y1) in strokes:
        page.mouse.move(left + x0 * side, box["y"] + y0 * side)
        page.mouse.down()
        page.mouse.move(left + x1 * side, box["y"] + y1 * side, steps=12)
        page.mouse.up()


def test_candidates_come_as_one_writes(visit: Callable[..., Any]) -> None:
    page = visit("/pad")
    page.locator("canvas.surface").wait_for()
    write(page, CROSS[:1])
    page.locator(".candidate").first.wait_for()
    write(page, CROSS[1:])
    until(page, "[...document.querySelectorAll('.candidate span')].some((one) => one.textContent === '十')")
    page.get_by_role("button", name="Insert 十").click()
    assert page.locator(".written").input_value() == "十"
    until(page, "document.querySelectorAll('.candidate').length === 0")  # they go in a turn of their own
    write(page, CROSS)
    page.locator(".candidate").first.wait_for()
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    until(page, "document.querySelectorAll('.candidate').length === 0")


def test_pad_inside_the_editor_writes_at_the_caret(visit: Callable[..., Any]) -> None:
    page = visit("/#/page/1")
    field = editor(page)
    field.fill("二時")
    field.evaluate("field => field.setSelectionRange(0, 0)")
    field.press("Alt+w")
    write(page, CROSS)
    page.get_by_role("button", name="Insert 十").click()
    assert field.input_value() == "十二時"
    page.keyboard.press("Escape")
    assert page.locator(".drawer").is_hidden()
    field.press("Enter")
    saved(page)


def test_pad_without_a_project(visit: Callable[..., Any]) -> None:
    with served(None) as alone:
        page = visit("/pad", base=alone.url, quiet=True)  # /api/project is not there, which the browser notes
        page.locator("canvas.surface").wait_for()
        assert page.locator("nav a").count() == 1
        write(page, CROSS)
        page.locator(".candidate").first.wait_for()


def test_pad_with_a_finger_does_not_scroll(visit: Callable[..., Any]) -> None:
    page = visit("/pad", viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    page.locator("canvas.surface").wait_for()
    devtools = page.context.new_cdp_session(page)
    box = page.locator("canvas.surface").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 40
    devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 12):
        devtools.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y + 12 * step}]})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.locator(".candidate").first.wait_for()
    assert page.evaluate("scrollY") == 0
