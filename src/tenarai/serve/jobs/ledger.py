"""The table of jobs: what is to be done, how far it is, what came of it. Server and worker share it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tenarai.errors import TenaraiError
from tenarai.serve.jobs.request import REQUEST, Job, Request

FILE = "jobs.db"
BUSY_S = 10.0  # that a writer waits for another
DEATHS = 3  # of the worker at the same place of a job, after which it is given up

_TABLE = sa.Table(
    "jobs",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("done", sa.Integer, nullable=False, default=0),
    sa.Column("total", sa.Integer, nullable=False, default=0),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("result", sa.Text),
    sa.Column("begun", sa.Integer, nullable=False, default=0),  # times since it last came further
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("started", sa.DateTime),
    sa.Column("finished", sa.DateTime),
    sqlite_autoincrement=True,
)
_SHOWN = [column for column in _TABLE.c if column.name not in ("request", "begun")]


class JobError(TenaraiError):
    """A job that cannot be asked for, found, or kept."""


class NoJob(JobError):  # noqa: N818 - it is said as it is asked
    """There is no job of this number."""


class Ledger:
    """Jobs in `jobs.db` of the project folder, or in a PostgreSQL database. Every method is one transaction."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        where = (
            sa.engine.make_url(url.replace("postgres://", "postgresql://", 1))
            if url
            else sa.URL.create("sqlite", database=str(folder / FILE))
        )
        lite = where.get_backend_name() == "sqlite"
        if where.drivername == "postgresql":
            where = where.set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(where, connect_args={"timeout": BUSY_S} if lite else {}, pool_pre_ping=not lite)
        if lite:
            sa.event.listen(self._engine, "connect", _write_ahead)
        try:
            _TABLE.metadata.create_all(self._engine)
        except SQLAlchemyError as error:
            self.close()
            reason = getattr(error, "orig", None) or error
            raise JobError(f"The jobs in {where.render_as_string()} cannot be opened ({reason}).") from None

    def close(self) -> None:
        self._engine.dispose()

    def add(self, request: Request) -> Job:
        """A new job that waits."""
        text = request.model_dump_json()
        values = {"kind": request.kind, "state": "waiting", "request": text, "created": _now()}
        with self._engine.begin() as connection:
            job = connection.execute(_TABLE.insert().values(values).returning(_TABLE.c.id)).scalar_one()
        return self.get(job)

    def get(self, job: int) -> Job:
        """Raises NoJob when there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(*_SHOWN).where(_TABLE.c.id == job)).one_or_none()
        if row is None:
            raise NoJob(f"There is no job {job}.")
        return _job(row)

    def request(self, job: int) -> Request:
        """What was asked for. Raises NoJob."""
        with self._engine.connect() as connection:
            text = connection.execute(sa.select(_TABLE.c.request).where(_TABLE.c.id == job)).scalar_one_or_none()
        if text is None:
            raise NoJob(f"There is no job {job}.")
        return REQUEST.validate_json(text)

    def jobs(self, limit: int = 50, kind: str | None = None, state: str | None = None) -> list[Job]:
        """The newest jobs, newest first."""
        query = sa.select(*_SHOWN).order_by(_TABLE.c.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(_TABLE.c.kind == kind)
        if state is not None:
            query = query.where(_TABLE.c.state == state)
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]

    def begin(self, job: int) -> bool:
        """From waiting to running; False when it is not waiting, so that nothing is done twice."""
        values = {
            "state": "running",
            "begun": _TABLE.c.begun + 1,
            "started": sa.func.coalesce(_TABLE.c.started, _now()),
        }
        return self._change(job, ("waiting",), values)

    def progress(
        self, job: int, done: int, total: int, message: str = "", result: dict[str, Any] | None = None
    ) -> bool:
        """How far a running job is; False when it is not running any more, and should stop."""
        begun = sa.case((_TABLE.c.done < done, 1), else_=_TABLE.c.begun)
        values: dict[str, Any] = {"done": done, "total": total, "message": message, "begun": begun}
        if result is not None:
            values["result"] = _json(result)
        return self._change(job, ("running",), values)

    def finish(self, job: int, state: str, message: str = "", result: dict[str, Any] | None = None) -> bool:
        """The end of a running job; False when somebody has ended it before."""
        values: dict[str, Any] = {"state": state, "message": message, "finished": _now()}
        if result is not None:
            values["result"] = _json(result)
        return self._change(job, ("running",), values)

    def put_back(self, job: int) -> bool:
        """A running job waits again: the worker stops."""
        return self._change(job, ("running",), {"state": "waiting", "begun": 0})

    def cancel(self, job: int) -> Job:
        """Ends a job that waits or runs; one that is over stays as it is. Raises NoJob."""
        values = {"state": "cancelled", "message": "", "finished": _now()}
        self._change(job, ("waiting", "running"), values)
        return self.get(job)

    def recover(self) -> list[int]:
        """What a worker that begins has to do, oldest first: whatever ran when the last one died waits again, and what
        it died on too often is given up."""
        given_up = {
            "state": "failed",
            "finished": _now(),
            "message": f"The worker ended {DEATHS} times at this place of the job: it may need more memory than there "
            "is, or a page may be damaged.",
        }
        running = _TABLE.c.state == "running"
        with self._engine.begin() as connection:
            connection.execute(_TABLE.update().where(running, _TABLE.c.begun >= DEATHS).values(given_up))
            connection.execute(_TABLE.update().where(running).values(state="waiting"))
            waiting = sa.select(_TABLE.c.id).where(_TABLE.c.state == "waiting").order_by(_TABLE.c.id)
            return list(connection.execute(waiting).scalars())

    def _change(self, job: int, states: Sequence[str], values: dict[str, Any]) -> bool:
        with self._engine.begin() as connection:
            where = (_TABLE.c.id == job, _TABLE.c.state.in_(states))
            return connection.execute(_TABLE.update().where(*where).values(values)).rowcount == 1


def _write_ahead(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _now() -> datetime:
    """UTC, as a plain column keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def _json(result: dict[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False)


def _job(row: Any) -> Job:
    values = dict(row._mapping)
    for name in ("created", "started", "finished"):
        if values[name] is not None:
            values[name] = values[name].replace(tzinfo=UTC)
    values["result"] = None if values["result"] is None else json.loads(values["result"])
    return Job(**values)
