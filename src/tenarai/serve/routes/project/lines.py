"""Lines: their text, outline, history and picture."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from tenarai.page.layout import Box, Direction
from tenarai.serve.jobs.reading import asked
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
from tenarai.serve.routes.project.linecut import Frame, draw, frame_line, spread
from tenarai.serve.routes.project.pages import ASK_AGAIN, JPEG, digest
from tenarai.serve.routes.project.shelf import jpeg
from tenarai.serve.store import Conflict, LineRow, Version
from tenarai.serve.uploads import while_there

LONGEST_TEXT = 10_000
MOST_POINTS = 1_000
REFUSALS = refusals(404, 409, 422)

Side = Annotated[float, Field(ge=-1e6, le=1e6, strict=True, allow_inf_nan=False)]
Corners = Annotated[tuple[Side, Side, Side, Side], Field(description="left, top, right, bottom in pixels of the page")]
Outline = Annotated[
    list[tuple[Side, Side]], Field(min_length=3, max_length=MOST_POINTS, description="x and y in pixels of the page")
]
Offset = Annotated[int, Field(ge=0, le=LONGEST_TEXT, strict=True)]
Mark = tuple[Offset, Offset, Literal["unclear", "gap", "deletion", "insertion"]]
Text = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")]
State = Literal["todo", "doubtful", "done"]
Thickness = Annotated[
    int, Query(ge=8, le=400, description="Pixels across the line: the width of the picture where it is vertical.")
]


class TextChange(Sent):
    """A person's text of a line. Marks are from, to (code points of the text) and what is there."""

    text: Text
    marks: Annotated[tuple[Mark, ...], Field(max_length=1_000)] = ()
    state: State | None = None
    expected: Expected
    client_id: ClientId = None


class LineChange(Sent):
    """What is given is changed."""

    polygon: Outline | None = None
    box: Corners | None = None
    direction: Direction | None = None
    region: Number | None = None
    state: State | None = None
    expected: Expected
    client_id: ClientId = None


class NewLine(Sent):
    """A line that a person draws; at the end where `after` names no line."""

    polygon: Outline | None = None
    box: Corners | None = None
    direction: Direction = "horizontal"
    after: Number | None = None
    client_id: ClientId = None


class Cut(Sent):
    """Where a line is cut in two: `at` along its length, `text_at` in code points of its text."""

    at: Annotated[float, Field(gt=0, lt=1, strict=True)]
    text_at: Offset | None = None
    expected: Expected
    client_id: ClientId = None


class Halves(BaseModel):
    lines: list[LineRow]


class Restoring(Sent):
    version: Expected
    client_id: ClientId = None


class History(BaseModel):
    """The newest version first."""

    versions: list[Version]


class Place(BaseModel):
    """Where things are on the picture of a line. `characters` are boxes in its pixels, in the order of the line's;
    `to_page` is the affine map from its pixels to the page's, `[[a, b, c], [d, e, f]]`: x = a*u + b*v + c."""

    width: int
    height: int
    characters: list[Annotated[list[float], Field(min_length=4, max_length=4)]]
    to_page: list[list[float]]


