"""What every address of the project has in common: who changes something, whether it was this service's own page that
asked, and how the errors of the store are answered."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Depends, Header, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tenarai.errors import ModelFileError, TenaraiError
from tenarai.serve.door import SAFE_METHODS
from tenarai.serve.jobs.ledger import JobError, NoJob
from tenarai.serve.replies import ErrorReply, error_reply, request_id
from tenarai.serve.store import Conflict, Damaged, Full, Locked, Missing, Newer, Refused

LONGEST_AUTHOR = 100
OURS = "tenarai"
MEANT: tuple[tuple[type[TenaraiError], int, str], ...] = (
    (Missing, 404, "not_found"),
    (NoJob, 404, "not_found"),
    (Refused, 422, "value"),
    (Locked, 503, "locked"),
    (JobError, 503, "jobs"),
    (Full, 507, "full"),
    (Damaged, 500, "damaged"),
    (Newer, 500, "newer"),
    (ModelFileError, 500, "model"),
)
LATER = {503: {"retry-after": "2"}}
TOLD = {
    400: "The form or body is not what its type says.",
    403: "The header X-Requested-With is missing, or a page of another site asks.",
    404: "There is no such page, line, version, job, model or file.",
    409: "Somebody else was faster: `current` is what there is now.",
    413: "Over the limit of bytes.",
    422: "A value that cannot be.",
    503: "Too much waits, or the database is busy; see Retry-After.",
    504: "Not read before the deadline.",
    507: "The disk is full.",
}

Id = Annotated[int, Path(ge=1, lt=2**31)]
Number = Annotated[int, Field(ge=1, lt=2**31, strict=True)]  # of something, in JSON
ClientId = Annotated[
    str | None,
    Field(pattern=r"^[\w.:-]{1,64}$", description="A name for this change: sent again, it changes nothing more."),
]
Expected = Annotated[int, Field(ge=0, lt=2**31, strict=True, description="The version that the client has seen.")]


class ConflictReply(ErrorReply):
    """What went wrong, and the line, page or layout as it is now."""

    current: dict[str, Any] | None


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an address may answer instead, for the OpenAPI."""
    return {
        status: {"model": ConflictReply if status == 409 else ErrorReply, "description": TOLD[status]}
        for status in statuses
    }


class Sent(BaseModel):
    """What comes in: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def same_site(
    request: Request,
    x_requested_with: Annotated[
        str | None, Header(description=f"{OURS}, for everything that changes something.")
    ] = None,
) -> None:
    """Changes are taken from who can set a header, which a page of another site cannot (OWASP, CSRF)."""
    if request.method not in SAFE_METHODS and x_requested_with != OURS:
        raise HTTPException(403, f"What changes something needs the header X-Requested-With: {OURS}.")


def _author(
    x_author: Annotated[
        str, Header(description="Who changes it; letters other than Latin ones percent-encoded.", max_length=1000)
    ] = "me",
) -> str:
    name = "".join(c for c in unquote(x_author) if c.isprintable()).strip()
    return name[:LONGEST_AUTHOR] or "me"


Author = Annotated[str, Depends(_author)]


class ProjectRoute(APIRoute):
    """Answers what the store and the jobs refuse, in the one form of errors."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except Conflict as error:
                return _conflict(request, error)
            except TenaraiError as error:
                for kind, status, code in MEANT:
                    if isinstance(error, kind):
                        return error_reply(request.scope, status, code, str(error), LATER.get(status))
                raise

        return handled


def _conflict(request: Request, error: Conflict) -> JSONResponse:
    current = error.current
    shown = None if current is None else TypeAdapter(type(current)).dump_python(current, mode="json")
    content = {"error": {"code": "conflict", "message": str(error)}, "request": request_id(request.scope)}
    return JSONResponse({**content, "current": shown}, 409)


def not_modified(request: Request, etag: str) -> bool:
    """Whether the client has it already (RFC 9110, 13.1.2)."""
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
