"""A whole project as one ZIP file: tables as JSON lines, pictures and models as they are, for any database.

An archive may come from a stranger: only the names below are taken out of it, each file is compared with its hash, and
every row with its column.
"""

import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, MetaData, Table, func, insert, select, text

from tenarai.serve.store.database import Database, migrate, revision
from tenarai.serve.store.errors import Damaged, Newer, StoreError
from tenarai.serve.store.files import UNFINISHED, digest, disk_error, fetch, keep, model_path, picture_path
from tenarai.serve.store.tables import SCHEMA, metadata

FORMAT = "tenarai-project"
MANIFEST = "manifest.json"
AT_ONCE = 500  # rows
_TABLE = re.compile(r"tables/([a-z]{1,20})\.jsonl")
_PICTURE = re.compile(r"pictures/([0-9a-f]{2})/([0-9a-f]{62})\.([a-z0-9]{1,8})")
_MODEL = re.compile(r"models/([0-9a-f]{64})\.model")
LONGEST_ROW = 64_000_000  # bytes
LARGEST = {"tables": 8_000_000_000, "pictures": 2_000_000_000, "models": 2_000_000_000}  # bytes of one file
Row = dict[str, Any]


def dumped(connection: Connection) -> Iterator[tuple[str, Iterator[Row]]]:
    """Every table in an order in which they can be filled, with its rows as they lie in the database."""
    for table in metadata.sorted_tables:
        raw = Table(table.name, MetaData(), autoload_with=connection)  # without our types: text stays text
        rows = connection.execute(select(raw).order_by(*raw.primary_key).execution_options(yield_per=AT_ONCE))
        yield table.name, (dict(row._mapping) for row in rows)


def fill(connection: Connection, name: str, rows: Iterator[Row]) -> None:
    """Fills an empty table. Raises Damaged for a row that does not fit it."""
    table = Table(name, MetaData(), autoload_with=connection)
    batch: list[Row] = []
    for row in rows:
        _check_row(table, row)
        batch.append(row)
        if len(batch) == AT_ONCE:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)
    if connection.dialect.name == "postgresql" and "id" in table.c and table.c.id.type.python_type is int:
        last = select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()
        connection.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), last, False)))


def _check_row(table: Table, row: Any) -> None:
    if not isinstance(row, dict) or set(row) != set(table.c.keys()):
        raise Damaged(f"A row of {table.name} has other columns than the table: the archive is damaged.")
    for column in table.c:
        value, kind = row[column.name], column.type.python_type
        fits = type(value) is kind or (kind is float and type(value) is int)
        if not (fits or (value is None and column.nullable)):
            raise Damaged(f"{value!r:.60} in {table.name}.{column.name} is no {kind.__name__}: the archive is damaged.")


def export(database: Database, folder: Path, path: Path) -> None:
    """Raises Full or StoreError; then nothing is left of the archive."""
    handle, name = -1, ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w") as archive, database.reading() as connection:
                _write(archive, connection, folder)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def _write(archive: zipfile.ZipFile, connection: Connection, folder: Path) -> None:
    files: dict[Path, None] = {}
    for name, rows in dumped(connection):
        # Only the tables are compressed: pictures and models are already.
        info = zipfile.ZipInfo(f"tables/{name}.jsonl")
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w", force_zip64=True) as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
                if name == "pages":
                    files[picture_path(folder, row["sha256"], row["suffix"])] = None
                elif name == "models" and row["state"] != "discarded":
                    files[model_path(folder, row["sha256"])] = None
    for path in files:
        archive.writestr(path.relative_to(folder).as_posix(), fetch(path))
    manifest = {"format": FORMAT, "schema": revision(connection)}
    archive.writestr(MANIFEST, json.dumps(manifest))


def restore(path: Path, database: Database, folder: Path, wrong: Callable[[Connection], list[str]]) -> None:
    """Fills a new database, and the folder beside it, unless `wrong` finds fault with it. Raises Damaged for what
    is no archive of a project, Newer for one of a later tenarai, StoreError where the database holds a project."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            schema = _schema(archive, path)
            _take_files(archive, path, folder)
            with database.writing() as connection:
                if revision(connection) is not None:
                    raise StoreError(f"{database.name} already holds a project: give another place.")
                migrate(connection, schema)
                for table in metadata.sorted_tables:
                    fill(connection, table.name, _rows(archive, table.name, path))
                migrate(connection, SCHEMA[-1])
                if connection.execute(text("select count(*) from project")).scalar() != 1:
                    raise Damaged(f"{path} does not hold one project: it is damaged.")
                if found := wrong(connection):
                    raise Damaged(f"{path} is damaged: {found[0]}")
    except FileNotFoundError as error:
        raise StoreError(f"{path} does not exist: check the path.") from error
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError) as error:
        raise Damaged(f"{path} is no archive of a project, or damaged ({error}): export it again.") from error
    except OSError as error:
        raise disk_error(error, folder) from error


def _schema(archive: zipfile.ZipFile, path: Path) -> str:
    """The form of the database that the archive was written from, once all its names are seen to be in order."""
    names = archive.namelist()
    for name in names:
        if not (name == MANIFEST or any(kind.fullmatch(name) for kind in (_TABLE, _PICTURE, _MODEL))):
            raise Damaged(
                f"{path} holds a file named {name!r:.80}, which no archive of a project has: nothing was taken."
            )
    if len(set(names)) < len(names):
        raise Damaged(f"{path} holds a name twice: nothing was taken from it.")
    for info in archive.infolist():
        if info.file_size > LARGEST.get(info.filename.split("/")[0], LONGEST_ROW):
            raise Damaged(f"{info.filename} in {path} would have {info.file_size:,} bytes: nothing was taken.")
    manifest = json.loads(archive.read(MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Damaged(f"{path} is no archive of a project: give a file that tenarai project export wrote.")
    schema = manifest.get("schema")
    if schema not in SCHEMA:
        raise Newer(
            f"The project in {path} has form {schema!r}, this tenarai knows up to {SCHEMA[-1]}: upgrade tenarai."
        )
    return str(schema)


def _take_files(archive: zipfile.ZipFile, path: Path, folder: Path) -> None:
    for name in archive.namelist():
        picture, model = _PICTURE.fullmatch(name), _MODEL.fullmatch(name)
        if picture:
            sha256, target = picture[1] + picture[2], picture_path(folder, picture[1] + picture[2], picture[3])
        elif model:
            sha256, target = model[1], model_path(folder, model[1])
        else:
            continue
        data = archive.read(name)
        if digest(data) != sha256:
            raise Damaged(f"{name} in {path} is not what its name says: the archive is damaged.")
        keep(target, data)


def _rows(archive: zipfile.ZipFile, name: str, path: Path) -> Iterator[Row]:
    file: IO[bytes]
    with archive.open(f"tables/{name}.jsonl") as file:
        while line := file.readline(LONGEST_ROW):
            if len(line) == LONGEST_ROW:
                raise Damaged(f"{path} has a row of more than {LONGEST_ROW:,} bytes: it is damaged.")
            yield json.loads(line)
