"""What a learnt model brought is shown; kept, it reads anew what nobody has corrected. A copy of the shipped model,
with a record of its own, stands in the place of one that was learnt, so that this needs no torch and no luck."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_page import EXAMPLES, Site, served

RATE = {"cer": 0.2, "interval": [0.15, 0.26], "lines": 8}
RECORD = {
    "before": RATE, "after": {"cer": 0.1, "interval": [0.06, 0.14], "lines": 8},
    "general": {"before": RATE, "after": RATE}, "seconds": 12.4,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from tenarai.serve.store import create_project

    create_project(tmp_path / "learnt", "Learnt").close()
    return tmp_path / "learnt"


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    with served(folder) as found:
        found.add(EXAMPLES / "note-horizontal.png")
        yield found


def offer(folder: Path, record: dict[str, Any]) -> None:
    """A model that reads as the shipped one does, but is another file: with a description, field 6 of ONNX."""
    from tenarai.reader import shipped_model
    from tenarai.serve.store import open_project

    project = open_project(folder)
    project.add_model(shipped_model().read_bytes() + b"\x32\x06learnt", "learnt", record)
    project.close()


def test_the_figure_is_seen_the_model_kept_and_the_rest_read_anew(
    site: Site, visit: Callable[..., Any], folder: Path
) -> None:
    first, *others = site.lines(1)
    body = {"text": "訂正した行", "marks": [], "expected": first["version"], "client_id": "corrected"}
    assert site.http.put(f"/api/lines/{first['id']}/text", json=body).status_code == 200
    shipped = others[0]["model"]
    offer(folder, RECORD)

    page = visit("/#/learn")
    page.locator(".rate").first.wait_for()
    assert page.locator(".rate.before").inner_text().split("\n")[-2:] == ["20.0 %", "95 % interval 15.0 % to 26.0 %"]
    assert page.locator(".rate.after").inner_text().split("\n")[-2:] == ["10.0 %", "95 % interval 6.0 % to 14.0 %"]
    assert "8 lines" in page.locator("figure.rates figcaption").inner_text()
    assert page.locator(".unheld").count() == 0

    page.get_by_role("button", name="Keep the new model").click()
    page.get_by_text("The new model reads from now on.").wait_for()
    (kept,) = site.get("/api/models")["models"]
    assert (kept["state"], kept["active"]) == ("kept", True)
    page.get_by_role("button", name="Re-read what nobody has corrected").click()
    page.locator(".job").or_(page.locator("button.reread")).first.wait_for()
    page.wait_for_timeout(500)
    site.finish()

    after = {line["id"]: line for line in site.lines(1)}
    assert (after[first["id"]]["text"], after[first["id"]]["corrected"]) == ("訂正した行", True)
    new = {after[line["id"]]["model"] for line in others}
    assert len(new) == 1 and shipped not in new
    assert all(after[line["id"]]["version"] > line["version"] for line in others)


def test_few_corrections_give_no_figure_and_it_is_said_why(site: Site, visit: Callable[..., Any], folder: Path) -> None:
    offer(folder, {**RECORD, "before": None, "after": None})
    page = visit("/#/learn")
    page.locator("button.keep").wait_for()
    assert page.locator(".rate").count() == 0
    assert "no line was held back" in page.locator(".unheld").inner_text()
