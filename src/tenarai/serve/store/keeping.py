"""Backups of a project, and the check of one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from tenarai.serve.store.archive import dumped, fill
from tenarai.serve.store.content import checked_marks, content_of
from tenarai.serve.store.database import Database, migrate, project_id, sqlite_url
from tenarai.serve.store.errors import Refused, StoreError
from tenarai.serve.store.files import (
    DATABASE,
    MODELS,
    PICTURES,
    UNFINISHED,
    disk_error,
    fetch,
    file_digest,
    keep,
    model_path,
    picture_path,
    sync_folder,
)
from tenarai.serve.store.rows import STATES
from tenarai.serve.store.tables import SCHEMA, edits, lines, models, pages, versions

SHOWN = 20  # complaints of one kind; more are counted


def backup(database: Database, folder: Path, to: Path) -> None:
    """A project folder of its own in `to`, as of one moment; pictures that an earlier backup has are not copied."""
    if to.absolute() == folder.absolute() or folder.absolute() in to.absolute().parents:
        raise Refused(f"{to} lies in the project itself: give a folder elsewhere, best on another disk.")
    target, new = to / DATABASE, to / f"{UNFINISHED}{DATABASE}"
    try:
        to.mkdir(parents=True, exist_ok=True)
        _check_same(database, target)
        _remove_database(new)
        if database.is_sqlite:
            _copy_online(Path(str(database.url.database)), new)
        else:
            _copy_rows(database, new)
        with closing(sqlite3.connect(new)) as copy:
            for source in _files(copy, folder):
                keep(to / source.relative_to(folder), fetch(source))
        _remove_database(target, ("-wal", "-shm"))
        new.replace(target)
        sync_folder(to)
    except OSError as error:
        raise disk_error(error, to) from error
    except sqlite3.Error as error:
        raise StoreError(f"The backup to {to} failed ({error}): what was there is as it was.") from error
    finally:
        _remove_database(new)


def _check_same(database: Database, target: Path) -> None:
    if not target.exists():
        return
    with database.reading() as connection:
        ours = project_id(connection)
    with closing(sqlite3.connect(target)) as earlier:
        theirs = earlier.execute("select id from project").fetchone()
    if theirs is None or theirs[0] != ours:
        raise Refused(f"{target.parent} holds another project: give another folder.")


def _remove_database(path: Path, suffixes: tuple[str, ...] = ("", "-wal", "-shm", "-journal")) -> None:
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy_online(source: Path, new: Path) -> None:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(new)) as copy:
        live.execute("pragma busy_timeout = 10000")
        copy.execute("pragma synchronous = full")
        live.backup(copy)
        copy.execute("pragma journal_mode = delete")  # one file, all of it; opening turns it to WAL again
    with new.open("rb+") as file:
        os.fsync(file.fileno())


def _copy_rows(database: Database, new: Path) -> None:
    copy = Database(sqlite_url(new))
    try:
        with database.reading() as connection, copy.writing() as made:
            migrate(made, SCHEMA[-1])
            for name, rows in dumped(connection):
                fill(made, name, rows)
    finally:
        copy.close()  # the last connection moves everything from the WAL into the file


def _files(copy: sqlite3.Connection, folder: Path) -> Iterator[Path]:
    for sha256, suffix in copy.execute("select distinct sha256, suffix from pages"):
        yield picture_path(folder, sha256, suffix)
    for (sha256,) in copy.execute("select distinct sha256 from models where state != 'discarded'"):
        yield model_path(folder, sha256)


def check(database: Database, folder: Path) -> list[str]:
    """What is wrong, a sentence each."""
    try:
        with database.reading() as connection:
            return [*_database(database, connection), *unsound(connection, folder), *_strays(connection, folder)]
    except StoreError as error:
        return [str(error)]


def unsound(connection: Connection, folder: Path) -> list[str]:
    """What of the lines and their history does not hold together, and which files are gone or changed."""
    return [*_contents(connection), *_checked_files(connection, folder)]


def _database(database: Database, connection: Connection) -> Iterator[str]:
    if not database.is_sqlite:
        return
    for (found,) in connection.execute(text("pragma integrity_check(20)")):
        if found != "ok":
            yield f"{database.name} is damaged: {found}; restore a backup."
    for row in connection.execute(text("pragma foreign_key_check")).fetchmany(SHOWN):
        yield f"{database.name}: row {row[1]} of {row[0]} names a row of {row[2]} that is not there; restore a backup."


def _contents(connection: Connection) -> Iterator[str]:
    newest = select(func.max(versions.c.number)).where(versions.c.line_id == lines.c.id).scalar_subquery()
    for line_id in connection.execute(select(lines.c.id).where(func.coalesce(newest, 0) != lines.c.version)).scalars():
        yield f"Line {line_id} does not have the version that it says is its newest."
    counts = select(versions.c.line_id).group_by(versions.c.line_id)
    for line_id in connection.execute(counts.having(func.count() != func.max(versions.c.number))).scalars():
        yield f"Line {line_id} lacks versions of its history."
    strayed = (
        select(versions.c.line_id)
        .join(lines, lines.c.id == versions.c.line_id)
        .join(edits, edits.c.id == versions.c.edit_id)
        .where(edits.c.page_id != lines.c.page_id)
    )
    for line_id in connection.execute(strayed.distinct()).scalars():
        yield f"Line {line_id} has a version from an edit of another page."
    rows = connection.execute(select(versions).execution_options(yield_per=500))
    try:
        for row in rows:
            content = content_of(row._mapping)
            checked_marks(content.marks, content.text)
            numbers = [*content.box, *(value for point in content.polygon for value in point)]
            if (
                len(content.box) != 4
                or content.state not in STATES
                or not all(type(n) in (int, float) for n in numbers)
            ):
                raise ValueError
    except (ValueError, TypeError, KeyError, Refused):
        yield "A version of a line is not readable; restore a backup."


def _checked_files(connection: Connection, folder: Path) -> Iterator[str]:
    for what, sha256, path in _named_files(connection, folder):
        try:
            if not path.is_file():
                yield f"The {what} {path} is gone: restore it from a backup, or add the file again."
            elif file_digest(path) != sha256:
                yield f"The {what} {path} is not what it was: restore it from a backup, or add the file again."
        except OSError as error:
            yield f"The {what} {path} cannot be read ({error.strerror or error}): check its permissions."


def _named_files(connection: Connection, folder: Path) -> list[tuple[str, str, Path]]:
    """Every picture and model that the database names: what it is, its hash, where it should lie."""
    pictures = connection.execute(select(pages.c.sha256, pages.c.suffix).distinct()).all()
    kept = connection.execute(select(models.c.sha256).where(models.c.state != "discarded").distinct()).scalars()
    return [
        *(("picture", sha256, picture_path(folder, sha256, suffix)) for sha256, suffix in pictures),
        *(("model", sha256, model_path(folder, sha256)) for sha256 in kept),
    ]


def _strays(connection: Connection, folder: Path) -> Iterator[str]:
    known = {path for _, _, path in _named_files(connection, folder)}
    for room in (PICTURES, MODELS):
        for path in sorted((folder / room).rglob("*")):
            if path.is_file() and path not in known:
                left = "left over from a write that was broken off" if path.name.startswith(UNFINISHED) else "nobody's"
                yield f"The file {path} is {left}: it can be deleted."
