"""The folder of a project: project.db, or project.toml that names a PostgreSQL database."""

import json
import tomllib
from pathlib import Path

from sqlalchemy import URL

from tenarai.serve.store.database import Database, database_url, sqlite_url
from tenarai.serve.store.errors import Damaged, Missing, StoreError
from tenarai.serve.store.files import disk_error, keep

DATABASE, SETTINGS = "project.db", "project.toml"


def url_of(folder: Path, database: str | None) -> URL:
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


def made(folder: Path, database: str | None) -> Database:
    """The database for a new project, its folder made. Raises StoreError where there is a project."""
    if (folder / SETTINGS).exists():
        raise StoreError(f"{folder} already holds a project: open it, or give another folder.")
    url = sqlite_url(folder / DATABASE) if database is None else database_url(database)
    if database is not None and (folder / DATABASE).exists():
        raise StoreError(f"{folder} already holds a project: open it, or give another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    return Database(url)


def settle(folder: Path, database: Database, number: str) -> None:
    """Lets the folder know its database: the last step, after which there is a project."""
    if database.is_sqlite:
        return
    url = database.url.render_as_string(hide_password=False)
    rows = f"# the database of this project; its pictures and models lie beside this file\nid = {json.dumps(number)}\n"
    path = folder / SETTINGS
    keep(path, f"{rows}database = {json.dumps(url)}\n".encode())
    path.chmod(0o600)  # the URL may hold a password
