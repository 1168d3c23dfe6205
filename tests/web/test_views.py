"""Every view: in both languages, light and dark, wide and narrow, without an error, and for those who listen."""

import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from live_page import ROOT, Site, editor, until

VIEWS = {
    "pages": ("/", "li.page"),
    "editor": ("/#/page/1", "textarea.field"),
    "vertical": ("/#/page/2", "textarea.field"),
    "learn": ("/#/learn", ".number-card"),
    "watch": ("/watch", ".chart"),
    "pad": ("/pad", "canvas.surface"),
    "search": ("/#/search/の", ".hits li"),
}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = {
    "wide": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "japanese": {"locale": "ja-JP"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_view_is_there_and_fits(site: Site, visit: Callable[..., Any], look: str) -> None:
    page = visit("/", **LOOKS[look])
    for address, wanted in VIEWS.values():
        page.goto("about:blank")
        page.goto(site.url + address)
        page.locator(wanted).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert page.evaluate("document.documentElement.lang") == ("ja" if look == "japanese" else "en")
        if AXE.exists():
            assert faults(page) == [], address


def test_the_service_is_watched(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/watch")
    for name in ("p50", "p95"):
        assert page.locator(f"[data-figure={name}] b").inner_text().endswith(" s")
    lanes = {"short": {"waiting": 3, "running": 2, "room": 64}, "long": {"waiting": 0, "running": 1, "room": 64}}
    told = {"seconds": 300, "requests": 750, "per_second": 2.5, "p50": 0.04, "p95": 1.25, "lanes": lanes}
    page.route("**/api/service", lambda route: route.fulfill(json=told))
    for name, shown in {"rate": "2.50", "p50": "0.040 s", "p95": "1.3 s", "short": "3 / 2", "long": "0 / 1"}.items():
        page.locator(f"[data-figure={name}] b", has_text=shown).wait_for()  # asked for anew by itself


def faults(page: Any) -> list[str]:
    """What axe-core finds wrong, by WCAG 2.2 A and AA. Devtools lay it into the page, which takes no scripts."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{fault['id']}: {node['target']} {node['failureSummary'][:300]}"
        for fault in found["violations"]
        for node in fault["nodes"][:3]
    ]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm install")
@pytest.mark.parametrize("opener", ["Keys", "Rules", "History", "Contrast and colours", "Writing pad"])
def test_dialogs_are_accessible(visit: Callable[..., Any], opener: str) -> None:
    page = visit("/#/page/1")
    editor(page)
    page.get_by_role("button", name=opener, exact=True).first.click()
    page.locator("dialog[open], .drawer:not([hidden])").first.wait_for()
    assert faults(page) == []


def test_language_is_switched(visit: Callable[..., Any]) -> None:
    page = visit("/#/learn")
    page.get_by_role("heading", name="Learn this hand").wait_for()
    page.get_by_role("button", name="日本語").click()
    page.get_by_role("heading", name="この筆跡を学ぶ").wait_for()
    assert page.evaluate("document.documentElement.lang") == "ja"
    page.reload()
    page.get_by_role("heading", name="この筆跡を学ぶ").wait_for()


def test_the_whole_way_by_keyboard(visit: Callable[..., Any]) -> None:
    """From the address bar to a line's text, with Tab and Enter alone."""
    page = visit("/")
    page.locator("li.page").first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('a.card')"):
            break
    page.keyboard.press("Enter")
    editor(page)
    until(page, "document.activeElement.matches('textarea.field')")
    page.keyboard.press("Escape")
    for _ in range(30):  # the field is no trap
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.line-bar button')"):
            return
    raise AssertionError("Tab does not lead on from the lines.")


def test_nothing_comes_from_elsewhere(site: Site, visit: Callable[..., Any]) -> None:
    page = visit("/pad")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for address, wanted in VIEWS.values():
        page.goto("about:blank")
        page.goto(site.url + address)
        page.locator(wanted).first.wait_for()
    assert asked
    hosts = {url.split("/")[2] for url in asked if url.startswith("http")}
    assert len(hosts) == 1


def test_files_are_there_and_no_others(site: Site) -> None:
    assert site.http.get("/static/app.js").headers["content-type"].startswith("text/javascript")
    assert site.http.get("/static/vendor/openseadragon/LICENSE.txt").status_code == 200
    for path in ("/static/", "/static/nothing.js", "/static/../routes/pages.py", "/static/%2e%2e/app.py"):
        assert site.http.get(path).status_code in (404, 405)
    shell = site.http.get("/").text
    assert "<style" not in shell
    assert "style=" not in shell
    assert all("src=" in part for part in shell.split("<script")[1:])


TSC = ROOT / "node_modules" / ".bin" / "tsc"


@pytest.mark.skipif(not TSC.exists() or not shutil.which("node"), reason="typescript is not installed: npm install")
def test_types_hold() -> None:
    done = subprocess.run([TSC, "--project", ROOT / "tsconfig.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
