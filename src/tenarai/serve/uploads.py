"""Pictures as they come in: the body itself, or a form with files. Their names tell pages apart, and nothing else."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile

from tenarai.serve.engine import Place
from tenarai.serve.replies import ClientLeftError

T = TypeVar("T")

FORM = "multipart/form-data"
PDF = "application/pdf"
IMAGES = ("image/png", "image/jpeg", "image/webp", "image/tiff")
ANY = "application/octet-stream"
LONGEST_NAME = 200  # characters that are kept of a name


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, and the last part of its name."""

    data: bytes
    name: str = ""


def picture_body(field: str = "picture", pdf: bool = True, several: bool = False) -> dict[str, Any]:
    """A request body for the OpenAPI: the picture itself, or a form."""
    file: dict[str, Any] = {"type": "string", "format": "binary"}
    held = {"type": "array", "items": file, "minItems": 1} if several else file
    form = {"type": "object", "properties": {field: held}, "required": [field]}
    kinds = () if several else (*IMAGES, *((PDF,) if pdf else ()))
    content = {kind: {"schema": file} for kind in kinds} | {FORM: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


async def given_picture(request: Request, place: Place, field: str = "picture") -> Upload:
    """The picture of a request. Raises HTTPException for another body and one that comes too slowly, ClientDisconnect
    for one that is cut off."""
    kind = _kind(request)
    if kind == FORM:
        (picture,) = await given_pictures(request, place, field, most=1)
        return picture
    if kind and not kind.startswith("image/") and kind not in (PDF, ANY):
        raise HTTPException(415, f"{kind[:100]} is no picture: send an image, a PDF, or a form with it as {field!r}.")
    return Upload(await _in_time(request.body(), place))


async def given_pictures(request: Request, place: Place, field: str, most: int) -> list[Upload]:
    """The files of a form. Raises as `given_picture` does."""
    if _kind(request) != FORM:
        raise HTTPException(415, f"Send a form ({FORM}) with the pictures as {field!r}.")
    form = await _in_time(request.form(max_files=most, max_fields=10), place)
    try:
        wrong = [key for key, value in form.multi_items() if key != field or not isinstance(value, UploadFile)]
        if wrong or not form:
            raise HTTPException(422, f"The form needs a file {field!r}{f', not {wrong[0][:100]!r}' if wrong else ''}.")
        files = [value for value in form.getlist(field) if isinstance(value, UploadFile)]
        return [Upload(await file.read(), last_part(file.filename or "")) for file in files]
    finally:
        await form.close()


def last_part(name: str) -> str:
    """What may be shown of a name that a stranger gave: its last part, without what cannot be printed."""
    return "".join(c for c in PureWindowsPath(name).name if c.isprintable())[:LONGEST_NAME]


async def while_there(request: Request, doing: Coroutine[Any, Any, T]) -> T:
    """What is done, as long as the client waits for it. Its body must have been read. Raises ClientLeftError."""
    work = asyncio.ensure_future(doing)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientLeftError
        return work.result()
    finally:
        leaving.cancel()
        work.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _in_time(coming: Any, place: Place) -> Any:
    try:
        async with asyncio.timeout(place.left):
            return await coming
    except TimeoutError:
        raise HTTPException(408, "The picture comes in too slowly.") from None


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
