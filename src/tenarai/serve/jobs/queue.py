"""The queue that wakes the worker: huey, in the project folder unless the URL of a Redis or PostgreSQL is given."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huey
from huey.api import TaskWrapper
from huey.registry import Message
from huey.serializer import Serializer

from tenarai.errors import SettingsError
from tenarai.serve.jobs.ledger import FILE, JobError

NAME = "tenarai"

# Huey says at every start which signals it takes; what goes wrong is still said.
logging.getLogger("huey").setLevel(logging.WARNING)


class _Json(Serializer):  # type: ignore[misc]
    """Messages as JSON. Huey's own are pickles, and who sends a project folder could put anything into them."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Any:
        return Message(*json.loads(bytes(data)))


def open_queue(folder: Path, url: str | None, perform: Callable[[int], None]) -> TaskWrapper:
    """The task that performs a job, by its number; `.huey` is the queue that it waits in.

    Raises SettingsError for a URL of another kind, JobError when its server does not answer.
    """
    scheme = (url or "").partition(":")[0].partition("+")[0]
    options: dict[str, Any] = {"results": False, "serializer": _Json()}
    try:
        if scheme in ("redis", "rediss", "unix"):
            # A list of its own for every project, which are told apart by their folders.
            queue: Any = huey.RedisHuey(f"{NAME}:{folder.resolve()}", url=url, **options)
        elif scheme in ("postgresql", "postgres"):
            dsn = "postgresql:" + str(url).partition(":")[2]
            queue = huey.PostgresHuey(f"{NAME}:{folder.resolve()}", dsn=dsn, **options)
        elif not url:
            queue = huey.SqliteHuey(NAME, filename=str(folder / FILE), timeout=10, **options)
        else:
            raise SettingsError(f"Jobs wait in redis:// or postgresql://, not {scheme}://.")
    except SettingsError:
        raise
    except Exception as error:  # each backend has its own
        raise JobError(f"The queue of jobs cannot be opened ({type(error).__name__}).") from error

    def job(number: int) -> None:
        perform(number)

    return queue.task()(job)
