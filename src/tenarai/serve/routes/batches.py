"""`/v1/jobs`: many pages, sent once and fetched when they are read."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tenarai.image.read import Limits
from tenarai.page.layout import Page
from tenarai.serve.batches import Batch, Batches
from tenarai.serve.engine import Engine
from tenarai.serve.options import MEDIA, Form, PageOptions, form_of
from tenarai.serve.replies import Reply, refusals, reply
from tenarai.serve.routes.reading import Read, answer, pages_of, read_forms
from tenarai.serve.uploads import Upload, given_pictures, picture_body, while_there
from tenarai.serve.watch import Figures

MOST_FILES = 1_000  # of one form, each a file on disk while it comes in
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="As the answer to sending it has it.")]


class RefusedFile(BaseModel):
    """A file that could not be read, counted from 1, and why."""

    number: int
    name: str
    reason: str


class JobForm(BaseModel):
    id: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: Annotated[int, Field(description="Files that are read, or refused")]
    total: Annotated[int, Field(description="Files")]
    pages: Annotated[int, Field(description="Pages that were read so far")]
    refused: list[RefusedFile]
    created: str
    finished: str | None


class JobReply(Reply):
    job: JobForm


class ResultOptions(BaseModel):
    """As what pages come back. A PDF would need their pictures, which are not kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Annotated[Form | None, Field(description="As what; by the header Accept if left out.")] = None


def batches_router(engine: Engine, batches: Batches, figures: Figures) -> APIRouter:
    """Sending, asking, fetching and stopping."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"], responses=refusals(400, 422, 429))
    told: dict[str, Any] = {"model": JobReply, "description": "The job"}

    @router.post(
        "",
        summary="Many pages",
        status_code=202,
        response_class=Response,
        openapi_extra=picture_body("pictures", several=True),
        responses={202: told, **refusals(413, 415, 503)},
    )
    async def send(request: Request, options: Annotated[PageOptions, Query()]) -> Response:
        """Pictures, TIFFs and PDFs: read one page after the other, while others are answered. Kept for an hour."""
        with engine.place("long") as place:
            given = await given_pictures(request, place, "pictures", MOST_FILES)
            batch = await batches.add(given, lambda upload: _pages(engine, upload, options.known(), figures))
        found = reply(request, engine, job=batch.form())
        found.status_code, found.headers["location"] = 202, f"/v1/jobs/{batch.id}"
        return found

    def known(name: str) -> Batch:
        batch = batches.get(name)
        if batch is None:
            raise HTTPException(404, "There is no such job; a finished one is kept for an hour.")
        return batch

    @router.get("/{job}", summary="How far", response_class=Response, responses={200: told, **refusals(404)})
    async def ask(request: Request, job: JobId) -> Response:
        """How much of it is done."""
        return reply(request, engine, job=known(job).form())

    @router.get(
        "/{job}/result", summary="Its pages", response_class=Response,
        responses={200: read_forms(), **refusals(404, 406, 409, 503, 504)},
    )  # fmt: skip
    async def fetch(request: Request, job: JobId, options: Annotated[ResultOptions, Query()]) -> Response:
        """The pages of a job that is done, in any format but PDF."""
        batch, form = known(job), form_of(options.format, request.headers.get("accept", ""))
        if form is None or form == "pdf":
            raise HTTPException(406, f"Choose one of {', '.join(name for name in MEDIA if name != 'pdf')}.")
        if batch.finished is None:
            raise HTTPException(409, f"The job is not done: {batch.done} of {len(batch.names)} files are read.")
        found = [Read(page) for page in batch.pages]
        with engine.place("long") as place:
            return await while_there(request, place.run(lambda _: answer(request, engine, found, form)))

    @router.delete("/{job}", summary="Stop", response_class=Response, responses={200: told, **refusals(404)})
    async def stop(request: Request, job: JobId) -> Response:
        """Stops it before its next line, and forgets what is read."""
        batch = known(job)
        batches.remove(batch)
        return reply(request, engine, job=batch.form())

    return router


async def _pages(engine: Engine, upload: Upload, how: dict[str, Any], figures: Figures) -> AsyncIterator[Page]:
    settings, place = engine.settings, engine.place_beside("long")
    limits = Limits(settings.max_bytes, settings.max_pixels, settings.max_job_pages)
    async for read in pages_of(place, upload, how, limits):
        figures.read(*read.page.lines, pages=1)
        yield read.page
        place.renew()
