"""Small pages for the tests of the store: pictures and what a model may have read on them."""

import io
from collections.abc import Sequence

from PIL import Image

from tenarai.page.layout import Box, Character, Line, Page, Region

WIDTH, HEIGHT = 400, 600


def picture(shade: int = 255, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, shade).save(file, "PNG")
    return file.getvalue()


def line(text: str, row: int, confidence: float | None = 0.9, left: float = 20) -> Line:
    top = 20.0 + 50 * row
    characters = tuple(
        Character(c, Box(left + 10 * i, top, left + 10 * i + 10, top + 30), confidence, (("x", 0.05),))
        for i, c in enumerate(text)
    )
    box = Box(left, top, 380, top + 30)
    outline = ((left, top), (380, top), (380, top + 30), (left, top + 30))
    return Line(box, "horizontal", text, confidence, characters, outline)


def read_page(texts: Sequence[str], confidence: float | None = 0.9) -> Page:
    lines = tuple(line(text, row, confidence) for row, text in enumerate(texts))
    return Page(WIDTH, HEIGHT, (Region(Box(0, 0, WIDTH, HEIGHT), lines),))
