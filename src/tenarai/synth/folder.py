"""Made-up lines on disk: pictures with their text beside them, and a contact sheet to look at."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from tenarai.errors import DataError
from tenarai.synth.fonts import Ink
from tenarai.synth.hand import Rng


class Written(Protocol):
    """A picture and its text."""

    @property
    def picture(self) -> Ink: ...
    @property
    def text(self) -> str: ...


def write_lines(draw: Callable[[Rng], Written], out: Path, count: int, seed: int) -> list[str]:
    """Draws `count` lines into `out` as 00000.png and 00000.gt.txt, ...; the names of the pictures.

    Raises DataError when the folder cannot be written.
    """
    names = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            # Every line has its own seed: asking for more lines keeps the first ones.
            line = draw(np.random.default_rng((seed, number)))
            name = f"{number:05d}.png"
            (out / name).write_bytes(cv2.imencode(".png", line.picture)[1].tobytes())
            (out / name).with_suffix(".gt.txt").write_text(line.text + "\n", encoding="utf-8")
            names.append(name)
    except OSError as error:
        raise DataError(f"Lines cannot be written to {out}: {error.strerror}.") from None
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
