"""One project: a folder with a database, its pictures and its models. Every method is one transaction; when it returns,
what it changed is on disk (SQLite: synchronous=FULL; PostgreSQL: synchronous_commit=on)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from tenarai.image.read import LIMITS, Limits, read_picture, read_pictures
from tenarai.page.layout import Direction, Line, Page
from tenarai.serve.store import archive as archive_files
from tenarai.serve.store import edits, files, keeping, lines, models, overview, reading
from tenarai.serve.store import pages as paging
from tenarai.serve.store.content import checked_name
from tenarai.serve.store.database import Database
from tenarai.serve.store.errors import Conflict, Missing
from tenarai.serve.store.lock import ServerLock
from tenarai.serve.store.rows import (
    BoxRow,
    CorrectedLine,
    Figure,
    Hit,
    Layout,
    LineRow,
    Mark,
    ModelRow,
    PageRow,
    PointRow,
    ProjectInfo,
    State,
    Version,
)
from tenarai.serve.store.shape import page_of
from tenarai.serve.store.tables import pages


class Project:
    """Safe to use from several threads. A context manager; `close` lets the database go."""

    def __init__(self, folder: Path, database: Database, lock: ServerLock | None = None) -> None:
        self.folder = folder
        self._database = database
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()
        if self._lock is not None:
            self._lock.release()

    # The project and its pages

    def info(self) -> ProjectInfo:
        with self._database.reading() as connection:
            return paging.info(connection)

    def update(self, name: str | None = None, rules: str | None = None) -> ProjectInfo:
        with self._database.writing() as connection:
            paging.describe(connection, name, rules)
            return paging.info(connection)

    def add_picture(self, data: bytes, name: str, frame: int = 0, limits: Limits = LIMITS) -> PageRow:
        """A page at the end. The file is kept once, by its hash; the same picture and frame is the page that there is,
        also after it was deleted. Raises PictureError for what cannot be read or is over `limits`."""
        return self._add_pages(data, name, frame, [_size(read_picture(data, frame, limits))])[0]

    def add_pictures(self, data: bytes, name: str, limits: Limits = LIMITS) -> list[PageRow]:
        """Every frame of a PDF, TIFF or animation as a page: all of them, or none where one cannot be read."""
        return self._add_pages(data, name, 0, [_size(picture) for picture in read_pictures(data, limits)])

    def delete_page(self, page_id: int, author: str) -> None:
        """Takes a page out of sight. Nothing is lost: add_picture brings it back with its lines."""
        with self._database.writing() as connection:
            paging.delete_page(connection, page_id)

    def pages(self) -> list[PageRow]:
        with self._database.reading() as connection:
            return paging.page_rows(connection)

    def page(self, page_id: int) -> PageRow:
        with self._database.reading() as connection:
            return paging.page_row(connection, page_id)

    def picture(self, page_id: int) -> bytes:
        """The original file, as it was given."""
        with self._database.reading() as connection:
            row = connection.execute(select(pages.c.sha256, pages.c.suffix).where(pages.c.id == page_id)).first()
        if row is None:
            raise Missing(f"There is no page {page_id}.")
        return files.fetch(files.picture_path(self.folder, row.sha256, row.suffix))

    def gray(self, page_id: int, limits: Limits = LIMITS) -> npt.NDArray[np.uint8]:
        """`(height, width) uint8`, upright, 255 = white."""
        return read_picture(self.picture(page_id), self.page(page_id).frame, limits)

    def claim(self, page_id: int, who: str, minutes: float = 30) -> PageRow:
        """Says that `who` works on the page, or goes on doing so. Conflict while somebody else does."""
        with self._database.writing() as connection:
            return paging.claim(connection, page_id, who, minutes)

    def release(self, page_id: int, who: str) -> PageRow:
        with self._database.writing() as connection:
            return paging.release(connection, page_id, who)

    def set_page_state(self, page_id: int, state: State, author: str) -> PageRow:
        with self._database.writing() as connection:
            return paging.set_state(connection, page_id, state)

    # Lines

    def layout(self, page_id: int) -> Layout:
        with self._database.reading() as connection:
            return paging.layout(connection, page_id)

    def as_page(self, page_id: int) -> Page:
        """The layout as a tenarai Page, for the page formats. A line that a person wrote has no confidence."""
        return page_of(self.layout(page_id))

    def line(self, line_id: int) -> LineRow:
        with self._database.reading() as connection:
            return edits.line_now(connection, line_id)

    def replace_layout(self, page_id: int, page: Page, author: str, model: str) -> Layout:
        """A reading of the page. Lines that a person has touched (corrected, done, drawn) or deleted stay as they are,
        and readings of the same place are dropped; other lines become what was read, keeping their id and history where
        they lie in the same place. With model "" it is a layout that a person brings: its lines count as touched."""
        with self._database.writing() as connection:
            reading.replace_layout(connection, page_id, page, author, model)
            return paging.layout(connection, page_id)

    def record_reading(self, line_id: int, line: Line, author: str, model: str, force: bool = False) -> LineRow:
        """The model's reading of one line: text, confidence, characters; the outline stays. Conflict for a line that is
        corrected or done, unless `force`."""
        with self._database.writing() as connection:
            return reading.record_reading(connection, line_id, line, author, model, force)

    def save_text(
        self,
        line_id: int,
        text: str,
        marks: Sequence[Mark] = (),
        author: str = "me",
        expected: int | None = None,
        client_id: str | None = None,
        state: State | None = None,
    ) -> LineRow:
        """A person's text of a line, and its state unless None. The same `client_id` a second time changes nothing.
        Conflict(current) unless `expected` is the line's version (only its order may have changed since)."""
        with self._database.writing() as connection:
            return lines.save_text(connection, line_id, text, marks, author, expected, client_id, state)

    def set_line(
        self,
        line_id: int,
        *,
        box: BoxRow | None = None,
        polygon: Sequence[PointRow] | None = None,
        direction: Direction | None = None,
        region: int | None = None,
        state: State | None = None,
        author: str = "me",
        expected: int | None = None,
        client_id: str | None = None,
    ) -> LineRow:
        """Changes what is given. With a polygon the box is that around it; a box alone takes the polygon away."""
        with self._database.writing() as connection:
            return lines.set_line(
                connection, line_id, box, polygon, direction, region, state, author, expected, client_id
            )

    def add_line(
        self,
        page_id: int,
        *,
        box: BoxRow | None = None,
        polygon: Sequence[PointRow] | None = None,
        direction: Direction = "horizontal",
        after: int | None = None,
        author: str = "me",
        client_id: str | None = None,
    ) -> LineRow:
        """A line drawn by hand, without text, after another; at the end if None."""
        with self._database.writing() as connection:
            return lines.add_line(connection, page_id, box, polygon, direction, after, author, client_id)

    def delete_line(
        self, line_id: int, author: str = "me", expected: int | None = None, client_id: str | None = None
    ) -> None:
        with self._database.writing() as connection:
            lines.delete_line(connection, line_id, author, expected, client_id)

    def split_line(
        self,
        line_id: int,
        at: float,
        author: str = "me",
        expected: int | None = None,
        text_at: int | None = None,
        client_id: str | None = None,
    ) -> tuple[LineRow, LineRow]:
        """Cuts a line across at the share `at` (0 to 1) of its length, its text at `text_at` code points (by the
        places of its characters, or in proportion, if None). The first keeps the id."""
        with self._database.writing() as connection:
            return lines.split_line(connection, line_id, at, author, expected, text_at, client_id)

    def join_lines(self, line_ids: Sequence[int], author: str = "me", client_id: str | None = None) -> LineRow:
        """Makes one line of several of a page, in reading order. The first keeps the id."""
        with self._database.writing() as connection:
            return lines.join_lines(connection, line_ids, author, client_id)

    def reorder(
        self,
        page_id: int,
        line_ids: Sequence[int],
        author: str = "me",
        expected: int | None = None,
        client_id: str | None = None,
    ) -> Layout:
        """`line_ids` are all lines of the page in their new order; `expected` is the version of the layout."""
        with self._database.writing() as connection:
            done = lines.reorder(connection, page_id, line_ids, author, expected, client_id)
            now = paging.layout(connection, page_id)
        if not done:
            raise Conflict(f"Page {page_id} has other lines or another order by now: version {now.version}.", now)
        return now

    # History

    def history(self, line_id: int) -> list[Version]:
        """Every version, the newest first."""
        with self._database.reading() as connection:
            return overview.history(connection, line_id)

    def restore(self, line_id: int, version: int, author: str = "me", client_id: str | None = None) -> LineRow:
        """A new version of a line, also of a deleted one, that says what that version said. Its order stays."""
        with self._database.writing() as connection:
            return lines.restore(connection, line_id, version, author, client_id)

    def undo(self, page_id: int, author: str = "me") -> list[LineRow]:
        """Takes back the author's last change of the page (not a model's reading); the lines concerned that are there
        now. Empty when there is nothing to take back. Conflict where somebody else has changed the same since; the
        next undo then goes on before it."""
        return self._turn(edits.undo, page_id, author)

    def redo(self, page_id: int, author: str = "me") -> list[LineRow]:
        return self._turn(edits.redo, page_id, author)

    # What the whole says

    def search(self, text: str, limit: int = 100) -> list[Hit]:
        """Lines that hold the text; widths of characters and letter case do not count (NFKC, case folded)."""
        with self._database.reading() as connection:
            return overview.search(connection, text, limit)

    def corrections(self, unclear: bool = False) -> list[CorrectedLine]:
        """Lines that a person wrote or accepted. Without `unclear`, none with a mark and none that is doubtful."""
        with self._database.reading() as connection:
            return overview.corrections(connection, unclear)

    def figures(self) -> list[Figure]:
        """The newest day first."""
        with self._database.reading() as connection:
            return overview.figures(connection)

    # Models

    def models(self) -> list[ModelRow]:
        with self._database.reading() as connection:
            return models.model_rows(connection)

    def add_model(self, data: bytes | Path, name: str, record: dict[str, Any] | None = None) -> ModelRow:
        """Keeps a model file in the project, offered: `keep_model` makes it the active one."""
        data = files.fetch(data) if isinstance(data, Path) else data
        sha256 = files.digest(data)
        files.keep(files.model_path(self.folder, sha256), data)
        with self._database.writing() as connection:
            return models.add_model(connection, sha256, name, record or {})

    def keep_model(self, model_id: int) -> ModelRow:
        """Keeps it and reads with it from now on."""
        with self._database.writing() as connection:
            return models.keep_model(connection, model_id)

    def discard_model(self, model_id: int) -> ModelRow:
        """Says that it is not to be used; its file goes. If it was active, the shipped one reads again."""
        with self._database.writing() as connection:
            row, unused = models.discard_model(connection, model_id)
        if unused:
            files.model_path(self.folder, row.sha256).unlink(missing_ok=True)
        return row

    def active_model(self) -> ModelRow | None:
        """None: the model that the service was started with."""
        return next((row for row in self.models() if row.active), None)

    def model_path(self, model_id: int) -> Path:
        with self._database.reading() as connection:
            return files.model_path(self.folder, models.model_row(connection, model_id).sha256)

    # Keeping it

    def export_archive(self, path: Path) -> None:
        """The whole project as one ZIP file, for any database."""
        archive_files.export(self._database, self.folder, path)

    def backup(self, folder: Path) -> None:
        """A copy that opens as a project of its own (with SQLite, whatever database this one has), made while it is in
        use. Into a folder with an earlier backup only what is new is copied."""
        keeping.backup(self._database, self.folder, folder)

    def check(self) -> list[str]:
        """What is wrong, a sentence each; empty when all is well."""
        return keeping.check(self._database, self.folder)

    def _add_pages(self, data: bytes, name: str, first: int, sizes: Sequence[tuple[int, int]]) -> list[PageRow]:
        sha256, suffix = files.digest(data), files.suffix_of(data)
        name = checked_name(name or sha256[:12], "The page's name")
        files.keep(files.picture_path(self.folder, sha256, suffix), data)
        with self._database.writing() as connection:
            return paging.add_pages(connection, sha256, suffix, name, first, sizes)

    def _turn(
        self, turn: Callable[[Connection, int, str], tuple[list[int], int | None]], page_id: int, author: str
    ) -> list[LineRow]:
        with self._database.writing() as connection:
            changed, stuck = turn(connection, page_id, author)
            if stuck is not None:
                edits.fix(connection, stuck)
            rows = [edits.line_now(connection, line_id) for line_id in changed]
        if stuck is not None:
            raise Conflict("Somebody else has changed the same since: look at the history of the lines.")
        return rows


def _size(picture: npt.NDArray[np.uint8]) -> tuple[int, int]:
    height, width = picture.shape
    return height, width
