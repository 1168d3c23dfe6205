"""Pen strokes of characters: KanjiVG (from the `kanjivg` package) and stroke files, as polylines in the em square.

KanjiVG by Ulrich Apel, CC BY-SA 3.0, https://kanjivg.tagaini.net.
"""

import gzip
import itertools
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError

Points = npt.NDArray[np.float32]  # (n, 2), x right, y down, the em square is 0..1
Strokes = tuple[Points, ...]

KANJIVG_EM = 109.0
STEP = 0.06  # polyline step in em: a 40 px character shows nothing finer than 2-3 px


class StrokeSource(Protocol):
    """Where a hand takes its characters from."""

    def strokes(self, character: str) -> Strokes | None: ...


def _dots(*centres: tuple[float, float], radius: float = 0.012) -> Strokes:
    return tuple(np.array([(x - radius, y - radius), (x + radius, y + radius)], np.float32) for x, y in centres)


def _lines(*strokes: tuple[tuple[float, float], ...]) -> Strokes:
    return tuple(resampled(np.array(stroke, np.float32)) for stroke in strokes)


def resampled(points: Points, step: float = STEP) -> Points:
    """The same polyline with corners kept at most `step` apart; at least two points."""
    if len(points) < 2:
        return np.repeat(points, 2, axis=0) + np.array([[0, 0], [0.01, 0.01]], np.float32)
    out = [points[:1]]
    for a, b in itertools.pairwise(points):
        n = max(1, int(np.ceil(float(np.hypot(*(b - a))) / step)))
        out.append(a + (b - a) * (np.arange(1, n + 1, dtype=np.float32)[:, None] / n))
    return np.concatenate(out).astype(np.float32)


def _circle(x: float, y: float, radius: float) -> Points:
    turn = np.linspace(-np.pi / 2, 1.5 * np.pi, 13, dtype=np.float32)
    return np.stack((x + radius * np.cos(turn), y + radius * np.sin(turn)), axis=1).astype(np.float32)


