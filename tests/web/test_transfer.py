"""Folders of pictures come in as they are: what is no page of theirs is left out, and page 2 comes before page 10."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from live_page import Site, until
from PIL import Image


def folder_in(place: Path, width: int) -> Path:
    """A folder with three pages, one of them further down; a picture that is known already makes no page."""
    (place / "letters" / "more").mkdir(parents=True)
    for number, name in enumerate(("page-10.png", "page-2.png", "more/inner.png")):
        Image.new("L", (width + number, 100), 255).save(place / "letters" / name)
    for name in (".hidden.png", "notes.txt"):
        (place / "letters" / name).write_text("no page")
    return place / "letters"


def names(site: Site) -> list[str]:
    return [page["name"] for page in site.get("/api/pages")["pages"][2:]]


def test_a_folder_is_chosen_and_dropped(site: Site, visit: Callable[..., Any], tmp_path: Path) -> None:
    page = visit("/")
    page.locator("li.page").first.wait_for()
    page.get_by_role("button", name="Add pages").first.click()
    page.get_by_label("Choose a folder").set_input_files(folder_in(tmp_path / "chosen", 200))
    until(page, "document.querySelectorAll('li.page').length === 5")
    page.get_by_role("button", name="Add pages").first.click()
    drop(page, page.locator("dialog .drop"), folder_in(tmp_path / "dropped", 300))
    until(page, "document.querySelectorAll('li.page').length === 8")
    assert names(site) == 2 * ["inner.png", "page-2.png", "page-10.png"]
    assert page.locator(".note.error").count() == 0
    site.finish()


def drop(page: Any, area: Any, path: Path) -> None:
    """As a hand would: a script cannot make a folder to drop."""
    box = area.bounding_box()
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 20, "y": box["y"] + 20, "data": data})
