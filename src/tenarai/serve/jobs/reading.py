"""Reading the pages of a project, one after the other; what people have corrected stays as it is."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from tenarai.errors import PictureError
from tenarai.model.shipped import shipped_model
from tenarai.page.layout import Box, Line
from tenarai.reader import Reader, load
from tenarai.serve.engine import ModelName
from tenarai.serve.jobs.request import JobReadOptions, ReadRequest
from tenarai.serve.jobs.worker import Progress, Workplace
from tenarai.serve.store import Conflict, LineRow, Missing, Project

READS = "tenarai"  # the author of what a model reads
MOST_TOLD = 200  # pages that could not be read, named in the result


def read_pages(
    project: Project, place: Workplace, request: ReadRequest, progress: Progress
) -> tuple[str, dict[str, Any]]:
    """Reads what is left of the pages. A page that cannot be read is told in the result, and the rest goes on."""
    pages = to_read(project) if request.pages is None else request.pages
    reader, model = reader_of(project, place)
    result = progress.result or {"pages": 0, "lines": 0, "page": None, "refused": []}
    for number in range(progress.done, len(pages)):
        name = ""
        try:
            name = project.page(pages[number]).name
            progress.say(number, len(pages), name, result)
            lines = read_page(project, reader, model, pages[number], request.options)
            result = {**result, "pages": result["pages"] + 1, "lines": result["lines"] + lines, "page": pages[number]}
        except (PictureError, Missing) as error:
            if len(result["refused"]) < MOST_TOLD:
                refused = {"page": pages[number], "name": name, "reason": str(error)}
                result = {**result, "refused": [*result["refused"], refused]}
        progress.say(number + 1, len(pages), "", result)
    said = f"{result['lines']} lines of {result['pages']} pages read."
    return said + (f" {len(result['refused'])} pages could not be read." if result["refused"] else ""), result


def to_read(project: Project) -> list[int]:
    """The pages that nobody has said to be done."""
    return [page.id for page in project.pages() if page.state != "done"]


def read_page(project: Project, reader: Reader, model: str, page_id: int, options: JobReadOptions) -> int:
    """Reads one page into the project; how many lines it gave."""
    known = project.layout(page_id).lines
    gray = project.gray(page_id)
    how = options.known()
    if options.find or (options.find is None and not known):
        page = reader.read(gray, **how)
        project.replace_layout(page_id, page, READS, model)
        return len(page.lines)
    left = [line for line in known if not (line.corrected or line.state == "done")]
    if not left:
        return 0
    read = 0
    page = reader.read(gray, lines=[asked(line) for line in left], **how)
    for row, line in zip(left, page.lines, strict=True):
        try:
            project.record_reading(row.id, line, READS, model)
            read += 1
        except (Conflict, Missing):  # somebody has corrected or deleted it meanwhile
            continue
    return read


def asked(row: LineRow) -> Line:
    """A line of the project as the reader is asked for it."""
    return Line(Box(*row.box), row.direction, polygon=row.polygon)


def reader_of(project: Project, place: Workplace) -> tuple[Reader, str]:
    """The reader of the project's active model, else of the service's, else the shipped one; and the model's name."""
    active = project.active_model()
    path = (place.model or shipped_model()) if active is None else project.model_path(active.id)
    reader, model = _opened(path, place.threads, path.stat().st_mtime_ns)
    return reader, str(model)


@lru_cache(maxsize=1)
def _opened(path: Path, threads: int, _: int) -> tuple[Reader, ModelName]:
    reader = load(path, threads=threads)
    return reader, ModelName(reader.runtime.header.name, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