def _marks() -> dict[str, Strokes]:
    """Punctuation, which KanjiVG leaves out, as a pen writes it in horizontal text."""
    corner = ((0.75, 0.15), (0.5, 0.15), (0.5, 0.6))
    end_corner = ((0.5, 0.4), (0.5, 0.85), (0.25, 0.85))
    wave = tuple((0.1 + 0.08 * i, 0.5 - 0.1 * float(np.sin(i * 0.63))) for i in range(11))
    bow = tuple((0.62 - 0.22 * float(np.sin(i * np.pi / 8)), 0.08 + 0.105 * i) for i in range(9))
    bow_back = tuple((1 - x, y) for x, y in bow)
    return {
        "。": (_circle(0.2, 0.82, 0.09),),
        "、": _lines(((0.12, 0.76), (0.24, 0.9))),
        "，": _lines(((0.2, 0.78), (0.14, 0.95))),
        "．": _dots((0.2, 0.87)),
        "・": _dots((0.5, 0.5), radius=0.02),
        "：": _dots((0.5, 0.35), (0.5, 0.7), radius=0.02),
        "；": _dots((0.5, 0.35)) + _lines(((0.5, 0.7), (0.45, 0.85))),
        "？": _lines(((0.3, 0.28), (0.38, 0.14), (0.58, 0.12), (0.7, 0.26), (0.6, 0.42), (0.48, 0.56), (0.48, 0.68)))
        + _dots((0.48, 0.85)),
        "！": _lines(((0.5, 0.1), (0.49, 0.66))) + _dots((0.49, 0.86)),
        "「": _lines(corner),
        "」": _lines(end_corner),
        "『": _lines(corner, ((0.75, 0.24), (0.6, 0.24), (0.6, 0.6), (0.5, 0.6))),
        "』": _lines(end_corner, ((0.5, 0.4), (0.4, 0.4), (0.4, 0.76), (0.25, 0.76))),
        "（": _lines(bow),
        "）": _lines(bow_back),
        "〈": _lines(((0.68, 0.1), (0.4, 0.5), (0.68, 0.9))),
        "〉": _lines(((0.32, 0.1), (0.6, 0.5), (0.32, 0.9))),
        "【": _lines(((0.72, 0.1), (0.4, 0.1), (0.4, 0.9), (0.72, 0.9)), ((0.5, 0.1), (0.5, 0.9))),
        "】": _lines(((0.28, 0.1), (0.6, 0.1), (0.6, 0.9), (0.28, 0.9)), ((0.5, 0.1), (0.5, 0.9))),
        "〜": _lines(wave),
        "—": _lines(((0.02, 0.5), (0.98, 0.5))),
        "…": _dots((0.2, 0.5), (0.5, 0.5), (0.8, 0.5)),
        "‥": _dots((0.3, 0.5), (0.7, 0.5)),
        "＝": _lines(((0.15, 0.4), (0.85, 0.4)), ((0.15, 0.6), (0.85, 0.6))),
        "○": (_circle(0.5, 0.5, 0.36),),
        "〇": (_circle(0.5, 0.5, 0.36),),
        "◎": (_circle(0.5, 0.5, 0.38), _circle(0.5, 0.5, 0.2)),
        "□": _lines(
            ((0.15, 0.15), (0.15, 0.85)), ((0.15, 0.15), (0.85, 0.15), (0.85, 0.85)), ((0.15, 0.85), (0.85, 0.85))
        ),
        "△": _lines(((0.5, 0.12), (0.1, 0.85), (0.9, 0.85), (0.5, 0.12))),
        "×": _lines(((0.2, 0.2), (0.8, 0.8)), ((0.8, 0.2), (0.2, 0.8))),
        "※": _lines(((0.2, 0.2), (0.8, 0.8)), ((0.8, 0.2), (0.2, 0.8)))
        + _dots((0.5, 0.2), (0.5, 0.8), (0.2, 0.5), (0.8, 0.5)),
        "→": _lines(((0.08, 0.5), (0.92, 0.5)), ((0.7, 0.32), (0.92, 0.5), (0.7, 0.68))),
        "←": _lines(((0.92, 0.5), (0.08, 0.5)), ((0.3, 0.32), (0.08, 0.5), (0.3, 0.68))),
        "↑": _lines(((0.5, 0.92), (0.5, 0.08)), ((0.32, 0.3), (0.5, 0.08), (0.68, 0.3))),
        "↓": _lines(((0.5, 0.08), (0.5, 0.92)), ((0.32, 0.7), (0.5, 0.92), (0.68, 0.7))),
        "〒": _lines(((0.15, 0.2), (0.85, 0.2)), ((0.12, 0.45), (0.88, 0.45)), ((0.5, 0.45), (0.5, 0.92))),
        "-": _lines(((0.3, 0.55), (0.7, 0.55))),
        "/": _lines(((0.75, 0.1), (0.25, 0.92))),
        "(": _lines(bow),
        ")": _lines(bow_back),
        ",": _lines(((0.48, 0.8), (0.42, 0.97))),
        ".": _dots((0.45, 0.86)),
        "'": _lines(((0.5, 0.1), (0.47, 0.26))),
        ":": _dots((0.5, 0.42), (0.5, 0.84)),
        "!": _lines(((0.5, 0.1), (0.49, 0.66))) + _dots((0.49, 0.86)),
        "+": _lines(((0.2, 0.52), (0.8, 0.52)), ((0.5, 0.22), (0.5, 0.82))),
        "=": _lines(((0.2, 0.42), (0.8, 0.42)), ((0.2, 0.62), (0.8, 0.62))),
        "%": (_circle(0.25, 0.3, 0.13), _circle(0.75, 0.72, 0.13), *_lines(((0.75, 0.12), (0.25, 0.9)))),
    }


class KanjiVG:
    """Strokes of 6,700 characters, read from the installed `kanjivg` package as they are asked for.

    Raises DataError when the package is not installed.
    """

    def __init__(self) -> None:
        try:
            listed = files("kanjivg") or []
        except PackageNotFoundError:
            raise DataError('The pen strokes are not installed: run pip install "tenarai[train]".') from None
        folder = next((Path(str(f.locate())).parent for f in listed if f.name == "04e00.svg"), None)
        if folder is None:
            raise DataError("The installed kanjivg package has no kanji/04e00.svg: reinstall it.")
        self._folder = folder
        self._known: dict[str, Strokes | None] = dict(_marks())

    def strokes(self, character: str) -> Strokes | None:
        """The strokes in writing order, or None for a character that KanjiVG does not have."""
        if character not in self._known:
            path = self._folder / f"{ord(character):05x}.svg"
            self._known[character] = _svg_strokes(path.read_text("utf-8")) if path.exists() else None
        return self._known[character]


_PATH = re.compile(r'<path[^>]*\sd="([^"]+)"')
_TOKEN = re.compile(r"([MmCcSsLl])|(-?\d*\.?\d+)")


