"""The folder of a project: project.db, or project.toml that names a PostgreSQL database."""

import json
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, insert

from tenarai.serve.store import archive as archive_files
from tenarai.serve.store import keeping
from tenarai.serve.store.content import checked_name, checked_rules
from tenarai.serve.store.database import Database, database_url, project_id, revision, sqlite_url
from tenarai.serve.store.errors import Damaged, Missing, StoreError
from tenarai.serve.store.files import DATABASE, SETTINGS, disk_error, keep
from tenarai.serve.store.lock import ServerLock
from tenarai.serve.store.project import Project
from tenarai.serve.store.tables import project


def is_project(folder: Path) -> bool:
    """Whether the folder holds a project."""
    return (folder / DATABASE).exists() or (folder / SETTINGS).exists()


def create_project(folder: Path, name: str = "", database: str | None = None, rules: str = "") -> Project:
    """A new project in a folder, made if need be. `database` is a PostgreSQL URL; SQLite in the folder if left out.
    Raises StoreError where there is one already."""
    with _new(folder, database) as store:
        name = checked_name(name or folder.absolute().name or "project", "The project's name")
        values = {"name": name, "rules": checked_rules(rules)}
        store.upgrade(create=True)
        number = str(uuid4())
        with store.writing() as connection:
            connection.execute(insert(project).values(id=number, version=1, created=datetime.now(UTC), **values))
        _settle(folder, store, number)
        return Project(folder, store)


def open_project(folder: Path, database: str | None = None, *, server: bool = False) -> Project:
    """The project of a folder, brought to this version of the database. Several processes may have it open, but only
    one with `server`; the second is told by Locked. Raises Missing, Newer, Damaged, Locked, each with a sentence."""
    store = Database(_url_of(folder, database))
    lock = None
    try:
        lock = ServerLock(folder) if server else None
        store.upgrade()
        if server:
            store.hold()
        opened = Project(folder, store, lock)
        opened.info()
        return opened
    except BaseException:
        store.close()
        if lock is not None:
            lock.release()
        raise


def import_archive(archive: Path, folder: Path, database: str | None = None) -> Project:
    """The project of an archive that `Project.export_archive` wrote, in a new folder. Raises StoreError."""
    with _new(folder, database) as store:
        archive_files.restore(archive, store, folder, lambda connection: keeping.unsound(connection, folder))
        with store.reading() as connection:
            number = project_id(connection)
        _settle(folder, store, number)
        return Project(folder, store)


def _url_of(folder: Path, database: str | None) -> URL:
    """Where the database of a project is. Raises Missing when the folder holds none."""
    if database is not None:
        return database_url(database)
    if (folder / SETTINGS).is_file():
        return database_url(_database(folder / SETTINGS))
    if (folder / DATABASE).is_file():
        return sqlite_url(folder / DATABASE)
    raise Missing(f"{folder} holds no project: make one with tenarai annotate, or give the folder of one.")


def _database(settings: Path) -> str:
    try:
        found = tomllib.loads(settings.read_text("utf-8")).get("database")
    except (OSError, ValueError) as error:
        raise Damaged(f"{settings} cannot be read ({error}): it should name the database of the project.") from error
    if not isinstance(found, str):
        raise Damaged(f'{settings} names no database: it should have a row like database = "postgresql://...".')
    return found


@contextmanager
def _new(folder: Path, database: str | None) -> Iterator[Database]:
    """The empty database for a new project, its folder made; nothing is left of either when that fails. Raises
    StoreError where there is a project."""
    had_folder, had_database = folder.exists(), (folder / DATABASE).exists()
    url = sqlite_url(folder / DATABASE) if database is None else database_url(database)
    if (folder / SETTINGS).exists() or (database is not None and had_database):
        raise StoreError(f"{folder} already holds a project: open it, or give another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    store = Database(url)
    try:
        yield store
    except BaseException:
        ours = not (store.is_sqlite and _holds_project(store))  # another process may have been faster
        store.close()
        if ours and not had_folder:
            shutil.rmtree(folder, ignore_errors=True)
        elif ours and not had_database:
            for suffix in ("", "-wal", "-shm"):
                (folder / f"{DATABASE}{suffix}").unlink(missing_ok=True)
        raise


def _holds_project(store: Database) -> bool:
    try:
        with store.reading() as connection:
            return revision(connection) is not None
    except StoreError:
        return False


def _settle(folder: Path, database: Database, number: str) -> None:
    """Lets the folder know its database: the last step, after which there is a project."""
    if database.is_sqlite:
        return
    url = database.url.render_as_string(hide_password=False)
    rows = f"# the database of this project; its pictures and models lie beside this file\nid = {json.dumps(number)}\n"
    path = folder / SETTINGS
    keep(path, f"{rows}database = {json.dumps(url)}\n".encode())
    path.chmod(0o600)  # the URL may hold a password
