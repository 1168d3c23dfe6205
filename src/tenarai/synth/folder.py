"""Made-up lines and pages on disk: pictures with their text beside them, and a contact sheet to look at."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np

from tenarai.errors import DataError
from tenarai.page.formats import write_layout
from tenarai.synth.fonts import Ink
from tenarai.synth.hand import Rng
from tenarai.synth.page import SyntheticPage


class Pictured(Protocol):
    """A picture."""

    @property
    def picture(self) -> Ink: ...


class Written(Pictured, Protocol):
    """A picture and its text."""

    @property
    def text(self) -> str: ...


T = TypeVar("T", bound=Pictured)


def write_lines(draw: Callable[[Rng], Written], out: Path, count: int, seed: int) -> list[str]:
    """Draws `count` lines into `out` as 00000.png and 00000.gt.txt, ...; the names of the pictures.

    Raises DataError when the folder cannot be written.
    """
    return _write(draw, lambda line, _: {".gt.txt": (line.text + "\n").encode()}, out, count, seed)


def write_pages(draw: Callable[[Rng], SyntheticPage], out: Path, count: int, seed: int) -> list[str]:
    """Draws `count` pages into `out` as 00000.png and 00000.xml (PAGE), ...; the names of the pictures.

    Raises DataError when the folder cannot be written.
    """

    def layout(drawn: SyntheticPage, name: str) -> dict[str, bytes]:
        return {".xml": write_layout(replace(drawn.page, source=name), "pagexml")}

    return _write(draw, layout, out, count, seed)


def _write(
    draw: Callable[[Rng], T], beside: Callable[[T, str], dict[str, bytes]], out: Path, count: int, seed: int
) -> list[str]:
    names = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            # Everything has a seed of its own: asking for more keeps the first ones.
            drawn = draw(np.random.default_rng((seed, number)))
            name = f"{number:05d}.png"
            (out / name).write_bytes(cv2.imencode(".png", drawn.picture)[1].tobytes())
            for suffix, content in beside(drawn, name).items():
                (out / name).with_suffix(suffix).write_bytes(content)
            names.append(name)
    except OSError as error:
        raise DataError(f"{out} cannot be written to: {error.strerror}.") from None
    return names


def write_sheet(pictures: list[Path], path: Path, gap: int = 6, width: int = 1400) -> None:
    """All pictures on one, shelf by shelf, on gray."""
    inks = [
        np.asarray(cv2.imdecode(np.frombuffer(p.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
        for p in pictures
    ]
    shelves: list[list[Ink]] = [[]]
    across = 0
    # Tall columns stand together, long lines lie together: by height, shelves waste little.
    for ink in sorted(inks, key=lambda i: i.shape[0]):
        if shelves[-1] and across + ink.shape[1] + gap > width:
            shelves.append([])
            across = 0
        shelves[-1].append(ink)
        across += ink.shape[1] + gap
    height = sum(max(i.shape[0] for i in shelf) + gap for shelf in shelves) + gap
    widest = max(width, max(i.shape[1] for i in inks) + 2 * gap)
    sheet = np.full((height, widest), 160, np.uint8)
    y = gap
    for shelf in shelves:
        x = gap
        for ink in shelf:
            sheet[y : y + ink.shape[0], x : x + ink.shape[1]] = ink[:, : widest - x]
            x += ink.shape[1] + gap
        y += max(i.shape[0] for i in shelf) + gap
    path.write_bytes(cv2.imencode(".png", sheet)[1].tobytes())
