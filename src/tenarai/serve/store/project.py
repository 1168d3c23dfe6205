"""One project: a folder with a database, its pictures and its models. Every method is one transaction; when it returns,
what it changed is on disk (SQLite: synchronous=FULL; PostgreSQL: synchronous_commit=on)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenarai.image.read import LIMITS, Limits
from tenarai.page.layout import Direction, Line, Page
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


def is_project(folder: Path) -> bool:
    """Whether the folder holds a project."""
    raise NotImplementedError


def create_project(folder: Path, name: str = "", database: str | None = None, rules: str = "") -> "Project":
    """A new project in a folder, made if need be. `database` is a PostgreSQL URL; SQLite in the folder if left out.
    Raises StoreError where there is one already."""
    raise NotImplementedError


def open_project(folder: Path, database: str | None = None, *, server: bool = False) -> "Project":
    """The project of a folder, brought to this version of the database. Several processes may have it open, but only one
    with `server`, which is told by Locked. Raises Missing, Newer, Damaged, Locked, each with a sentence."""
    raise NotImplementedError


def import_archive(archive: Path, folder: Path, database: str | None = None) -> "Project":
    """The project of an archive that `Project.export_archive` wrote, in a new folder. Raises StoreError."""
    raise NotImplementedError


class Project:
    """Safe to use from several threads. A context manager; `close` lets the database go."""

    folder: Path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        raise NotImplementedError

    # The project and its pages

    def info(self) -> ProjectInfo:
        raise NotImplementedError

    def update(self, name: str | None = None, rules: str | None = None) -> ProjectInfo:
        raise NotImplementedError

    def add_picture(self, data: bytes, name: str, frame: int = 0, limits: Limits = LIMITS) -> PageRow:
        """A page at the end. The file is kept once, by its hash; the same picture and frame is the page that there is,
        also after it was deleted. Raises PictureError for what cannot be read or is over `limits`."""
        raise NotImplementedError

    def add_pictures(self, data: bytes, name: str, limits: Limits = LIMITS) -> Iterator[PageRow]:
        """Every frame of a PDF, TIFF or animation as a page, each as it is done."""
        raise NotImplementedError

    def delete_page(self, page_id: int, author: str) -> None:
        """Takes a page out of sight. Nothing is lost: add_picture brings it back with its lines."""
        raise NotImplementedError

    def pages(self) -> list[PageRow]:
        raise NotImplementedError

    def page(self, page_id: int) -> PageRow:
        raise NotImplementedError

    def picture(self, page_id: int) -> bytes:
        """The original file, as it was given."""
        raise NotImplementedError

    def gray(self, page_id: int, limits: Limits = LIMITS) -> npt.NDArray[np.uint8]:
        """`(height, width) uint8`, upright, 255 = white."""
        raise NotImplementedError

    def claim(self, page_id: int, who: str, minutes: float = 30) -> PageRow:
        """Says that `who` works on the page, or goes on doing so. Conflict while somebody else does."""
        raise NotImplementedError

    def release(self, page_id: int, who: str) -> PageRow:
        raise NotImplementedError

    def set_page_state(self, page_id: int, state: State, author: str) -> PageRow:
        raise NotImplementedError

    # Lines

    def layout(self, page_id: int) -> Layout:
        raise NotImplementedError

    def as_page(self, page_id: int) -> Page:
        """The layout as a tenarai Page, for the page formats. A line that a person wrote has no confidence."""
        raise NotImplementedError

    def line(self, line_id: int) -> LineRow:
        raise NotImplementedError

    def replace_layout(self, page_id: int, page: Page, author: str, model: str) -> Layout:
        """A reading of the page. Lines that a person has touched (corrected, done, drawn) or deleted stay as they are, and
        readings of the same place are dropped; other lines become what was read, keeping their id and history where
        they lie in the same place. With model "" it is a layout that a person brings: its lines count as touched."""
        raise NotImplementedError

    def record_reading(self, line_id: int, line: Line, author: str, model: str, force: bool = False) -> LineRow:
        """The model's reading of one line: text, confidence, characters; the outline stays. Conflict for a line that is
        corrected or done, unless `force`."""
        raise NotImplementedError

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
        raise NotImplementedError

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
        raise NotImplementedError

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
        raise NotImplementedError

    def delete_line(
        self, line_id: int, author: str = "me", expected: int | None = None, client_id: str | None = None
    ) -> None:
        raise NotImplementedError

    def split_line(
        self,
        line_id: int,
        at: float,
        author: str = "me",
        expected: int | None = None,
        text_at: int | None = None,
        client_id: str | None = None,
    ) -> tuple[LineRow, LineRow]:
        """Cuts a line across at the share `at` (0 to 1) of its length, its text at `text_at` code points (by the places of
        its characters, or in proportion, if None). The first keeps the id."""
        raise NotImplementedError

    def join_lines(self, line_ids: Sequence[int], author: str = "me", client_id: str | None = None) -> LineRow:
        """Makes one line of several of a page, in reading order. The first keeps the id."""
        raise NotImplementedError

    def reorder(
        self,
        page_id: int,
        line_ids: Sequence[int],
        author: str = "me",
        expected: int | None = None,
        client_id: str | None = None,
    ) -> Layout:
        """`line_ids` are all lines of the page in their new order; `expected` is the version of the layout."""
        raise NotImplementedError

    # History

    def history(self, line_id: int) -> list[Version]:
        """Every version, the newest first."""
        raise NotImplementedError

    def restore(self, line_id: int, version: int, author: str = "me", client_id: str | None = None) -> LineRow:
        """Makes a line, also a deleted one, what it was in that version, as a new version. Its place in the order stays."""
        raise NotImplementedError

    def undo(self, page_id: int, author: str = "me") -> list[LineRow]:
        """Takes back the author's last change of the page (not a model's reading); the lines concerned that are there
        now. Empty when there is nothing to take back. Conflict where somebody else has changed the same since; the
        next undo then goes on before it."""
        raise NotImplementedError

    def redo(self, page_id: int, author: str = "me") -> list[LineRow]:
        raise NotImplementedError

    # What the whole says

    def search(self, text: str, limit: int = 100) -> list[Hit]:
        """Lines that hold the text; widths of characters and letter case do not count (NFKC, case folded)."""
        raise NotImplementedError

    def corrections(self, unclear: bool = False) -> list[CorrectedLine]:
        """Lines that a person wrote or accepted. Without `unclear`, none with a mark and none that is doubtful."""
        raise NotImplementedError

    def figures(self) -> list[Figure]:
        """The newest day first."""
        raise NotImplementedError

    # Models

    def models(self) -> list[ModelRow]:
        raise NotImplementedError

    def add_model(self, data: bytes | Path, name: str, record: dict[str, Any] | None = None) -> ModelRow:
        """Keeps a model file in the project, offered: `keep_model` makes it the active one."""
        raise NotImplementedError

    def keep_model(self, model_id: int) -> ModelRow:
        """Keeps it and reads with it from now on."""
        raise NotImplementedError

    def discard_model(self, model_id: int) -> ModelRow:
        """Says that it is not to be used; its file goes. If it was active, the shipped one reads again."""
        raise NotImplementedError

    def active_model(self) -> ModelRow | None:
        """None: the model that the service was started with."""
        raise NotImplementedError

    def model_path(self, model_id: int) -> Path:
        raise NotImplementedError

    # Keeping it

    def export_archive(self, path: Path) -> None:
        """The whole project as one ZIP file, for any database."""
        raise NotImplementedError

    def backup(self, folder: Path) -> None:
        """A copy that opens as a project of its own (with SQLite, whatever database this one has), made while it is in
        use. Into a folder with an earlier backup only what is new is copied."""
        raise NotImplementedError

    def check(self) -> list[str]:
        """What is wrong, a sentence each; empty when all is well."""
        raise NotImplementedError
