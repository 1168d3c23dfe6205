"""A real Chromium that shows a real project. Whatever the page writes to its console fails the test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_page import EXAMPLES, Site, served

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A project with a horizontal page of four lines (id 1) and a vertical one of six (id 2), both read."""
    from tenarai.serve.store import create_project

    folder = tmp_path_factory.mktemp("project") / "letters"
    create_project(folder, "Letters").close()
    with served(folder) as found:
        found.add(EXAMPLES / "note-horizontal.png", EXAMPLES / "letter-vertical.png")
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as play:
        if path is None and not Path(play.chromium.executable_path).exists():
            pytest.skip("There is no Chromium on this machine.")
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, site: Site) -> Iterator[Callable[..., Any]]:
    """Opens an address of the site in a browser of its own; `quiet` lets errors of a lost connection pass."""
    contexts: list[Any] = []
    said: list[str] = []

    def note(message: Any) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.text} {message.location.get('url')}")

    def open_page(path: str, *, quiet: bool = False, base: str = "", **options: Any) -> Any:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}, "locale": "en-US"} | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: None if quiet else note(message))
        page.goto((base or site.url) + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
