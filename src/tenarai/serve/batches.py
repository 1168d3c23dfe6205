"""Many pages at a time, in memory: sent once, read one after the other beside what others ask for, fetched when done.

They end with the service. Work that must survive it belongs into a project.
"""

import asyncio
import logging
import tempfile
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from tenarai.errors import DataError, TenaraiError
from tenarai.page.layout import Page
from tenarai.serve.engine import BusyError, Engine
from tenarai.serve.uploads import Upload

State = Literal["waiting", "running", "done", "failed", "cancelled"]
KEPT = 3600.0  # seconds that a finished batch can be fetched
Each = Callable[[Upload], AsyncIterator[Page]]


@dataclass(slots=True, eq=False)
class Batch:
    """Files on their way to pages."""

    id: str
    names: tuple[str, ...]
    folder: "tempfile.TemporaryDirectory[str]"
    created: float
    state: State = "waiting"
    done: int = 0
    pages: list[Page] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    finished: float | None = None
    task: "asyncio.Task[None] | None" = None

    def form(self) -> dict[str, Any]:
        """What is told of it."""
        return {
            "id": self.id,
            "state": self.state,
            "done": self.done,
            "total": len(self.names),
            "pages": len(self.pages),
            "refused": self.refused,
            "created": _moment(self.created),
            "finished": None if self.finished is None else _moment(self.finished),
        }


class Batches:
    """All of them. Their files lie in a folder of their own, named by number."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._all: OrderedDict[str, Batch] = OrderedDict()
        self._turn = asyncio.Lock()

    async def add(self, given: Sequence[Upload], read: Each) -> Batch:
        """Keeps the files and begins; `read` gives the pages of each. Raises BusyError where as many batches as may be
        are there."""
        self._forget()
        if len(self._all) >= self.engine.settings.max_jobs:
            raise BusyError(60.0)
        folder = tempfile.TemporaryDirectory(prefix="tenarai-")
        await asyncio.to_thread(_keep, Path(folder.name), given)
        batch = Batch(uuid.uuid4().hex, tuple(upload.name for upload in given), folder, time.time())
        self._all[batch.id] = batch
        batch.task = asyncio.create_task(self._read(batch, read))
        return batch

    def get(self, name: str) -> Batch | None:
        self._forget()
        return self._all.get(name)

    def remove(self, batch: Batch) -> None:
        """Stops it before its next line, and forgets it."""
        if batch.task is not None:
            batch.task.cancel()
        if batch.finished is None:
            batch.state, batch.finished = "cancelled", time.time()
        batch.folder.cleanup()
        self._all.pop(batch.id, None)

    def close(self) -> None:
        for batch in list(self._all.values()):
            self.remove(batch)

    async def _read(self, batch: Batch, read: Each) -> None:
        async with self._turn:
            batch.state = "running"
            try:
                for number, name in enumerate(batch.names):
                    await self._read_file(batch, number, name, read)
            except Exception:
                logging.getLogger(__name__).exception("a batch ended before its time")
                batch.state = "failed"
            else:
                batch.state = "done" if batch.pages else "failed"
            batch.finished = time.time()

    async def _read_file(self, batch: Batch, number: int, name: str, read: Each) -> None:
        file = Path(batch.folder.name, str(number))
        try:
            async for page in read(Upload(await asyncio.to_thread(file.read_bytes), name)):
                if len(batch.pages) >= self.engine.settings.max_job_pages:
                    raise DataError(f"The limit is {len(batch.pages):,} pages: send what is left as another job.")
                batch.pages.append(page)
        except TenaraiError as error:
            batch.refused.append({"number": number + 1, "name": name, "reason": str(error)})
        file.unlink(missing_ok=True)
        batch.done += 1

    def _forget(self) -> None:
        for batch in list(self._all.values()):
            if batch.finished is not None and time.time() - batch.finished > KEPT:
                self.remove(batch)


def _keep(folder: Path, given: Sequence[Upload]) -> None:
    for number, upload in enumerate(given):
        (folder / str(number)).write_bytes(upload.data)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