def _svg_strokes(svg: str) -> Strokes:
    return tuple(_path_points(path) / np.float32(KANJIVG_EM) for path in _PATH.findall(svg))


def _path_points(path: str) -> Points:
    """A path of M, C and S segments (all that KanjiVG uses) as a polyline in its own units."""
    tokens = _TOKEN.findall(path)
    here, control = np.zeros(2), np.zeros(2)
    points: list[npt.NDArray[np.float64]] = []
    command, i = "M", 0

    def pair(relative: bool) -> npt.NDArray[np.float64]:
        nonlocal i
        value = np.array([float(tokens[i][1]), float(tokens[i + 1][1])])
        i += 2
        return value + here if relative else value

    while i < len(tokens):
        if tokens[i][0]:
            command = tokens[i][0]
            i += 1
            continue
        relative = command.islower()
        if command in "Mm":
            here = pair(relative)
            control = here
            points.append(here)
            command = "l" if relative else "L"
        elif command in "Ll":
            here = pair(relative)
            control = here
            points.append(here)
        else:
            first = pair(relative) if command in "Cc" else 2 * here - control
            second = pair(relative)
            end = pair(relative)
            length = float(np.hypot(*(first - here)) + np.hypot(*(second - first)) + np.hypot(*(end - second)))
            n = max(2, int(np.ceil(length / (STEP * KANJIVG_EM))))
            t = np.arange(1, n + 1)[:, None] / n
            points.extend((1 - t) ** 3 * here + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end)
            here, control = end, second
    return np.array(points, np.float32)


@dataclass(frozen=True)
class StrokeFile:
    """Characters drawn by real pens: JSON lines `{"char", "writer", "strokes": [[[x, y(, t)], ...], ...]}`, gz or not.

    Each drawing is scaled to the em square by its own box. `writer` limits it to one writer's characters.
    """

    path: Path
    writer: str | None = None

    @cached_property
    def drawings(self) -> dict[str, list[Strokes]]:
        """Every drawing of each character, in the order of the file. Raises DataError for a file not of this form."""
        found: dict[str, list[Strokes]] = {}
        for _, character, strokes in self._rows:
            found.setdefault(character, []).append(strokes)
        return found

    @cached_property
    def by_writer(self) -> dict[str, dict[str, list[Strokes]]]:
        """The drawings of everybody who drew in this file, sorted by their names; "" where a drawing names nobody."""
        found: dict[str, dict[str, list[Strokes]]] = {}
        for writer, character, strokes in self._rows:
            found.setdefault(writer, {}).setdefault(character, []).append(strokes)
        return dict(sorted(found.items()))

    @cached_property
    def _rows(self) -> list[tuple[str, str, Strokes]]:
        """Writer, character and strokes of every drawing."""
        rows = []
        for number, line in enumerate(self._lines(), 1):
            try:
                row = json.loads(line)
                writer = str(row.get("writer") or "")
                if self.writer in (None, writer):
                    raw = [np.array([p[:2] for p in s], np.float32) for s in row["strokes"] if s]
                    character = row["char"]
                    if not isinstance(character, str):
                        raise TypeError(f"char is {character!r}")
                    rows.append((writer, character, _fitted(raw)))
            except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
                raise DataError(f"{self.path}: line {number} is not a drawing of pen strokes ({error}).") from None
        return rows

    def _lines(self) -> Iterator[str]:
        try:
            packed = self.path.read_bytes()
            yield from (gzip.decompress(packed) if self.path.suffix == ".gz" else packed).decode("utf-8").splitlines()
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            raise DataError(f"{self.path} cannot be read as a stroke file: {error}.") from None

    def strokes(self, character: str) -> Strokes | None:
        drawings = self.drawings.get(character)
        return drawings[0] if drawings else None


def _fitted(strokes: list[Points], side: float = 0.84) -> Strokes:
    """Strokes scaled by their common box to `side` of the em square, centred, shape kept, points thinned."""
    every = np.concatenate(strokes)
    low, high = every.min(axis=0), every.max(axis=0)
    extent = max(float((high - low).max()), 1e-3)
    middle = (low + high) / 2
    thinned = []
    for stroke in strokes:
        points = (stroke - middle) / extent * side + 0.5
        kept = [points[0]]
        for point in points[1:-1]:
            if float(np.hypot(*(point - kept[-1]))) >= STEP * 0.6:
                kept.append(point)
        if len(points) > 1:
            kept.append(points[-1])
        thinned.append(resampled(np.array(kept, np.float32)))
    return tuple(thinned)
