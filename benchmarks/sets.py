"""What both tables share: the public test sets, the figures to reach, and on what machine a table was made."""

import gzip
import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from tenarai import Reader
from tenarai.dataset.pairs import LinePair, read_pairs
from tenarai.errors import DataError
from tenarai.evaluate.report import Reading
from tenarai.image.ink import draw_ink

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"

HANDS = ("kiloji", "zen-kurenaido", "yuji-mai")
DIRECTIONS: tuple[Literal["horizontal", "vertical"], ...] = ("horizontal", "vertical")
HELD_OUT_WRITERS = 16  # of the training part of lines_copiste, as recipes/reader.toml holds them out

PAD = 1000.0  # units: side of the square that the pen strokes were written into
PICTURE = 80  # pixels: side of that square when it is drawn, so that a character is about 64 pixels large
PEN = 3  # pixels
FINER = 4  # strokes are drawn so many times larger and averaged, which makes soft edges


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach. Error rates and costs must not lie above it, accuracies not below it."""

    least: float
    aim: float | None = None
    higher_is_better: bool = False

    def verdict(self, value: float) -> str:
        """ "aim reached", "reached" or "not reached"."""
        if self.aim is not None and self._meets(value, self.aim):
            return "aim reached"
        return "reached" if self._meets(value, self.least) else "not reached"

    def _meets(self, value: float, bound: float) -> bool:
        return value >= bound if self.higher_is_better else value <= bound


@dataclass(frozen=True, slots=True)
class Drawing:
    """One character written with a pen: its picture `(height, width) uint8`, 255 = paper."""

    name: str
    character: str
    kind: Literal["kanji", "hiragana", "katakana"]
    writer: str
    picture: npt.NDArray[np.uint8]


def composed_lines(data: Path) -> dict[tuple[str, str], list[LinePair]]:
    """The lines composed from fonts that nothing trains on, by (hand, direction)."""
    pairs = read_pairs(data / "lines_japanese_composed" / "lines.jsonl")
    sets: dict[tuple[str, str], list[LinePair]] = {
        (hand, direction): [p for p in pairs if p.name.startswith(f"{hand}_") and p.direction == direction]
        for direction in DIRECTIONS
        for hand in HANDS
    }
    empty = [" ".join(name) for name, lines in sets.items() if not lines]
    if empty:
        raise DataError(f"lines_japanese_composed in {data} has no lines of {', '.join(empty)}.")
    return sets


def copiste_test_lines(data: Path) -> list[LinePair]:
    """Real French lines of the test writers; the sentences that everybody copied are left out."""
    return [pair for pair in read_pairs(data / "lines_copiste" / "test.jsonl") if not pair.boilerplate]


def copiste_validation_lines(data: Path) -> list[LinePair]:
    """The lines of the training part whose writers training holds out: what may be looked at while tuning."""
    from tenarai.train.maker import held_out_writers

    pairs = read_pairs(data / "lines_copiste" / "train.jsonl")
    # Of all rows, as training does, boilerplate too.
    held = held_out_writers({p.writer for p in pairs if p.writer is not None}, HELD_OUT_WRITERS)
    return [pair for pair in pairs if pair.writer in held and not pair.boilerplate]


def pen_characters(data: Path) -> Iterator[Drawing]:
    """The kanji and kana of tegaki-test, drawn as ink where the writer put them in the square."""
    source = data / "strokes" / "tegaki-test.jsonl.gz"
    try:
        rows = gzip.decompress(source.read_bytes()).decode("utf-8").splitlines()
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error}.") from None
    for number, row in enumerate(map(json.loads, rows)):
        character = row["char"]
        if "一" <= character <= "鿿":
            kind: Literal["kanji", "hiragana", "katakana"] = "kanji"
        elif "ぁ" <= character <= "ゖ":
            kind = "hiragana"
        elif "ァ" <= character <= "ヺ":
            kind = "katakana"
        else:
            continue
        yield Drawing(f"{row['set']}/{number}", character, kind, row["writer"], drawn(row["strokes"]))


def drawn(strokes: Sequence[Sequence[Sequence[float]]]) -> npt.NDArray[np.uint8]:
    """Pen strokes, points `(x, y)` or `(x, y, time)` in units of the square, y down, as dark ink on white paper."""
    side = PICTURE * FINER
    large = np.full((side, side), 255, np.uint8)
    for stroke in strokes:
        points = np.array([point[:2] for point in stroke], np.float64) * (side / PAD)
        if len(points) == 1:
            points = np.repeat(points, 2, axis=0)
        cv2.polylines(large, [np.rint(points).astype(np.int32)], False, (0,), PEN * FINER)
    return np.asarray(cv2.resize(large, (PICTURE, PICTURE), interpolation=cv2.INTER_AREA), np.uint8)


def drawn_to_fit(strokes: Sequence[Sequence[Sequence[float]]]) -> npt.NDArray[np.uint8]:
    """Pen strokes in any units, as dark ink on white paper, as large as fits."""
    return draw_ink([np.array([point[:2] for point in stroke], np.float64) for stroke in strokes if stroke], widest=1.0)


def read_characters(reader: Reader, drawings: Iterable[Drawing]) -> Iterator[tuple[Drawing, Reading]]:
    """What the reader makes of single characters, each as a horizontal line of one."""
    for drawing in drawings:
        line = reader.read_line(drawing.picture, direction="horizontal", alternatives=0)
        yield drawing, Reading(drawing.name, drawing.character, line.text, line.confidence, drawing.writer)


def circumstances(reader: Reader | None = None) -> dict[str, Any]:
    """Date, machine kind and versions: without them a figure says nothing."""
    found: dict[str, Any] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{_processor()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    for package in ("onnxruntime", "rapidocr"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    if reader is not None:
        header = reader.runtime.header
        journal = header.training.get("journal") or [{}]
        found["model"] = {"name": header.name, "characters": len(header.alphabet), "last": dict(journal[-1])}
    return found


def _processor() -> str:
    try:
        names = [row for row in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if row.startswith("model name")]
        return names[0].partition(":")[2].strip()
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def caption(found: dict[str, Any]) -> str:
    """The circumstances in a line under a table."""
    packages = ", ".join(f"{name} {found[name]}" for name in ("onnxruntime", "rapidocr") if found.get(name))
    return f"{found['date']}; {found['machine']}, load {found['load']}; Python {found['python']}, {packages}"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Figures for machines, beside the table for people."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def complain(message: object) -> int:
    """One sentence on stderr; the exit code of a command that could not start."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
    return 2