def lines_router(desk: Desk) -> APIRouter:
    """`/api/lines`, and lines drawn on a page."""
    router = APIRouter(tags=["lines"], route_class=ProjectRoute)
    project, changes = desk.project, desk.changes

    @router.get("/lines/{line_id}", summary="A line", responses=refusals(404))
    def line(line_id: Id) -> LineRow:
        return project.line(line_id)

    @router.put("/lines/{line_id}/text", summary="Write the text of a line", responses=REFUSALS)
    def write(line_id: Id, change: TextChange, author: Author) -> LineRow:
        """Saved when it answers. 409, with the line as `current`, where somebody else has changed it since."""
        row = project.save_text(
            line_id, change.text, change.marks, author, change.expected, change.client_id, change.state
        )
        changes.add(row.page_id)
        return row

    @router.patch("/lines/{line_id}", summary="Change outline, direction or state", responses=REFUSALS)
    def change(line_id: Id, change: LineChange, author: Author) -> LineRow:
        given = change.model_dump()
        row = project.set_line(line_id, author=author, **given)
        changes.add(row.page_id)
        return row

    @router.post("/pages/{page_id}/lines", summary="Draw a line", status_code=201, responses=refusals(404, 422))
    def add(page_id: Id, new: NewLine, author: Author) -> LineRow:
        row = project.add_line(page_id, author=author, **new.model_dump())
        changes.add(page_id)
        return row

    @router.delete("/lines/{line_id}", summary="Take a line away", status_code=204, responses=refusals(404, 409))
    def delete(
        line_id: Id,
        author: Author,
        expected: Annotated[int, Query(ge=0, lt=2**31)],
        client_id: Annotated[str | None, Query(pattern=r"^[\w.:-]{1,64}$")] = None,
    ) -> None:
        """Undo, or restoring a version of it, brings it back."""
        page_id = project.line(line_id).page_id
        project.delete_line(line_id, author, expected, client_id)
        changes.add(page_id)

    @router.post("/lines/{line_id}/split", summary="Cut a line in two", responses=REFUSALS)
    def split(line_id: Id, cut: Cut, author: Author) -> Halves:
        halves = project.split_line(line_id, cut.at, author, cut.expected, cut.text_at, cut.client_id)
        changes.add(halves[0].page_id)
        return Halves(lines=list(halves))

    @router.get("/lines/{line_id}/history", summary="What a line was", responses=refusals(404))
    def history(line_id: Id) -> History:
        return History(versions=project.history(line_id))

    @router.post("/lines/{line_id}/restore", summary="Make a line what it was", responses=REFUSALS)
    def restore(line_id: Id, restoring: Restoring, author: Author) -> LineRow:
        row = project.restore(line_id, restoring.version, author, restoring.client_id)
        changes.add(row.page_id)
        return row

    @router.post("/lines/{line_id}/read", summary="Read a line again", responses=refusals(404, 409, 503, 504))
    async def read(
        request: Request,
        line_id: Id,
        author: Author,
        force: Annotated[bool, Query(description="Also a line that a person has corrected.")] = False,
    ) -> LineRow:
        row = await run_in_threadpool(project.line, line_id)
        if not force and (row.corrected or row.state == "done"):
            raise Conflict("A person has corrected this line: ask with force=true to read it all the same.", row)
        gray = await run_in_threadpool(project.gray, row.page_id)
        with desk.engine.place("short") as place:
            model = str(desk.engine.name)
            page = await while_there(request, place.run(lambda reader: reader.read(gray, lines=[asked(row)])))
        found = page.lines[0]
        new = await run_in_threadpool(project.record_reading, line_id, found, author, model, force)
        changes.add(row.page_id)
        return new

    @router.get(
        "/lines/{line_id}/picture", summary="The picture of a line", response_class=Response,
        responses=JPEG | refusals(404, 422),
    )  # fmt: skip
    async def picture(request: Request, line_id: Id, height: Thickness = 80) -> Response:
        """Cut out and straightened as the reader does it, with a little around; a vertical line stays upright."""
        row = await run_in_threadpool(project.line, line_id)
        page = await run_in_threadpool(project.page, row.page_id)
        etag = f'"{digest(page.sha256, page.frame, row.box, row.polygon, row.direction, height)}"'
        headers = {"etag": etag, "cache-control": ASK_AGAIN}
        if not_modified(request, etag):
            return Response(status_code=304, headers=headers)

        def made() -> bytes:
            shown = desk.picture(page)
            return jpeg(draw(shown, _frame(desk, row, height)))

        return Response(await run_in_threadpool(made), media_type="image/jpeg", headers=headers)

    @router.get("/lines/{line_id}/place", summary="Where its characters are", responses=refusals(404, 422))
    def place(line_id: Id, height: Thickness = 80) -> Place:
        """On the picture of the same `height`."""
        row = project.line(line_id)
        frame = _frame(desk, row, height)
        characters = spread([frame.place(Box(*box)) for _, _, box, _ in row.characters], frame, row.direction)
        return Place(
            width=frame.width, height=frame.height, characters=characters, to_page=frame.to_page.round(6).tolist()
        )

    return router


def _frame(desk: Desk, row: LineRow, height: int) -> Frame:
    page: Any = desk.picture(desk.project.page(row.page_id))
    return frame_line(page, Box(*row.box), row.polygon, row.direction, height)
