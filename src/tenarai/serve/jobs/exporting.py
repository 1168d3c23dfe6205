"""Pages of a project as files of other programs: one file, or a ZIP where there are several."""

import re
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from tenarai.page.formats import pdf, write_layout
from tenarai.page.layout import Page
from tenarai.serve.jobs.request import ExportRequest
from tenarai.serve.jobs.worker import Progress
from tenarai.serve.options import ALONE, Form
from tenarai.serve.store import PageRow, Project, Refused

FOLDER = "exports"
VOLUME = 100  # pages of a PDF, whose pictures are all in memory while it is written
SUFFIXES: dict[Form, str] = {
    "text": ".txt", "json": ".json", "hocr": ".hocr", "tsv": ".tsv", "via": ".via.json", "coco": ".coco.json",
    "iiif": ".iiif.json", "markdown": ".md", "pdf": ".pdf", "pagexml": ".page.xml", "alto": ".alto.xml",
}  # fmt: skip
LONGEST_NAME = 80  # bytes in UTF-8 of what a page's name gives to a file's

Say = Callable[[int, int, str], None]


def export_pages(project: Project, request: ExportRequest, progress: Progress) -> tuple[str, dict[str, Any]]:
    """Writes the pages into the folder `exports` of the project; half a file is never there."""
    form = request.options.format
    rows = chosen(project, request.pages)
    folder = project.folder / FOLDER
    folder.mkdir(exist_ok=True)
    name = f"{plain_name(project.info().name or 'project')}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
    waiting = folder / f".{progress.job}.part"
    try:
        suffix = write_export(project, rows, form, waiting, progress.say)
        target = folder / f"{name}-{progress.job}{suffix}"
        waiting.replace(target)
    finally:
        waiting.unlink(missing_ok=True)
    result = {"file": target.name, "url": f"/api/exports/{target.name}", "bytes": target.stat().st_size}
    return f"{len(rows)} pages written to {FOLDER}/{target.name}.", result


def chosen(project: Project, pages: Sequence[int] | None) -> list[PageRow]:
    """The pages that are asked for, in the order of the project. Raises Refused when there is none."""
    wanted = None if pages is None else set(pages)
    rows = [page for page in project.pages() if wanted is None or page.id in wanted]
    if not rows:
        raise Refused("There is no page to write: add pictures to the project first.")
    return rows


def write_export(project: Project, rows: Sequence[PageRow], form: Form, path: Path, say: Say = lambda *_: None) -> str:
    """Writes the pages to a file, and gives the suffix that its name should have."""
    parts = list(_parts(rows, form))
    if len(parts) == 1:
        path.write_bytes(_written(project, parts[0], form, 0, len(rows), say))
        return SUFFIXES[form]
    done, taken = 0, set[str]()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            name = f"{part[0].number:04d}-{plain_name(part[0].name)}{SUFFIXES[form]}"
            name = name if name not in taken else f"{part[0].number:04d}-{part[0].id}{SUFFIXES[form]}"
            taken.add(name)
            archive.writestr(name, _written(project, part, form, done, len(rows), say))
            done += len(part)
    return ".zip"


def _parts(rows: Sequence[PageRow], form: Form) -> Iterator[Sequence[PageRow]]:
    """Which pages come into one file."""
    most = 1 if form in ALONE or form == "json" else VOLUME if form == "pdf" else len(rows)
    return (rows[first : first + most] for first in range(0, len(rows), most))


def _written(project: Project, rows: Sequence[PageRow], form: Form, done: int, total: int, say: Say) -> bytes:
    def pages() -> Iterator[Page]:
        for number, row in enumerate(rows, done):
            say(number, total, row.name)
            yield project.as_page(row.id)

    if form != "pdf":
        return write_layout(list(pages()), form)
    # One picture after the other: `write` only goes through them once.
    shown = ((page, _picture(project, row)) for row, page in zip(rows, pages(), strict=True))
    return pdf.write(cast(Any, shown))


def _picture(project: Project, row: PageRow) -> Any:
    """What a PDF shows of a page: its file as it was given, or the page of a file of several, drawn."""
    data = project.picture(row.id)
    return project.gray(row.id) if row.frame or b"%PDF-" in data[:1024] else data


def plain_name(name: str) -> str:
    """A name that every file system takes and no program takes for something else: letters, digits, - and _ of any
    script."""
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", name)).strip("._-")
    return plain.encode()[:LONGEST_NAME].decode(errors="ignore") or "page"
