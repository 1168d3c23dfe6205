"""What goes wrong around a project: each is told in one sentence, and nothing that was saved is lost."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from pages_to_read import picture, read_page

from tenarai.serve.store import (
    Damaged,
    Locked,
    Missing,
    Newer,
    Project,
    Refused,
    StoreError,
    create_project,
    database,
    open_project,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")


def execute(project: Project, statement: str) -> None:
    with project._database.writing() as connection:
        connection.exec_driver_sql(statement)


def test_a_folder_without_a_project_says_so(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="holds no project"):
        open_project(tmp_path)
    with pytest.raises(Missing):
        open_project(tmp_path / "nowhere")
    with closing(sqlite3.connect(tmp_path / "project.db")) as other:
        other.execute("create table other (x)")
    with pytest.raises(StoreError, match="holds no project of tenarai"):
        open_project(tmp_path)


def test_a_project_of_a_newer_version_is_not_touched(project: Project) -> None:
    execute(project, "update alembic_version set version_num = '9999'")
    with pytest.raises(Newer, match="form 9999, this tenarai knows up to 0001: upgrade tenarai"):
        open_project(project.folder)


@contextmanager
def writing_elsewhere(project: Project) -> Iterator[None]:
    """Another program in the middle of a change."""
    if project._database.is_sqlite:
        with closing(sqlite3.connect(project.folder / "project.db", isolation_level=None)) as other:
            other.execute("begin exclusive")
            yield
    else:
        with project._database.engine.connect() as other, other.begin():
            other.exec_driver_sql("lock table pages in access exclusive mode")
            yield


def test_a_locked_database_says_so_and_saves_later(
    tmp_path: Path, new_url: Callable[[], str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.3)
    with create_project(tmp_path / "p", "", new_url()) as project:
        page = project.add_picture(picture(), "a").id
        row = project.replace_layout(page, read_page(["abc"]), "t", "m").lines[0]
        with writing_elsewhere(project):
            with pytest.raises(Locked, match="try again"):
                project.save_text(row.id, "while locked", expected=1)
            if project._database.is_sqlite:
                assert project.line(row.id) == row, "who reads does not wait for who writes"
        assert project.save_text(row.id, "afterwards", expected=1).version == 2


def _broken(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "header":
        data[:100] = b"x" * 100
    elif how == "middle":
        data[4096:] = os.urandom(len(data) - 4096)
    else:
        del data[len(data) // 2 :]
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["header", "middle", "cut"])
def test_a_damaged_database_is_told_and_its_backup_opens(tmp_path: Path, how: str) -> None:
    with create_project(tmp_path / "p") as project:
        page = project.add_picture(picture(), "a").id
        row = project.replace_layout(page, read_page(["abc"] * 10), "t", "m").lines[0]
        project.save_text(row.id, "saved")
        project.backup(tmp_path / "backup")
    _broken(tmp_path / "p" / "project.db", how)
    try:
        with open_project(tmp_path / "p") as broken:
            wrong = broken.check()
    except Damaged as error:
        wrong = [str(error)]
    assert wrong and "damaged" in wrong[0] and "backup" in wrong[0]
    with open_project(tmp_path / "backup") as again:
        assert again.line(row.id).text == "saved"


FILL = """
import json, resource, sys
from pathlib import Path
from tenarai.serve.store import Full, StoreError, open_project
project = open_project(Path(sys.argv[1]))
row = project.layout(1).lines[0]
size = max(path.stat().st_size for path in project.folder.glob("project.db*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 60_000, -1))
told, kept = [], row.text
for count in range(200):
    try:
        kept = project.save_text(row.id, f"{count} " + "x" * 9000).text
    except Full as error:
        told.append(str(error))
        break
for act in (
    lambda: project.add_picture(Path(sys.argv[2]).read_bytes(), "large"),
    lambda: project.export_archive(Path(sys.argv[3])),
    lambda: project.add_model(b"w" * 10_000_000, "large"),
):
    try:
        act()
    except Full as error:
        told.append(str(error))
read = project.line(row.id).text
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
after = project.save_text(row.id, "room again").text
print(json.dumps({"told": told, "kept": kept, "read": read, "after": after, "check": project.check()}))
"""


@POSIX
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    large = tmp_path / "large.bmp"
    large.write_bytes(_bitmap())
    with create_project(tmp_path / "p") as project:
        page = project.add_picture(picture(), "a").id
        project.replace_layout(page, read_page(["abc"]), "t", "m")
        project.add_picture(_bitmap(b"\1"), "another")
    archive = tmp_path / "out.zip"
    command = [sys.executable, "-c", FILL, str(tmp_path / "p"), str(large), str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["told"]) == 4 and all("make room" in sentence for sentence in found["told"])
    assert found["read"] == found["kept"] and found["after"] == "room again" and found["check"] == []
    assert not archive.exists() and not list(tmp_path.rglob(".unfinished*"))


def _bitmap(last: bytes = b"\0") -> bytes:
    """A picture of some 3 MB that opens quickly."""
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (1500, 2000), 255).save(file, "BMP")
    return file.getvalue()[:-1] + last


def test_the_second_server_of_a_project_is_told(tmp_path: Path, new_url: Callable[[], str | None]) -> None:
    url = new_url()
    create_project(tmp_path / "p", "", url).close()
    with open_project(tmp_path / "p", server=True) as first:
        with pytest.raises(Locked, match=f"already being served by process {os.getpid()}"):
            open_project(tmp_path / "p", server=True)
        with open_project(tmp_path / "p") as worker:  # a worker or a backup is no second server
            assert worker.info() == first.info()
        if url:  # the same database by way of another folder
            (tmp_path / "elsewhere").mkdir()
            with pytest.raises(Locked, match="already being served"):
                open_project(tmp_path / "elsewhere", url, server=True)
    open_project(tmp_path / "p", server=True).close()


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    create_project(tmp_path / "p").close()
    hold = "import sys; from pathlib import Path; from tenarai.serve.store import open_project\n"
    hold += "project = open_project(Path(sys.argv[1]), server=True); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "p")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(Locked, match=f"process {other.pid}"):
            open_project(tmp_path / "p", server=True)
        other.kill()
    open_project(tmp_path / "p", server=True).close()


def test_databases_that_are_none_are_refused(tmp_path: Path) -> None:
    for url in ("mysql://a:secret@b/c", "sqlite:///x.db", "no url at all"):
        with pytest.raises(Refused) as caught:
            create_project(tmp_path / "p", "", url)
        assert "secret" not in str(caught.value)
    unreachable = f"postgresql://user:secret@/letters?host={tmp_path}"
    with pytest.raises(Locked, match="does not answer") as told:
        create_project(tmp_path / "p", "", unreachable)
    assert "secret" not in str(told.value)
    assert not (tmp_path / "p").exists()


def test_the_settings_of_a_project_are_its_owners(project: Project) -> None:
    settings = project.folder / "project.toml"
    if project._database.is_sqlite:
        assert not settings.exists()
        return
    assert settings.stat().st_mode & 0o077 == 0
    settings.write_text("database = 5")
    with pytest.raises(Damaged, match="names no database"):
        open_project(project.folder)


def test_what_is_not_there_is_missing(project: Project) -> None:
    calls: list[Callable[[], object]] = [
        lambda: project.page(1),
        lambda: project.layout(1),
        lambda: project.picture(1),
        lambda: project.line(1),
        lambda: project.history(1),
        lambda: project.save_text(1, "x"),
        lambda: project.replace_layout(1, read_page(["a"]), "t", "m"),
        lambda: project.add_line(1, box=(0, 0, 9, 9)),
        lambda: project.undo(1),
        lambda: project.claim(1, "Aki"),
        lambda: project.keep_model(1),
        lambda: project.delete_page(1, "me"),
    ]
    for call in calls:
        with pytest.raises(Missing):
            call()
