"""Jobs, what changes while one watches, learning and the models that come of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field, StrictBool

from tenarai.serve.jobs.learning import FEWEST, NEEDS, is_installed, key_of
from tenarai.serve.jobs.reading import to_read
from tenarai.serve.jobs.request import Job, JobReadOptions, ReadRequest
from tenarai.serve.jobs.request import Request as JobRequest
from tenarai.serve.routes.project.desk import Desk
from tenarai.serve.routes.project.guard import Id, ProjectRoute, Sent, refusals
from tenarai.serve.store import ModelRow

RECENT = 50  # jobs that are shown
LOOK_S = 0.4  # between two looks at the jobs
STREAM_S = 30.0  # after which a listener has to come again, so that no stream outlives the service
AGAIN_MS = 500


class JobList(BaseModel):
    jobs: list[Job]


class Suspicious(BaseModel):
    """A correction that does not seem to stand in its picture."""

    line: int
    page: int
    text: str
    reason: str


class Learning(BaseModel):
    """What would be learnt from. `suspicious` is what the last check or learning found, of what still stands so;
    `checked` says whether it was of the corrections as they are now: a job of kind "check" makes it so."""

    lines: int
    pages: int
    writers: list[str]
    suspicious: list[Suspicious]
    checked: bool
    ready: bool
    message: str


class ModelList(BaseModel):
    models: list[ModelRow]


class Keeping(Sent):
    read: Annotated[StrictBool, Field(description="Read again what nobody has corrected.")] = False


class Kept(BaseModel):
    model: ModelRow
    job: Job | None = None


def work_router(desk: Desk) -> APIRouter:
    """`/api/jobs`, `/api/events`, `/api/learn`, `/api/models`."""
    router = APIRouter(tags=["jobs"], route_class=ProjectRoute)
    project, jobs = desk.project, desk.jobs

    @router.post("/jobs", summary="Ask for long work", status_code=202, responses=refusals(422, 503))
    def ask(request: Annotated[JobRequest, Body()]) -> Job:
        """`read` pages, `learn` from corrections, `check` them, `export` pages. It goes on when the service is
        restarted, and is done by a process beside it."""
        if isinstance(request, ReadRequest) and request.pages is None:
            # Now, so that pages added later do not shift what is left after a restart.
            request = request.model_copy(update={"pages": to_read(project)})
        return jobs.submit(request)

    @router.get("/jobs", summary="The newest jobs")
    def every() -> JobList:
        return JobList(jobs=jobs.ledger.jobs(RECENT))

    @router.get("/jobs/{job}", summary="How far a job is", responses=refusals(404))
    def one(job: Id) -> Job:
        return jobs.ledger.get(job)

    @router.delete("/jobs/{job}", summary="Cancel a job", responses=refusals(404))
    def cancel(job: Id) -> Job:
        """What it has done stays."""
        return jobs.cancel(job)

    @router.get("/events", summary="What changes", response_class=EventSourceResponse)
    async def events(
        last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """Server-sent events: `job` with a job, `page` with `{"id": ...}` of a page that was changed or read. A stream
        ends after half a minute, and browsers come back by themselves."""
        async for event in _events(desk, last_event_id):
            yield event

    @router.get("/learn", summary="What would be learnt from")
    def learning() -> Learning:
        return _learning(desk)

    @router.get("/models", summary="Models of the project")
    def models() -> ModelList:
        return ModelList(models=project.models())

    @router.post("/models/{model_id}/keep", summary="Read with a model from now on", responses=refusals(404, 409))
    def keep(model_id: Id, keeping: Keeping | None = None) -> Kept:
        row = project.keep_model(model_id)
        desk.use_active_model()
        again = ReadRequest(kind="read", pages=to_read(project), options=JobReadOptions(find=False))
        return Kept(model=row, job=jobs.submit(again) if keeping is not None and keeping.read else None)

    @router.post("/models/{model_id}/discard", summary="Throw a model away", responses=refusals(404, 409))
    def discard(model_id: Id) -> ModelRow:
        row = project.discard_model(model_id)
        desk.use_active_model()
        return row

    return router


async def _events(desk: Desk, last: str | None) -> AsyncIterator[ServerSentEvent]:
    seen: dict[int, Job] = {}
    at = int(last) if last is not None and last.isdecimal() and int(last) <= desk.changes.last else desk.changes.last
    until = asyncio.get_running_loop().time() + STREAM_S
    yield ServerSentEvent(comment="tenarai", retry=AGAIN_MS, id=str(at))
    while asyncio.get_running_loop().time() < until and not desk.engine.stopping:
        first = not seen
        for job in await run_in_threadpool(desk.jobs.ledger.jobs, RECENT):
            before = seen.get(job.id)
            seen[job.id] = job
            if job == before or (first and job.over):
                continue
            yield ServerSentEvent(event="job", data=job)
            page = (job.result or {}).get("page")
            if job.kind == "read" and page is not None and page != ((before and before.result) or {}).get("page"):
                yield ServerSentEvent(event="page", data={"id": page})
        now = desk.changes.last
        for page in desk.changes.since(at):
            yield ServerSentEvent(event="page", data={"id": page}, id=str(now))
        at = now
        await asyncio.sleep(LOOK_S)


def _learning(desk: Desk) -> Learning:
    lines = desk.project.corrections()
    known = {line.line_id: line for line in lines}
    done = [
        job
        for kind in ("check", "learn")
        for job in desk.jobs.ledger.jobs(1, kind, "done")
        if job.result is not None and "key" in job.result
    ]
    newest: dict[str, Any] = max(done, key=lambda job: job.id).result or {} if done else {}
    suspicious = [
        Suspicious(**told)
        for told in newest.get("suspicious", ())
        if told["line"] in known and known[told["line"]].text == told["text"]
    ]
    message = "" if is_installed() else NEEDS
    if not message and len(lines) < FEWEST:
        message = f"A hand is learnt from {FEWEST} corrected lines or more; there are {len(lines)}."
    return Learning(
        lines=len(lines),
        pages=len({line.page_id for line in lines}),
        writers=sorted({line.author for line in lines}),
        suspicious=suspicious,
        checked=newest.get("key") == key_of(lines),
        ready=not message,
        message=message,
    )
