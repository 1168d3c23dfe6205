"""Model files that a project has learnt: offered, then kept or discarded; the active one reads."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from tenarai.serve.store.content import checked_name
from tenarai.serve.store.errors import Missing, Refused
from tenarai.serve.store.rows import ModelRow
from tenarai.serve.store.tables import models


def model_rows(connection: Connection) -> list[ModelRow]:
    return [_row(row) for row in connection.execute(select(models).order_by(models.c.id))]


def model_row(connection: Connection, model_id: int) -> ModelRow:
    row = connection.execute(select(models).where(models.c.id == model_id)).first()
    if row is None:
        raise Missing(f"There is no model {model_id}.")
    return _row(row)


def _row(row: Any) -> ModelRow:
    return ModelRow(row.id, row.name, row.sha256, row.created, row.state, row.active, row.record)


def add_model(connection: Connection, sha256: str, name: str, record: dict[str, Any]) -> ModelRow:
    values = {
        "name": checked_name(name, "The model's name"), "sha256": sha256, "created": datetime.now(UTC),
        "state": "offered", "active": False, "record": record,
    }  # fmt: skip
    number = connection.execute(insert(models).values(values).returning(models.c.id)).scalar_one()
    return model_row(connection, number)


def keep_model(connection: Connection, model_id: int) -> ModelRow:
    row = model_row(connection, model_id)
    if row.state == "discarded":
        raise Refused(f"Model {model_id} was discarded, its file is gone: learn again.")
    connection.execute(update(models).values(active=False))
    connection.execute(update(models).where(models.c.id == model_id).values(state="kept", active=True))
    return model_row(connection, model_id)


def discard_model(connection: Connection, model_id: int) -> tuple[ModelRow, bool]:
    """The model, and whether its file is now nobody's."""
    row = model_row(connection, model_id)
    connection.execute(update(models).where(models.c.id == model_id).values(state="discarded", active=False))
    others = select(models.c.id).where(models.c.sha256 == row.sha256, models.c.state != "discarded")
    return model_row(connection, model_id), connection.execute(others).first() is None
