"""What the addresses of a project work with: the project, its jobs, the reader, pictures at hand, what has changed."""

import threading
from collections import deque
from dataclasses import dataclass, field

from tenarai.image.read import LIMITS, Limits
from tenarai.serve.engine import Engine
from tenarai.serve.jobs.keeper import Jobs
from tenarai.serve.routes.project.linecut import Picture
from tenarai.serve.routes.project.shelf import Shelf
from tenarai.serve.store import PageRow, Project

REMEMBERED = 1000  # changes, for listeners that come back


class Changes:
    """Pages that were changed over this service, numbered."""

    def __init__(self) -> None:
        self._pages: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)
        self._last = 0
        self._lock = threading.Lock()

    @property
    def last(self) -> int:
        return self._last

    def add(self, page_id: int) -> None:
        with self._lock:
            self._last += 1
            self._pages.append((self._last, page_id))

    def since(self, number: int) -> list[int]:
        """Each page that has changed since, once."""
        with self._lock:
            return list(dict.fromkeys(page for at, page in self._pages if at > number))


@dataclass(frozen=True, slots=True)
class Desk:
    """One project and all that is needed to work on it."""

    project: Project
    jobs: Jobs
    engine: Engine
    shelf: Shelf = field(default_factory=Shelf)
    changes: Changes = field(default_factory=Changes)

    @property
    def limits(self) -> Limits:
        """Of what is uploaded: a file may have more pages than one that is to be read while somebody waits."""
        settings = self.engine.settings
        return Limits(settings.max_bytes, settings.max_pixels, LIMITS.max_frames)

    def picture(self, row: PageRow) -> Picture:
        """The page as a person sees it, RGB or gray."""
        project = self.project
        return self.shelf.page(
            (row.sha256, row.frame), row.frame, lambda: project.picture(row.id), lambda: project.gray(row.id)
        )

    def use_active_model(self) -> None:
        """Lines are read, here as in jobs, with the model that the project has taken."""
        active = self.project.active_model()
        self.engine.use(self.engine.settings.model if active is None else self.project.model_path(active.id))
