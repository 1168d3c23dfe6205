"""The tables of a project: the same columns on SQLite and PostgreSQL.

A line has a row for every version it ever had; the newest number stands in `lines`. An edit is one change that somebody
made at once - one line's text, a split, a whole reading - and is what undo takes back. Nothing is ever deleted.
"""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

SCHEMA = ("0001",)  # the revisions in migrations/versions, the newest last


class Moment(TypeDecorator[datetime]):
    """A time in UTC as ISO 8601 text, which sorts by time and is the same in every database and archive."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Plain values as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

project = Table(
    "project",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("rules", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created", Moment, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("suffix", String(8), nullable=False),  # of the file, by what it holds
    Column("frame", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("claimed_by", Text, nullable=False),
    Column("claimed_until", Moment),
    Column("updated", Moment, nullable=False),
    UniqueConstraint("sha256", "frame"),
)

regions = Table(
    "regions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("page_id", ForeignKey("pages.id"), nullable=False, index=True),
    Column("box", Json, nullable=False),
    Column("direction", String(16), nullable=False),
    Column("kind", Text, nullable=False),
)

lines = Table(
    "lines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("page_id", ForeignKey("pages.id"), nullable=False),
    Column("version", Integer, nullable=False),
    # of the newest version, once more, for ordering and searching
    Column("position", Float, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("folded", Text, nullable=False),
    Index(None, "page_id", "deleted", "position"),
)

edits = Table(
    "edits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("page_id", ForeignKey("pages.id"), nullable=False),
    Column("author", Text, nullable=False),
    Column("model", Text, nullable=False),  # "" for what a person did
    Column("cause", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("client_id", String(64), unique=True),
    Column("state", String(8), nullable=False),  # done, undone, or fixed: not (or no longer) to be undone or redone
    Index(None, "page_id", "author", "state"),
)

versions = Table(
    "versions",
    metadata,
    Column("line_id", ForeignKey("lines.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("edit_id", ForeignKey("edits.id"), nullable=False, index=True),
    Column("region_id", ForeignKey("regions.id"), nullable=False),
    Column("position", Float, nullable=False),
    Column("box", Json, nullable=False),
    Column("polygon", Json, nullable=False),
    Column("direction", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("marks", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("confidence", Float),
    Column("characters", Json, nullable=False),
    Column("model", Text, nullable=False),
    Column("corrected", Boolean, nullable=False),
    Column("drawn", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("record", Json, nullable=False),
)
