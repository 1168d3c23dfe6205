"""`/v1`: pictures in, text out. The same reader, the same options, the same text as in `tenarai read`."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tenarai.image.clean import Gray
from tenarai.image.read import Limits, camera_turn, read_pictures
from tenarai.page.formats import write_layout
from tenarai.page.layout import Page
from tenarai.reader import Reader
from tenarai.serve.engine import Engine, Place
from tenarai.serve.options import ALONE, MEDIA, ZIP, CharacterOptions, Form, LineOptions, ReadOptions, form_of
from tenarai.serve.replies import CandidatesReply, LineReply, ReadReply, line_form, refusals, reply
from tenarai.serve.uploads import Upload, given_picture, picture_body, while_there
from tenarai.serve.watch import Figures

REFUSALS = refusals(400, 413, 415, 422, 429, 503, 504)
Coordinate = Annotated[float, Field(strict=True, ge=-1e9, le=1e9, allow_inf_nan=False)]


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PenPoint(_Plain):
    """Where the pen was: x to the right, y down, t in any unit of time."""

    x: Coordinate
    y: Coordinate
    t: Coordinate | None = None


class PenStroke(_Plain):
    points: Annotated[list[PenPoint], Field(min_length=1)]


Points = Annotated[list[Annotated[list[Coordinate], Field(min_length=2, max_length=3)]], Field(min_length=1)]


class Drawing(_Plain):
    """Pen strokes, as of the WICG Handwriting Recognition API or as lists of points."""

    strokes: Annotated[list[PenStroke | Points], Field(min_length=1)]


CROSS = {"strokes": [[[10, 50], [90, 50]], [[50, 10], [50, 90]]]}


@dataclass(frozen=True, slots=True)
class Read:
    """A page that was read, and what a PDF of it shows: the file as it came, or the page as it was drawn of it."""

    page: Page
    picture: bytes | Gray | None = None


def reading_router(engine: Engine, figures: Figures) -> APIRouter:
    """Lines, characters, ink and pages."""
    router = APIRouter(prefix="/v1", tags=["read"], responses=REFUSALS)

    @router.post(
        "/read",
        summary="Pages",
        response_class=Response,
        openapi_extra=picture_body(),
        responses={200: read_forms(), **refusals(406)},
    )
    async def read(request: Request, options: Annotated[ReadOptions, Query()]) -> Response:
        """A picture, a TIFF or a PDF: its pages with lines, characters and text, in any format that tenarai writes."""
        form = form_of(options.format, request.headers.get("accept", ""))
        if form is None:
            raise HTTPException(406, f"None of that is written here: accept {', '.join(MEDIA.values())}.")
        with engine.place("long") as place:
            given = await given_picture(request, place)

            async def doing() -> Response:
                pages = pages_of(place, given, options.known(), engine.settings.limits)
                found = [read async for read in pages]
                figures.read(*(line for read in found for line in read.page.lines), pages=len(found))
                return await place.run(lambda _: answer(request, engine, found, form))

            return await while_there(request, doing())

    @router.post(
        "/line", summary="One line", response_class=Response, openapi_extra=picture_body(pdf=False),
        responses={200: {"model": LineReply, "description": "The line"}},
    )  # fmt: skip
    async def line(request: Request, options: Annotated[LineOptions, Query()]) -> Response:
        """A picture of one line, or of one field of a form."""
        with engine.place("short") as place:
            given, how = await given_picture(request, place), options.model_dump()
            found = await while_there(request, place.run(lambda reader: reader.read_line(given.data, **how)))
        figures.read(found)
        return reply(request, engine, line=line_form(found))

    @router.post(
        "/character", summary="One character", response_class=Response, openapi_extra=picture_body(pdf=False),
        responses={200: {"model": CandidatesReply, "description": "What it may be"}},
    )  # fmt: skip
    async def character(request: Request, options: Annotated[CharacterOptions, Query()]) -> Response:
        """A picture of a single character: the likeliest ones with their probabilities."""
        with engine.place("short") as place:
            given, how = await given_picture(request, place), options.model_dump()
            found = await while_there(request, place.run(lambda reader: reader.read_character(given.data, **how)))
        return reply(request, engine, candidates=found)

    @router.post(
        "/ink", summary="Pen strokes", response_class=Response,
        responses={200: {"model": CandidatesReply, "description": "What it may be"}},
        openapi_extra={"requestBody": {"content": {"application/json": {"example": CROSS}}}},
    )  # fmt: skip
    async def ink(request: Request, drawing: Drawing, options: Annotated[CharacterOptions, Query()]) -> Response:
        """What a pen wrote: one character, or a line where the strokes are much wider or taller than one."""
        strokes = [
            [(p.x, p.y) if p.t is None else (p.x, p.y, p.t) for p in stroke.points]
            if isinstance(stroke, PenStroke)
            else stroke
            for stroke in drawing.strokes
        ]
        how = options.model_dump()
        with engine.place("short") as place:
            found = await while_there(request, place.run(lambda reader: reader.read_ink(strokes, **how)))
        return reply(request, engine, candidates=found)

    return router


async def pages_of(place: Place, given: Upload, how: dict[str, Any], limits: Limits) -> AsyncIterator[Read]:
    """The pages of a file, each a piece of work of its own, so that those of others come between them."""
    frames, number = read_pictures(given.data, limits), 0
    while (gray := await place.run(lambda _: next(frames, None))) is not None:
        number += 1
        page = await place.run(partial(_read, gray=gray, how=how))
        if how.get("explain"):
            page = replace(page, notes=(("turn", camera_turn(given.data)), *page.notes[1:]))
        original = number == 1 and b"%PDF-" not in given.data[:1024]
        source = given.name if number == 1 else f"{given.name}#{number}"
        yield Read(replace(page, source=source), given.data if original else gray)


def _read(reader: Reader, gray: Gray, how: dict[str, Any]) -> Page:
    return reader.read(gray, **how)


def answer(request: Request, engine: Engine, found: Sequence[Read], form: Form) -> Response:
    """Pages in the form that was asked for."""
    if form != "json":
        return written(found, form)
    text = "\n".join(read.page.text for read in found)
    return reply(request, engine, text=text, pages=[read.page.to_dict() for read in found])


def written(found: Sequence[Read], form: Form) -> Response:
    """Pages as a file of one of the formats; a ZIP of several where the format holds one."""
    pages, pictures = [read.page for read in found], [read.picture for read in found]
    if form in ALONE and len(pages) > 1:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, page in enumerate(pages, 1):
                archive.writestr(f"{number}{ALONE[form]}", write_layout(page, form))
        return Response(held.getvalue(), media_type=ZIP)
    return Response(write_layout(pages, form, pictures), media_type=MEDIA[form])


def read_forms() -> dict[str, Any]:
    """What pages come back as, for the OpenAPI."""
    file, form = {"type": "string", "format": "binary"}, {"type": "object"}
    others = [media for media in (*MEDIA.values(), ZIP) if media != MEDIA["json"]]
    content = {media: {"schema": form if media.endswith("+json") else file} for media in others}
    return {"model": ReadReply, "description": "The pages", "content": content}
