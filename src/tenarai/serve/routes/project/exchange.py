"""Layouts of other programs: brought in with their pictures, and written."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Form, Query, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from pydantic import BaseModel

from tenarai.errors import DataError, TenaraiError
from tenarai.page.formats import read_layout
from tenarai.page.layout import Page, picture_of
from tenarai.page.place import fitted
from tenarai.serve.jobs.exporting import FOLDER, SUFFIXES, chosen, plain_name, write_export
from tenarai.serve.options import MEDIA, ZIP
from tenarai.serve.options import Form as Format
from tenarai.serve.routes.project.desk import Desk
from tenarai.serve.routes.project.guard import Author, ProjectRoute, refusals
from tenarai.serve.routes.project.pages import NotTaken
from tenarai.serve.store import Damaged, Full, Locked, Missing, PageRow
from tenarai.serve.uploads import last_part

LAYOUTS = (".xml", ".json", ".jsonl", ".csv", ".tsv", ".hocr", ".html", ".htm", ".xhtml", ".txt")


class Imported(BaseModel):
    """Pages that have got a layout, and what was left out."""

    pages: list[PageRow]
    refused: list[NotTaken]


def exchange_router(desk: Desk) -> APIRouter:
    """`/api/import`, `/api/export`, `/api/exports`."""
    router = APIRouter(tags=["exchange"], route_class=ProjectRoute)
    project = desk.project

    @router.post("/import", summary="Bring in layouts", responses=refusals(413, 422))
    def bring(
        files: list[UploadFile],
        author: Author,
        by: Annotated[
            Literal["person", "program"],
            Form(description="Who wrote the text: what a person wrote counts as corrected."),
        ] = "person",
    ) -> Imported:
        """Layouts of any format that tenarai reads, with their pictures, or for pictures that are there."""
        with tempfile.TemporaryDirectory(prefix="tenarai-") as folder:
            return _bring(desk, _laid_down(files, Path(folder)), author, by)

    @router.get("/export", summary="Write pages", response_class=FileResponse, responses=_files() | refusals(422))
    def export(
        background: BackgroundTasks,
        format: Annotated[Format, Query(description="As what.")] = "pagexml",
        page: Annotated[list[int] | None, Query(description="Pages by their ids; all if left out.")] = None,
    ) -> FileResponse:
        """One file, or a ZIP of several. For hundreds of pages ask for a job of kind "export"."""
        rows = chosen(project, page)
        with tempfile.NamedTemporaryFile(prefix="tenarai-", delete=False) as file:
            path = Path(file.name)
        background.add_task(path.unlink, missing_ok=True)
        try:
            suffix = write_export(project, rows, format, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        name = plain_name(rows[0].name if len(rows) == 1 else project.info().name or "project") + suffix
        return FileResponse(path, media_type=_media(format, suffix), filename=name, background=background)

    @router.get("/exports/{name}", summary="A file that a job wrote", response_class=FileResponse,
                responses=_files() | refusals(404))  # fmt: skip
    def written(name: Annotated[str, InPath(max_length=200)]) -> FileResponse:
        path = project.folder / FOLDER / name
        if plain_name(name) != name or not path.is_file() or path.is_symlink():
            raise Missing(f"There is no file {name[:100]!r} among the exports.")
        return FileResponse(path, media_type="application/octet-stream", filename=name)

    return router


def _files() -> dict[int | str, dict[str, object]]:
    binary = {"type": "string", "format": "binary"}
    kinds = (*MEDIA.values(), ZIP, "application/octet-stream")
    # What is JSON is told by its own schema, docs/page.schema.json, or by VIA and COCO.
    return {200: {"content": {kind: {"schema": {} if kind.endswith("json") else binary} for kind in kinds}}}


def _media(form: Format, suffix: str) -> str:
    return MEDIA[form] if suffix == SUFFIXES[form] else ZIP


def _laid_down(files: Sequence[UploadFile], folder: Path) -> list[Path]:
    """The files in a folder of their own, each under the last part of its name; of one name the last."""
    paths = []
    for number, file in enumerate(files):
        name = last_part(file.filename or "").lstrip(".") or f"file{number}"
        path = folder / name.encode()[-200:].decode(errors="ignore")
        path.write_bytes(file.file.read())
        paths.append(path)
    return list(dict.fromkeys(paths))


def _bring(desk: Desk, paths: Sequence[Path], author: str, by: str) -> Imported:
    project, refused = desk.project, list[NotTaken]()
    layouts = [path for path in paths if path.suffix.lower() in LAYOUTS]
    for path in paths:
        if path not in layouts:
            with _told(refused, path.name):
                project.add_pictures(path.read_bytes(), path.name, desk.limits)
    known, rows = {(row.name, row.frame): row for row in project.pages()}, dict[int, PageRow]()
    for path in layouts:
        with _told(refused, path.name):
            for page in read_layout(path):
                with _told(refused, f"{path.name}: {page.source}" if page.source else path.name):
                    row = _page_of(known, page, path)
                    layout = project.replace_layout(
                        row.id,
                        fitted(page, row.width, row.height),
                        author,
                        "" if by == "person" else f"import {path.name}",
                    )
                    rows[row.id] = layout.page
                    desk.changes.add(row.id)
    return Imported(pages=list(rows.values()), refused=refused)


@contextmanager
def _told(refused: list[NotTaken], name: str) -> Iterator[None]:
    """What cannot be used is told, and the rest goes on; what stops the whole project is raised."""
    try:
        yield
    except (Locked, Full, Damaged):
        raise
    except TenaraiError as error:
        # Where it lay for a moment is nobody's business.
        refused.append(NotTaken(name=name, reason=str(error).replace(tempfile.gettempdir(), "")))


def _page_of(known: Mapping[tuple[str, int], PageRow], page: Page, path: Path) -> PageRow:
    """The page that a layout is of: by the name of its picture, with #2 for the second of a file, or by its own name.
    Raises DataError when the project has none of that name."""
    name, number = picture_of(page.source)
    wanted, frame = last_part(name), number - 1
    if wanted:
        found = known.get((wanted, frame))
    else:
        stem = path.name.partition(".")[0]
        found = next((row for (other, _), row in known.items() if other.partition(".")[0] == stem), None)
    if found is None:
        raise DataError(f"The project has no picture {wanted or path.stem!r}: send it along.")
    return found
