"""The report: everything in it is escaped, nothing is fetched, and a browser shows it as it lies on the disk."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from tenarai.evaluate.aligned import Column
from tenarai.evaluate.characters import Guess, evaluate_characters
from tenarai.evaluate.compare import compare
from tenarai.evaluate.html import characters_page, comparison_page, lines_page, printable, runs
from tenarai.evaluate.report import Reading, evaluate
from tenarai.page.layout import Box, Character

CHROMIUM = Path("/usr/bin/chromium")
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "a\u202eb\x00c\ud800",
    "</style>&amp;",
]
TEXTS = st.text(max_size=12) | st.sampled_from(HOSTILE)
NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(HOSTILE)


def picture(height: int = 60, width: int = 300) -> np.ndarray[Any, Any]:
    drawn = np.full((height, width), 255, np.uint8)
    drawn[height // 3 : height // 2, 20 : width - 20] = 0
    return drawn


def reading(truth: str, text: str, sure: float | None = 0.8, **more: Any) -> Reading:
    characters = tuple(Character(c, Box(20 * i, 5, 20 * i + 4, 55), sure) for i, c in enumerate(text))
    return Reading(more.pop("name", truth), truth, text, sure, characters=characters, picture=picture, **more)


LINES = [
    reading("手習いの本", "手羽いの木", 0.4, writer="Aoi", direction="horizontal", page="1"),
    reading("the cat", "the hats", 0.7, writer="Ben", direction="horizontal", page="2"),
    reading("縦書き", "縦き", 0.9, writer="Ben", page="2", direction="vertical"),
    reading("right", "right", 0.95, writer="Cho", page="3", direction="horizontal"),
]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    better = [reading(r.reference, r.reference, 0.97, writer=r.writer, page=r.page) for r in LINES]
    guesses = [
        Guess("あ", "お", 0.9, "w", "1", picture(28, 28)),
        Guess("あ", "あ", 0.8, "w"),
        Guess("お", "お", 0.7, "v"),
    ]
    return {
        "lines": lines_page(LINES, evaluate(LINES), "Lines", [("Model", "shipped")]),
        "comparison": comparison_page(LINES, better, compare(LINES, better), ("old", "new"), "Two"),
        "characters": characters_page(guesses, evaluate_characters(guesses, "あお"), "Characters"),
    }


def elements(page: str) -> Iterator[etree._Element]:
    yield from html.fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8")).iter(etree.Element)


def check_harmless(page: str) -> None:
    """No script, no handler, and nothing that a browser would fetch."""
    for element in elements(page):
        assert element.tag not in ("script", "iframe", "object", "embed", "a", "form", "base"), element.tag
        for name, value in element.attrib.items():
            assert not str(name).startswith("on"), name
            if name in ("src", "href", "srcset", "poster", "action"):
                assert str(value).startswith("data:image/jpeg;base64,") or value == "data:,"
            if name == "style":
                assert set(str(value)) <= set("abcdefghijklmnopqrstuvwxyz:;%.0123456789")


@pytest.mark.parametrize("name", ["lines", "comparison", "characters"])
def test_a_page_needs_nothing_else(pages: dict[str, str], name: str) -> None:
    check_harmless(pages[name])
    assert "url(" not in pages[name] and "@import" not in pages[name]
    assert sum(e.tag == "img" for e in elements(pages[name])) >= 1
    assert "default-src 'none'" in pages[name]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(TEXTS, TEXTS, NAMES, NAMES), min_size=1, max_size=3), NAMES)
def test_whatever_is_read_stays_text(rows: list[tuple[str, str, str, str]], title: str) -> None:
    readings = [Reading(name, truth, text, 0.5, writer, page=name) for truth, text, name, writer in rows]
    page = lines_page(readings, evaluate(readings, "none"), title, [(title, title)])
    page.encode()
    check_harmless(page)
    text = html.fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8")).text_content()
    flat = "".join(text.split())
    for _, _, _, writer in rows:
        assert "".join(printable(writer).split()) in flat
    both = comparison_page(readings, readings, compare(readings, readings, "none"), (title, title), title)
    both.encode()
    check_harmless(both)
    guesses = [Guess(truth, text, 0.5, writer, name) for truth, text, name, writer in rows]
    single = characters_page(guesses, evaluate_characters(guesses, ""), title)
    single.encode()
    check_harmless(single)


@given(st.text())
def test_what_is_spelt_out_can_be_written_and_turns_nothing_round(text: str) -> None:
    spelt = printable(text)
    spelt.encode()
    assert not set(spelt) & set("\x00\x1b\u202a\u202d\u202e\u2066\u2067\u2069\u2028\n")
    assert printable("か\u3099👩\u200d🚀") == "か\u3099👩\u200d🚀" and printable("\u202e") == "[U+202E]"


def test_errors_stand_alone_and_the_rest_together() -> None:
    line = [Column("a", "a"), Column("b", "b"), Column("c", "x"), Column("d", ""), Column("", "y"), Column("e", "e")]
    assert runs(line) == (
        ("right", "ab", "ab"), ("wrong", "c", "x"), ("missed", "d", ""), ("invented", "", "y"), ("right", "e", "e"),
    )  # fmt: skip


def test_a_reader_without_errors_or_confidence_has_a_page_too() -> None:
    read = [Reading("1", "手", "手")]
    page = lines_page(read, evaluate(read), "All right")
    assert "No line has an error" in page and "do not say how sure" in page
    check_harmless(page)


def test_the_page_says_what_the_figures_say(pages: dict[str, str]) -> None:
    found = evaluate(LINES)
    assert f"{100 * found.cer:.2f} %" in pages["lines"] and "Aoi" in pages["lines"]
    assert f"{found.trust.correlation:.2f}" in pages["lines"]
    assert f"{-100 * found.cer:+.2f} points" in pages["comparison"] and "3 better, 0 worse" in pages["comparison"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    browsers = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    with browsers.sync_playwright() as player:
        # Chromium refuses its sandbox to root, which tests in containers are.
        browser = player.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"] if ROOT else [])
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["lines", "comparison", "characters"])
def test_a_browser_shows_it_offline(
    browser: Any, pages: dict[str, str], tmp_path: Path, name: str, scheme: str
) -> None:
    file = tmp_path / f"{name} 手習い.html"
    file.write_text(pages[name], "utf-8")
    said: list[str] = []
    asked: list[str] = []
    context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": 400, "height": 700})
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    sizes = page.locator("img").evaluate_all(
        "all => all.map(i => [i.complete, i.naturalWidth, i.getBoundingClientRect().width])"
    )
    wide = page.evaluate("document.documentElement.scrollWidth")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert sizes and all(complete and natural > 0 and shown > 0 for complete, natural, shown in sizes)
    assert wide <= 400, "the page is wider than a phone"
    assert (sum(map(int, ground[4:-1].split(","))) > 380) == (scheme == "light")
