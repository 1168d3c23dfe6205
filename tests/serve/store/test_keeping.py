"""A project as an archive, as a backup, and checked; archives that somebody has meddled with."""

import json
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pages_to_read import picture, read_page

from tenarai.serve.store import (
    Damaged,
    Newer,
    Project,
    Refused,
    StoreError,
    create_project,
    import_archive,
    is_project,
    open_project,
)


@pytest.fixture
def full(project: Project) -> Project:
    """A project with something in every table."""
    for name, shade in (("一", 250), ("two", 240)):
        page = project.add_picture(picture(shade), name).id
        rows = project.replace_layout(page, read_page(["abc", "日本語", "x"]), "tenarai", "reader").lines
        project.save_text(rows[0].id, "aBc 🖋", [(0, 1, "unclear")], "Aki", client_id=f"{name}-edit")
        project.delete_line(rows[2].id, "Ben")
        project.undo(page, "Ben")
    project.claim(page, "Aki")
    project.keep_model(project.add_model(b"weights", "hand", {"cer": 0.03}).id)
    project.discard_model(project.add_model(b"worse", "other").id)
    return project


def told(project: Project) -> object:
    """Everything that a project tells."""
    pages = project.pages()
    histories = [project.history(row.id) for page in pages for row in project.layout(page.id).lines]
    pictures = [project.picture(page.id) for page in pages]
    unclaimed = [replace(page, claimed_by="", claimed_until=None) for page in pages]
    layouts = [(project.layout(page.id).lines, project.layout(page.id).regions) for page in pages]
    return project.info(), unclaimed, layouts, histories, pictures, project.models(), project.figures()


def test_an_archive_is_the_whole_project(full: Project, tmp_path: Path, new_url: Callable[[], str | None]) -> None:
    file = tmp_path / "deep" / "letters.zip"
    full.export_archive(file)
    assert [path.name for path in file.parent.iterdir()] == ["letters.zip"]
    with import_archive(file, tmp_path / "again", new_url()) as again:
        assert told(again) == told(full) and again.check() == []
        page = again.pages()[0].id
        assert again.redo(page, "Ben") == [] and [r.text for r in again.layout(page).lines] == ["aBc 🖋", "日本語"]
        assert again.add_picture(picture(9), "a third").number == 3  # ids go on where they were
        assert again.add_line(page, box=(1, 1, 40, 40)).text == ""
    with pytest.raises(StoreError, match="already holds a project"):
        import_archive(file, tmp_path / "again")
    with import_archive(file, tmp_path / "in sqlite") as third:
        assert told(third) == told(full)


def test_a_backup_opens_as_a_project_and_is_brought_up_to_date(full: Project, tmp_path: Path) -> None:
    copy = tmp_path / "disk" / "backup"
    full.backup(copy)
    with open_project(copy) as opened:
        assert told(opened) == told(full) and opened.check() == []
    page = full.pages()[0].id
    kept = next((copy / "pictures").rglob("*.png"))
    before = kept.stat().st_mtime_ns
    full.save_text(full.layout(page).lines[1].id, "later")
    full.backup(copy)
    assert kept.stat().st_mtime_ns == before
    with open_project(copy) as opened:
        assert told(opened) == told(full)
        with pytest.raises(Refused, match="another project"), create_project(tmp_path / "other") as other:
            other.backup(copy)
    assert not [path for path in copy.iterdir() if path.name.startswith(".unfinished")]
    with pytest.raises(Refused, match="in the project itself"):
        full.backup(full.folder / "backup")


def test_check_names_what_is_wrong(full: Project) -> None:
    assert full.check() == []
    first, second = (full.folder / "pictures" / p.sha256[:2] / f"{p.sha256[2:]}.png" for p in full.pages())
    good = first.read_bytes()
    first.write_bytes(good[:-1] + b"\0")
    second.unlink()
    stray = first.with_name("stray.png")
    stray.write_bytes(b"")
    first.with_name(".unfinished-abc").write_bytes(b"half")
    wrong = "\n".join(full.check())
    assert f"{first} is not what it was" in wrong and f"{second} is gone" in wrong
    assert f"{stray} is nobody's" in wrong and "broken off" in wrong
    stray.unlink()
    first.with_name(".unfinished-abc").unlink()
    first.unlink()
    for shade in (250, 240):  # given once more, they are whole again
        full.add_picture(picture(shade), "again")
    assert full.check() == []


