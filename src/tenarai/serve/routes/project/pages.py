"""Pages: their list, their pictures, who works on them, the order of their lines."""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from tenarai.errors import PictureError
from tenarai.serve.jobs.request import Job, ReadRequest
from tenarai.serve.routes.project.desk import Desk
from tenarai.serve.routes.project.guard import (
    Author,
    ClientId,
    Expected,
    Id,
    Number,
    ProjectRoute,
    Sent,
    not_modified,
    refusals,
)
from tenarai.serve.store import Layout, LineRow, PageRow, Refused
from tenarai.serve.uploads import last_part

FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"  # the next project at this address has other pages of the same number
JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The client has it"},
}


class Pages(BaseModel):
    pages: list[PageRow]


class NotTaken(BaseModel):
    """A file that was not taken, and why."""

    name: str
    reason: str


class Added(BaseModel):
    """Pages of the files that were sent; `job` reads them, if that was asked for."""

    pages: list[PageRow]
    refused: list[NotTaken]
    job: Job | None = None


class Lines(BaseModel):
    lines: list[LineRow]


class PageChange(Sent):
    state: Literal["todo", "doubtful", "done"]


class Claim(Sent):
    who: Annotated[str | None, Field(min_length=1, max_length=100, description="The author, if left out.")] = None
    minutes: Annotated[float, Field(gt=0, le=1440, strict=True)] = 30


class Joining(Sent):
    lines: Annotated[list[Number], Field(min_length=2, max_length=100)]
    client_id: ClientId = None


class Order(Sent):
    lines: Annotated[list[Number], Field(max_length=10_000)]
    expected: Expected
    client_id: ClientId = None


def pages_router(desk: Desk) -> APIRouter:
    """`/api/pages`."""
    router = APIRouter(prefix="/pages", tags=["pages"], route_class=ProjectRoute)
    project, changes = desk.project, desk.changes

    @router.get("", summary="All pages")
    def pages() -> Pages:
        return Pages(pages=project.pages())

    @router.post("", summary="Add pictures", responses=refusals(413, 422, 503))
    def add(
        files: list[UploadFile],
        read: Annotated[bool, Form(description="Read them as soon as may be.")] = True,
    ) -> Added:
        """Pictures, TIFF files and PDFs, a page for each of their pages; what is there already is not added twice, and
        of a file that is damaged nothing is taken."""
        rows, refused = [], []
        for file in files:
            name = last_part(file.filename or "") or "picture"
            try:
                data = file.file.read()
                rows += project.add_pictures(data, name, desk.limits)
            except (PictureError, Refused) as error:
                refused.append(NotTaken(name=name, reason=str(error)))
        new = [row.id for row in rows if not row.lines]
        job = desk.jobs.submit(ReadRequest(kind="read", pages=new)) if read and new else None
        return Added(pages=rows, refused=refused, job=job)

    @router.get("/{page_id}", summary="A page and its lines", responses=refusals(404))
    def layout(page_id: Id) -> Layout:
        return project.layout(page_id)

    @router.patch("/{page_id}", summary="Say how far a page is", responses=refusals(404, 422))
    def change(page_id: Id, change: PageChange, author: Author) -> PageRow:
        row = project.set_page_state(page_id, change.state, author)
        changes.add(page_id)
        return row

    @router.delete("/{page_id}", summary="Take a page out", status_code=204, responses=refusals(404))
    def delete(page_id: Id, author: Author) -> None:
        """Nothing is lost: adding its picture again brings it back with its lines."""
        project.delete_page(page_id, author)
        changes.add(page_id)

    @router.get(
        "/{page_id}/picture", summary="The picture of a page", response_class=Response, responses=JPEG | refusals(404)
    )
    async def picture(
        request: Request,
        page_id: Id,
        width: Annotated[int | None, Query(ge=1, le=6000, description="Pixels at most; as it is if left out.")] = None,
        v: Annotated[
            str | None, Query(max_length=64, description="With its sha256, browsers keep it for ever.")
        ] = None,
    ) -> Response:
        """The page upright, as JPEG, 6,000 pixels a side at most."""
        row = await run_in_threadpool(project.page, page_id)
        etag = f'"{row.sha256[:32]}-{row.frame}-{width or 0}"'
        headers = {"etag": etag, "cache-control": FOR_EVER if v == row.sha256 else ASK_AGAIN}
        if not_modified(request, etag):
            return Response(status_code=304, headers=headers)

        def made() -> bytes:
            return desk.shelf.scaled((row.sha256, row.frame), width, lambda: desk.picture(row))

        return Response(await run_in_threadpool(made), media_type="image/jpeg", headers=headers)

    @router.post("/{page_id}/claim", summary="Work on a page", responses=refusals(404, 409))
    def claim(page_id: Id, author: Author, claim: Claim | None = None) -> PageRow:
        """Others see it, for half an hour or as long as is said."""
        claim = claim or Claim()
        row = project.claim(page_id, claim.who or author, claim.minutes)
        changes.add(page_id)
        return row

    @router.post("/{page_id}/release", summary="Work on it no longer", responses=refusals(404, 409))
    def release(page_id: Id, author: Author, claim: Claim | None = None) -> PageRow:
        row = project.release(page_id, (claim.who if claim else None) or author)
        changes.add(page_id)
        return row

    @router.post("/{page_id}/join", summary="Make one line of several", responses=refusals(404, 409, 422))
    def join(page_id: Id, joining: Joining, author: Author) -> LineRow:
        if any(project.line(line).page_id != page_id for line in joining.lines):
            raise Refused(f"The lines to join are not all on page {page_id}.")
        row = project.join_lines(joining.lines, author, joining.client_id)
        changes.add(page_id)
        return row

    @router.put("/{page_id}/order", summary="Order its lines", responses=refusals(404, 409, 422))
    def reorder(page_id: Id, order: Order, author: Author) -> Layout:
        """`lines` are all of the page's; `expected` is the version of its layout."""
        layout = project.reorder(page_id, order.lines, author, order.expected, order.client_id)
        changes.add(page_id)
        return layout

    @router.post("/{page_id}/undo", summary="Take back one's last change", responses=refusals(404, 409))
    def undo(page_id: Id, author: Author) -> Lines:
        """The lines concerned; none when there is nothing to take back."""
        rows = project.undo(page_id, author)
        changes.add(page_id)
        return Lines(lines=rows)

    @router.post("/{page_id}/redo", summary="Do it after all", responses=refusals(404, 409))
    def redo(page_id: Id, author: Author) -> Lines:
        rows = project.redo(page_id, author)
        changes.add(page_id)
        return Lines(lines=rows)

    return router


def digest(*parts: Any) -> str:
    """A short name for what these are."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
