"""`/api`: one project - its pages and lines, the history of each, jobs, learning, import and export."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, model_validator

from tenarai.errors import PictureError
from tenarai.serve.engine import Engine
from tenarai.serve.jobs.keeper import Jobs
from tenarai.serve.jobs.request import Job
from tenarai.serve.options import Alphabet
from tenarai.serve.routes.project.desk import Desk
from tenarai.serve.routes.project.exchange import exchange_router
from tenarai.serve.routes.project.guard import ProjectRoute, Sent, refusals, same_site
from tenarai.serve.routes.project.lines import lines_router
from tenarai.serve.routes.project.pages import pages_router
from tenarai.serve.routes.project.work import work_router
from tenarai.serve.routes.reading import PenStroke, Points
from tenarai.serve.store import Counts, Figure, Hit, Project
from tenarai.serve.uploads import while_there
from tenarai.serve.watch import Lately

SHOWN = 10  # jobs told with the project
CANDIDATES = 10


class InUse(BaseModel):
    """The model that reads; `id` where it is one of the project."""

    id: int | None
    name: str
    version: str


class Overview(BaseModel):
    id: str
    name: str
    rules: str
    version: int
    created: datetime
    counts: Counts
    model: InUse
    jobs: list[Job]


class Renaming(Sent):
    """`rules` are the conventions of transcription, in Markdown."""

    name: Annotated[str | None, Field(max_length=200, pattern=r"^[^\x00]*$")] = None
    rules: Annotated[str | None, Field(max_length=100_000, pattern=r"^[^\x00]*$")] = None


class Hits(BaseModel):
    hits: list[Hit]


class Figures(BaseModel):
    figures: list[Figure]


class Written(Sent):
    """A character or a line that a pen drew, or a picture of a character in base64."""

    strokes: Annotated[list[PenStroke | Points] | None, Field(min_length=1, max_length=10_000)] = None
    picture: Annotated[str | None, Field(min_length=1, max_length=8_000_000)] = None
    alphabet: Alphabet = None
    n: Annotated[int, Field(ge=1, le=100, strict=True)] = CANDIDATES

    @model_validator(mode="after")
    def _one(self) -> "Written":
        if (self.strokes is None) == (self.picture is None):
            raise ValueError("give strokes or a picture, one of them")
        return self


class Candidates(BaseModel):
    """Best first."""

    candidates: list[tuple[str, float]]


def project_router(project: Project, jobs: Jobs, engine: Engine, lately: Callable[[], Lately]) -> APIRouter:
    """The addresses of one project. `engine` reads single lines and characters, with the project's own model where it
    has one; `jobs` does what takes long; `lately` says how the service does."""
    desk = Desk(project, jobs, engine)
    desk.use_active_model()
    router = APIRouter(
        prefix="/api",
        route_class=ProjectRoute,
        dependencies=[Depends(same_site)],
        responses=refusals(400, 403, 413, 422, 503, 507),
    )
    settings = engine.settings
    router.include_router(_project(desk, lately), max_body_size=settings.max_json_bytes)
    router.include_router(pages_router(desk), max_body_size=settings.max_bytes)
    router.include_router(lines_router(desk), max_body_size=settings.max_json_bytes)
    router.include_router(work_router(desk), max_body_size=settings.max_json_bytes)
    router.include_router(exchange_router(desk), max_body_size=settings.max_bytes)
    return router


def _project(desk: Desk, lately: Callable[[], Lately]) -> APIRouter:
    """The project as a whole."""
    router = APIRouter(tags=["project"], route_class=ProjectRoute)
    project = desk.project

    def overview() -> Overview:
        info, active, name = project.info(), project.active_model(), desk.engine.name
        model = InUse(id=None if active is None else active.id, name=name.name, version=name.version)
        return Overview(
            id=info.id, name=info.name, rules=info.rules, version=info.version, created=info.created,
            counts=info.counts, model=model, jobs=desk.jobs.ledger.jobs(SHOWN),
        )  # fmt: skip

    @router.get("/project", summary="The project")
    def about() -> Overview:
        return overview()

    @router.patch("/project", summary="Name it, and write its rules", responses=refusals(422))
    def rename(change: Renaming) -> Overview:
        project.update(change.name, change.rules)
        return overview()

    @router.get("/search", summary="Lines that hold a text")
    def search(
        q: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")],
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Hits:
        return Hits(hits=project.search(q, limit))

    @router.get("/figures", summary="How well the models do, day by day")
    def figures() -> Figures:
        return Figures(figures=project.figures())

    @router.get("/service", summary="How the service does now")
    async def service() -> Lately:
        """Requests of the last minutes, the seconds they took, and what waits and is read: short are lines, characters
        and ink, long are pages. Jobs of the project are read beside it, and not counted."""
        return lately()

    @router.post("/character", summary="What a pen wrote", responses=refusals(422, 503, 504))
    async def character(request: Request, written: Written) -> Candidates:
        """As `/v1/ink` and `/v1/character` read it."""
        with desk.engine.place("short") as place:
            if written.picture is not None:
                data = _decoded(written.picture)
                found = await while_there(
                    request, place.run(lambda reader: reader.read_character(data, written.alphabet, written.n))
                )
            else:
                strokes = _points(written.strokes or [])
                found = await while_there(
                    request, place.run(lambda reader: reader.read_ink(strokes, written.n, alphabet=written.alphabet))
                )
        return Candidates(candidates=found)

    return router


def _points(strokes: list[PenStroke | Points]) -> list[list[tuple[float, ...]]]:
    return [
        [(p.x, p.y) if p.t is None else (p.x, p.y, p.t) for p in stroke.points]
        if isinstance(stroke, PenStroke)
        else [tuple(point) for point in stroke]
        for stroke in strokes
    ]


def _decoded(text: str) -> bytes:
    """The bytes of base64, also as a data: address. Raises PictureError."""
    try:
        return base64.b64decode(text.rpartition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError):
        raise PictureError("The picture is no base64: send its bytes encoded so.") from None


__all__ = ["project_router"]