def test_check_finds_a_history_with_gaps(tmp_path: Path) -> None:
    with create_project(tmp_path / "p") as project:
        page = project.add_picture(picture(), "a").id
        rows = project.replace_layout(page, read_page(["a", "b", "c"]), "t", "m").lines
        for row in rows:
            project.save_text(row.id, "x")
            project.save_text(row.id, "y")
        raw = sqlite3.connect(tmp_path / "p" / "project.db")
        raw.execute("delete from versions where line_id = 1 and number = 2")
        raw.execute("delete from versions where line_id = 2 and number = 3")
        raw.execute("""update versions set marks = '[[0,99,"gap"]]' where line_id = 3 and number = 3""")
        raw.commit()
        raw.close()
        wrong = " ".join(project.check())
    assert "Line 1 lacks versions" in wrong and "Line 2 does not have the version" in wrong and "not readable" in wrong


def rewritten(source: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """An archive with some files changed, taken out (None) or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = changes.get(info.filename, old.read(info))
            if data is not None:
                new.writestr(info.filename, data)
        for name in set(changes) - set(old.namelist()):
            new.writestr(name, changes[name] or b"")
    return target


HOSTILE = [
    "../evil.png",
    "/etc/cron.d/evil",
    "pictures/ab/../../../evil.png",
    "pictures\\ab\\evil.png",
    "C:/evil.png",
    "pictures/ab/" + "c" * 62 + ".png/evil",
    "pictures/ab/" + "C" * 62 + ".png",
    "tables/../evil.jsonl",
    "models/evil.model",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_take_nothing_out_of_an_archive(tmp_path: Path, name: str) -> None:
    with create_project(tmp_path / "p") as project:
        project.add_picture(picture(), "a")
        project.export_archive(tmp_path / "good.zip")
    before = sorted(tmp_path.rglob("*"))
    bad = rewritten(tmp_path / "good.zip", tmp_path / "bad.zip", {name: b"evil"})
    with pytest.raises(Damaged, match="nothing was taken"):
        import_archive(bad, tmp_path / "q" / "r")
    assert not is_project(tmp_path / "q" / "r")
    assert not list(tmp_path.rglob("*evil*"))
    assert set(tmp_path.rglob("*")) >= set(before)


def test_archives_that_do_not_hold_together_are_refused(full: Project, tmp_path: Path) -> None:
    good = tmp_path / "good.zip"
    full.export_archive(good)
    with zipfile.ZipFile(good) as archive:
        names = archive.namelist()
        pages = archive.read("tables/pages.jsonl").splitlines()
        versions = archive.read("tables/versions.jsonl").splitlines()
    stored = next(name for name in names if name.startswith("pictures/"))
    hostile_page = json.dumps({**json.loads(pages[0]), "sha256": "../" * 20 + "etc/passwd", "suffix": "../x"}).encode()
    odd_row = json.dumps({**json.loads(versions[0]), "number": "1"}).encode()
    broken_json = json.dumps({**json.loads(versions[0]), "box": "[1,2"}).encode()
    cases: list[tuple[dict[str, bytes | None], type[StoreError]]] = [
        ({stored: b"another picture"}, Damaged),
        ({stored: None}, Damaged),
        ({"tables/versions.jsonl": None}, Damaged),
        ({"tables/versions.jsonl": odd_row}, Damaged),
        ({"tables/versions.jsonl": b"\n".join([broken_json, *versions[1:]])}, Damaged),
        ({"tables/versions.jsonl": b"no json"}, Damaged),
        ({"tables/pages.jsonl": b"\n".join([hostile_page, *pages[1:]])}, Damaged),
        ({"tables/project.jsonl": b""}, Damaged),
        ({"manifest.json": b'{"format": "zip"}'}, Damaged),
        ({"manifest.json": b'{"format": "tenarai-project", "schema": "9999"}'}, Newer),
    ]
    for number, (changes, error) in enumerate(cases):
        folder = tmp_path / f"import {number}"
        with pytest.raises(error):
            import_archive(rewritten(good, tmp_path / "bad.zip", changes), folder)
        assert not folder.exists()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    with pytest.raises(Damaged, match="no archive"):
        import_archive(cut, tmp_path / "cut")
    with pytest.raises(StoreError, match="does not exist"):
        import_archive(tmp_path / "none.zip", tmp_path / "none")
    with import_archive(good, tmp_path / "cut") as fine:
        assert fine.check() == []
