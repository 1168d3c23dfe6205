"""The database of a project: opened, brought to this version, and its complaints turned into one sentence each."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, inspect, make_url, select, text
from sqlalchemy import exc as failure
from sqlalchemy.engine import Engine

from tenarai.serve.store.errors import Conflict, Damaged, Full, Locked, Newer, Refused, StoreError
from tenarai.serve.store.tables import SCHEMA, project

PATIENCE = 10.0  # seconds to wait for whoever is writing
MIGRATING = 0x74656E61  # the key of PostgreSQL's advisory lock while tables are made or changed
SERVING = 0x74656E62


class Database:
    """Connections to one database. Reading sees one state of it throughout; writing is one at a time on SQLite."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = _sqlite(url) if self.is_sqlite else _postgresql(url)
        self._reader = self.engine
        self._writer = self.engine.execution_options(writes=True)
        if not self.is_sqlite:
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # SQLite lets those who wait try again now and then; within one process a lock is fairer and quicker.
        self._held: Connection | None = None
        self._turn: Any = RLock() if self.is_sqlite else nullcontext()

    @property
    def name(self) -> str:
        """How to call it in an error; without its password."""
        return str(self.url.database) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._plainly(), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is on disk when the block is left, or nothing if by an exception."""
        with self._turn, self._plainly(), self._writer.connect() as connection, connection.begin():
            yield connection

    def hold(self) -> None:
        """Says that a server is at work on this database, also to those elsewhere, until `close`. Raises Locked when
        another one is. SQLite leaves this to the lock in the project's folder."""
        if self.is_sqlite:
            return
        with self._plainly():
            self._held = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            key = zlib.crc32(project_id(self._held).encode()) - (1 << 31)
            if not self._held.execute(text("select pg_try_advisory_lock(:a, :b)"), {"a": SERVING, "b": key}).scalar():
                raise Locked(f"The project in {self.name} is already being served: use that server, or stop it first.")

    def close(self) -> None:
        if self._held is not None:
            self._held.invalidate()  # its end lets go what was held
            self._held.close()
            self._held = None
        self.engine.dispose()

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except (failure.SQLAlchemyError, sqlite3.Error) as error:
            raise _sentence(error, self.name) from error

    def upgrade(self, create: bool = False) -> None:
        """Brings the tables to the newest form, or makes them. Raises StoreError for a database that holds no project
        (or, to create, holds one), Newer for one of a later tenarai."""
        with self.reading() as connection:
            found = revision(connection)
        if found == SCHEMA[-1] and not create:
            return
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
            found = revision(connection)
            if create and found is not None:
                raise StoreError(f"{self.name} already holds a project: open it, or give another place.")
            if found is None and not create:
                raise StoreError(f"{self.name} holds no project of tenarai: give the folder of a project.")
            if found is not None and found not in SCHEMA:
                raise Newer(
                    f"The project in {self.name} has form {found}, this tenarai knows up to {SCHEMA[-1]}: "
                    "upgrade tenarai."
                )
            if found != SCHEMA[-1]:
                migrate(connection, SCHEMA[-1])


def revision(connection: Connection) -> str | None:
    """The form of the database, None when it holds no project."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)


def migrate(connection: Connection, to: str) -> None:
    """Runs Alembic's migrations up to a revision, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def project_id(connection: Connection) -> str:
    found = connection.execute(select(project.c.id)).scalar()
    if found is None:
        raise Damaged("The database has the tables of a project but not its name: restore a backup.")
    return str(found)


def sqlite_url(path: Path) -> URL:
    return URL.create("sqlite", database=str(path.absolute()))


def database_url(given: str) -> URL:
    """A PostgreSQL URL as people write it. Raises Refused for another one, without repeating its password."""
    try:
        url = make_url(given)
    except failure.ArgumentError as error:
        raise Refused("The database is not a URL: give one like postgresql://user@host/name.") from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise Refused(f"A project is kept in SQLite (give none) or PostgreSQL, not {url.get_backend_name()}.")
    return url.set(drivername="postgresql+psycopg")


def _sqlite(url: URL) -> Engine:
    # Every thread of the service may hold a connection; they are cheap.
    engine = create_engine(url, pool_size=8, max_overflow=120, pool_timeout=PATIENCE)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not where Python guesses
        connection.execute(f"pragma busy_timeout = {round(PATIENCE * 1000)}")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")  # a commit that returned survives a power cut
        connection.execute("pragma fullfsync = on")  # also on macOS
        connection.execute("pragma foreign_keys = on")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _postgresql(url: URL) -> Engine:
    settings = f"-c lock_timeout={round(PATIENCE * 1000)} -c synchronous_commit=on"
    options = " ".join(filter(None, (str(url.query.get("options", "")), settings)))
    try:
        return create_engine(
            url.update_query_dict({"options": options}),
            pool_size=8,
            max_overflow=40,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,
            connect_args={"connect_timeout": round(PATIENCE)},
        )
    except ModuleNotFoundError as error:
        raise StoreError('PostgreSQL takes one more package: pip install "tenarai[postgres]".') from error


def _sentence(error: Exception, name: str) -> StoreError:
    """What a database complained of, as a StoreError."""
    if isinstance(error, failure.TimeoutError):
        return Locked(f"{name} has too many users at once: try again.")
    cause: Any = error.orig if isinstance(error, failure.DBAPIError) else error
    if isinstance(error, failure.IntegrityError):
        return Conflict(f"{name} was changed by somebody else at the same moment ({_short(cause)}): try again.")
    if isinstance(cause, sqlite3.Error):
        return _sqlite_sentence(cause, name)
    if isinstance(error, failure.DBAPIError):
        return _postgresql_sentence(cause, name)
    return StoreError(f"{name} refused ({_short(error)}).")


def _sqlite_sentence(cause: sqlite3.Error, name: str) -> StoreError:
    code = str(getattr(cause, "sqlite_errorname", "") or "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Locked(f"{name} is locked by another program: nothing was changed, try again when it has finished.")
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHM")):
        return Full(f"The disk of {name} takes no more ({_short(cause)}): nothing was changed, make room.")
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR", "SQLITE_SCHEMA")):
        return Damaged(f"{name} is damaged ({_short(cause)}): run tenarai project check, and restore a backup.")
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(f"{name} cannot be opened for writing ({_short(cause)}): check the folder's permissions.")
    return Damaged(f"{name} is not as tenarai left it ({_short(cause)}): run tenarai project check.")


def _postgresql_sentence(cause: Any, name: str) -> StoreError:
    state = str(getattr(cause, "sqlstate", None) or "")
    if state.startswith("53"):
        kind = "is full" if state == "53100" else "has no room for more connections or memory"
        return Full(f"{name} {kind} ({_short(cause)}): nothing was changed, make room.")
    if state in ("55P03", "40001", "40P01", "57014"):
        return Locked(f"{name} is busy: nothing was changed, try again.")
    if state.startswith("XX"):
        return Damaged(f"{name} is damaged ({_short(cause)}): restore a backup.")
    if not state or state.startswith(("08", "57P", "28", "3D")):
        return Locked(f"{name} does not answer ({_short(cause)}): see that it runs and lets this user in.")
    return Damaged(f"{name} is not as tenarai left it ({_short(cause)}): run tenarai project check.")


def _short(error: BaseException) -> str:
    rows = str(error).strip().splitlines()
    return rows[0][:200] if rows else type(error).__name__
