"""What is answered: the forms of replies as the OpenAPI names them, and one form for everything that goes wrong."""

import logging
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path
from starlette.types import Scope

from tenarai.errors import AlphabetError, DataError, PictureError, SettingsError, TenaraiError
from tenarai.page.layout import Line, Page, Region
from tenarai.serve.engine import BusyError, Engine, LateError, StoppingError

LEFT = 499  # the status in logs and metrics of a client that left, as nginx writes it
CODES: Mapping[int, str] = {
    400: "request", 403: "forbidden", 404: "not_found", 405: "method", 406: "format", 408: "slow", 409: "conflict",
    413: "too_large", 415: "media_type", 422: "value",
}  # fmt: skip
MEANT: tuple[tuple[type[TenaraiError], int, str], ...] = (
    (PictureError, 422, "picture"),
    (AlphabetError, 422, "alphabet"),
    (SettingsError, 422, "settings"),
    (DataError, 422, "data"),
    (BusyError, 503, "busy"),
    (StoppingError, 503, "stopping"),
    (LateError, 504, "deadline"),
)
Probability = Annotated[float, Field(ge=0, le=1)]
Corners = Annotated[tuple[float, float, float, float], Field(description="left, top, right, bottom, in pixels")]
Direction = Literal["horizontal", "vertical"]


class ClientLeftError(Exception):
    """The client has closed its connection."""


class ModelReply(BaseModel):
    """Which model read."""

    name: str
    version: Annotated[str, Field(description="The beginning of the SHA-256 of its file")]
    tenarai: Annotated[str, Field(description="The version of tenarai, with which the other models come")]


class CharacterForm(BaseModel):
    text: str
    box: Corners
    confidence: Probability | None
    alternatives: Annotated[list[tuple[str, Probability]], Field(description="Other readings, best first")]


class LineForm(BaseModel):
    box: Corners
    direction: Direction
    text: str
    confidence: Probability | None
    source: Annotated[str, Field(description="What found the line")]
    polygon: Annotated[list[tuple[float, float]], Field(description="Its outline, x and y in pixels")]
    characters: list[CharacterForm]


class RegionForm(BaseModel):
    box: Corners
    direction: Direction
    kind: str
    lines: list[LineForm]


class PageForm(BaseModel):
    """A page as `tenarai read -f json` writes it."""

    format: Literal["tenarai-page"]
    version: Literal[1]
    width: Annotated[int, Field(ge=0)]
    height: Annotated[int, Field(ge=0)]
    source: str
    notes: dict[str, str | float]
    regions: list[RegionForm]


class Reply(BaseModel):
    request: Annotated[str, Field(description="The id of the request, as in the header X-Request-Id and the logs")]
    model: ModelReply


class ReadReply(Reply):
    """Pages in their order, and all of their text."""

    text: str
    pages: list[PageForm]


class LineReply(Reply):
    line: LineForm


class CandidatesReply(Reply):
    candidates: Annotated[list[tuple[str, Probability]], Field(description="Readings, best first")]


class ErrorBody(BaseModel):
    code: Annotated[str, Field(description="For programs: picture, alphabet, value, busy, ...")]
    message: Annotated[str, Field(description="For people: one sentence")]


class ErrorReply(BaseModel):
    """What went wrong."""

    error: ErrorBody
    request: str


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an address may answer instead, for the OpenAPI."""
    told = {
        400: "The body is not what its type says.",
        401: "The token is missing or wrong.",
        403: "A page of another site has sent it, or it is addressed to another name.",
        404: "There is no such thing.",
        406: "There is no such format.",
        409: "It is not finished yet.",
        413: "Over the limit of bytes.",
        415: "No picture's media type.",
        422: "A picture, an option or a drawing that cannot be used.",
        429: "Too many requests from one address; see Retry-After.",
        500: "Something is wrong with the service.",
        503: "Too much is waiting; see Retry-After.",
        504: "Not read before the deadline.",
        507: "The disk is full: nothing was changed.",
    }
    return {status: {"model": ErrorReply, "description": told[status]} for status in statuses}


def request_id(scope: Scope) -> str:
    found: str = scope.get("state", {}).get("request_id", "")
    return found


def reply(request: Request, engine: Engine, **content: Any) -> JSONResponse:
    """A reply that says which request it answers and which model read."""
    name = engine.name
    model = {"name": name.name, "version": name.version, "tenarai": name.tenarai}
    return JSONResponse({"request": request_id(request.scope), "model": model, **content})


def line_form(line: Line) -> dict[str, Any]:
    """The plain JSON form of a line, as a page holds it."""
    page = Page(0, 0, (Region(line.box, (line,), line.direction),))
    form: dict[str, Any] = page.to_dict()["regions"][0]["lines"][0]
    return form


def error_reply(
    scope: Scope, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The one form of everything that goes wrong."""
    content = {"error": {"code": code, "message": message}, "request": request_id(scope)}
    return JSONResponse(content, status, dict(headers or {}))


def add_error_replies(app: FastAPI) -> None:
    """Errors become replies: those for people with their sentence, the others without anything of the inside."""

    @app.exception_handler(TenaraiError)
    async def meant(request: Request, error: TenaraiError) -> Response:
        for kind, status, code in MEANT:
            if isinstance(error, kind):
                wait = {"retry-after": str(math.ceil(error.wait))} if isinstance(error, BusyError) else None
                wait = {"retry-after": "5"} if isinstance(error, StoppingError) else wait
                return error_reply(request.scope, status, code, str(error), wait)
        logging.getLogger(__name__).error("an error that nobody expects of a request", exc_info=error)
        return error_reply(request.scope, 500, "internal", f"Something is wrong with this service: {error}")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return error_reply(request.scope, 422, "value", sentence(error))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = CODES.get(error.status_code, "request")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["allow"] = ", ".join(_methods(app, request.url.path)) or headers.get("Allow", "")
            headers.pop("Allow", None)
        return error_reply(request.scope, error.status_code, code, _said(request, error), headers)

    @app.exception_handler(ClientLeftError)
    @app.exception_handler(ClientDisconnect)
    async def left(request: Request, error: Exception) -> Response:
        return Response(status_code=LEFT)


def sentence(error: RequestValidationError) -> str:
    """What is wrong with a request's first wrong value."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in ("query", "body", "path")]
    name = ".".join(place) or "body"
    if first["type"] == "extra_forbidden":
        return f"There is no option {name[:100]!r}: see /docs."
    if first["type"] == "json_invalid":
        return "The body is no JSON."
    return f"{name[:100]}: {first['msg']}."


def _methods(app: FastAPI, path: str) -> list[str]:
    """What an address can be asked with: the router itself names those of the first route alone."""
    found = (set(about) for form, about in app.openapi()["paths"].items() if compile_path(form)[0].match(path))
    return sorted(method.upper() for method in set().union(*found))


def _said(request: Request, error: HTTPException) -> str:
    detail = str(error.detail)
    if error.status_code == 404 and detail == "Not Found":
        return f"There is nothing at {request.url.path[:200]}: see /docs."
    if error.status_code == 405 and detail == "Method Not Allowed":
        return f"{request.url.path[:200]} is not asked with {request.method}: see /docs."
    return detail
