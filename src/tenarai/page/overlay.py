"""A picture with what was found on it: boxes, the order in which lines are read, and their text. For looking at."""

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from tenarai.image.clean import Gray
from tenarai.page.layout import Box, Line, Page

LINE = {"horizontal": (214, 69, 65), "vertical": (31, 119, 180)}
REGION = (120, 170, 90)
TEXT = (0, 90, 60)
# Fonts with Japanese that systems have, by the names under which Pillow finds them; the first one there is taken.
FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansJP-Regular.otf", "NotoSansCJKjp-Regular.otf", "ipaexg.ttf", "ipag.ttf",
    "TakaoGothic.ttf", "VL-Gothic-Regular.ttf", "DroidSansFallbackFull.ttf", "Hiragino Sans GB.ttc",
    "ヒラギノ角ゴシック W3.ttc", "YuGothR.ttc", "YuGothM.ttc", "meiryo.ttc", "msgothic.ttc",
)  # fmt: skip
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def overlay(picture: Gray, page: Page) -> npt.NDArray[np.uint8]:
    """The picture `(height, width) uint8`, paled, with a page drawn on it: `(height, width, 3) uint8` RGB.

    Lines are framed, red where they run across, blue where they run down, and numbered in reading order; regions are
    framed in green. Text stands in the upper part of its line, each character at its place where that is known.
    """
    paled = np.uint8(255) - (np.uint8(255) - picture) // 2
    image = Image.fromarray(np.repeat(paled[:, :, None], 3, axis=2))
    draw = ImageDraw.Draw(image)
    thick = max(1, round(min(picture.shape) / 600))
    for region in page.regions:
        draw.rectangle(_rounded(region.box), outline=REGION, width=thick)
    for number, line in enumerate(page.lines, 1):
        colour = LINE[line.direction]
        if line.polygon:
            draw.line([*line.polygon, line.polygon[0]], fill=colour, width=thick)
        else:
            draw.rectangle(_rounded(line.box), outline=colour, width=thick)
        for text, x, y, size in _placed(line):
            draw.text((x, y), text, fill=TEXT, font=font(size))
        label = font(max(10, round(min(line.box.width, line.box.height) / 3)))
        box = draw.textbbox((line.box.left, line.box.top), str(number), font=label)
        draw.rectangle(box, fill=colour)
        draw.text((line.box.left, line.box.top), str(number), fill=(255, 255, 255), font=label)
    return np.asarray(image)


def png(picture: npt.NDArray[np.uint8]) -> bytes:
    """A picture as the bytes of a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _rounded(box: Box) -> tuple[int, int, int, int]:
    return round(box.left), round(box.top), round(box.right), round(box.bottom)


def _placed(line: Line) -> Sequence[tuple[str, float, float, int]]:
    """Pieces of text with their place and size in pixels."""
    down = line.direction == "vertical"
    size = min(200, max(9, round((line.box.width if down else line.box.height) * 0.4)))
    if line.characters:
        right = line.box.right - size
        return [(c.text, right if down else c.box.left, c.box.top if down else line.box.top, size)
                for c in line.characters]  # fmt: skip
    if not down:
        return [(line.text, line.box.left, line.box.top, size)]
    step = line.box.height / max(1, len(line.text))
    return [(c, line.box.right - size, line.box.top + step * place, size) for place, c in enumerate(line.text)]


@lru_cache(maxsize=64)
def font(size: int) -> Font:
    """A font with Japanese where the system has one, else Pillow's own, which shows boxes in place of Japanese."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def has_japanese() -> bool:
    """Whether the system has a font that can show Japanese."""
    return font(10).getname()[0] != ImageFont.load_default(10).getname()[0]  # type: ignore[union-attr]
