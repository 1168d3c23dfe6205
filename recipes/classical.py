#!/usr/bin/env python3
"""Writes what the classical reader learns from beside fonts and glyphs: older Japanese text, and real columns.

    recipes/classical.py DATA CORPORA [--model MODEL] [--detector MODEL] [--least 0.5]

DATA holds the training parts kuzushiji_page_boxes/ and kuzushiji_pages_text/; CORPORA gets text/classical.txt,
lines/columns/, lines/recombined/ and glyphs/. Columns with boxes are cut out as they are. Pages with text alone are
aligned to it: their columns - those of columns.json, or what a detector finds - are put in order, the model's scores of
all of them are laid end to end, and forced alignment parts the text among them (Graves et al. 2006, 4.1). Columns that
show their text with a mean probability under --least are left out, so that a better model, trained on the first ones,
finds more: round after round. Alignment also says where each character stands: surely placed ones are cut out, so that
lines can be set from them, and columns of one page are cut between characters and put together anew. The characters of
pages that are aligned surely go into the layouts of pages/old/, which recipes/pages.py wrote: the detector learns them.
"""

import argparse
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

import tenarai
from tenarai.dataset.pages import cut
from tenarai.detect import seen
from tenarai.errors import DataError
from tenarai.image.clean import Gray, clean
from tenarai.image.extent import extents, tight
from tenarai.image.line import Straight, straighten
from tenarai.image.read import read_picture
from tenarai.model.export import read_network
from tenarai.model.recogniser import Recogniser
from tenarai.model.runtime import LineRuntime
from tenarai.page.find import find_lines
from tenarai.page.formats import read_layout, write_layout
from tenarai.page.layout import Box, Character, Line
from tenarai.page.order import order_lines
from tenarai.page.place import boxes_of, cut_out, within
from tenarai.reader import Reader
from tenarai.synth.words import is_older, read_texts
from tenarai.text.align import align
from tenarai.text.alphabet import default_alphabet
from tenarai.text.ctc import Span
from tenarai.train.cuttings import Cuttings, cut_line, recombined
from tenarai.train.maker import TrainingLine, held_out_writers

TOGETHER = 60  # times each page is written into the text, of which it then is a tenth
SURE = 0.5  # probability of a character from which it is cut out
WHOLE = 0.7  # mean probability of a page from which its characters are shown to the detector
HELD = 4  # pages, as recipes/classical.toml holds them out
CLASSICAL = Path(tenarai.__file__).parent / "weights" / "classical.model"
PITCH = (0.55, 1.8)  # of the page's usual way from character to character: outside of it a column has lost its text


@dataclass(frozen=True, slots=True)
class Column:
    """A picture of one column, its text, where it comes from, and the mean probability of its characters; `place` is
    where it lies on its page, the boxes of `characters` are pixels of `picture`."""

    picture: Gray
    text: str
    page: str
    likely: float = 1.0
    place: Box = field(default_factory=lambda: Box(0, 0, 0, 0))
    characters: tuple[Character, ...] = ()


def boxed(folder: Path) -> Iterator[Column]:
    """Columns that somebody marked."""
    for row in map(json.loads, (folder / "columns.jsonl").read_text("utf-8").splitlines()):
        picture = read_picture(folder / f"{row['page']}.webp")
        yield Column(cut(picture, Box(*row["box"]))[0], row["text"], row["page"])


def columns_of(reader: Reader, cleaned: Gray, boxes: list[list[float]]) -> list[Line]:
    """The columns of a clean page in order: as they are marked, or else as they are found."""
    if boxes:
        return [Line(Box(*box), "vertical") for box in boxes]
    found = find_lines(cleaned, lambda small: seen(reader.detector, small)[0], "vertical")
    return [line for region in order_lines(found) if region.kind == "text" for line in region.lines]


def aligned(reader: Reader, picture: Gray, text: str, page: str, boxes: list[list[float]]) -> list[Column]:
    """The columns of a page, each with its part of the text."""
    known = set(reader.alphabet)
    wanted = "".join(c for c in text if c in known)
    cleaned = clean(picture).picture
    columns = columns_of(reader, cleaned, boxes)
    cuts = [cut(cleaned, line.box, line.polygon) for line in columns]
    height = reader.runtime.header.standard.height
    straight = [straighten(piece, height, vertical=True, cleaned=True) for piece, _ in cuts]
    scores = [reader.runtime.log_probs(one.picture) for one in straight]
    if not scores:
        return []
    try:
        placed = align(np.concatenate(scores), wanted, reader.runtime.header.alphabet.characters, alternatives=0)
    except DataError:
        return []
    ends = np.cumsum([len(score) for score in scores])
    spans: list[list[Span]] = [[] for _ in columns]
    for span in placed.spans:
        index = int(np.searchsorted(ends, span.start, side="right"))
        start = int(ends[index]) - len(scores[index])
        spans[index].append(replace(span, start=span.start - start, end=min(span.end - start, len(scores[index]))))
    pitches = [line.box.height / max(1, len(own)) for line, own in zip(columns, spans, strict=True)]
    usual = float(np.median(pitches))
    found = []
    for (piece, place), turned, own, pitch in zip(cuts, straight, spans, pitches, strict=True):
        if own and PITCH[0] * usual < pitch < PITCH[1] * usual:
            likely = float(np.mean([span.confidence for span in own]))
            characters = tuple(characters_of(piece, turned, own, reader.runtime))
            found.append(Column(piece, "".join(s.character for s in own), page, likely, Box(*place), characters))
    return found


def characters_of(piece: Gray, turned: Straight, spans: list[Span], runtime: LineRuntime) -> Iterator[Character]:
    """The characters of a column in its picture's pixels."""
    sights = [runtime.pixels(span.start, span.end) for span in spans]
    boxes = boxes_of(turned.to_source, tight(turned.picture, extents(turned.picture, sights)))
    for span, whole in zip(spans, boxes, strict=True):
        box = within(whole, *piece.shape[::-1])
        if box is not None:
            yield Character(span.character, box, span.confidence)


def write_page(columns: list[Column], layout: Path) -> None:
    """The characters of a page into the layout that recipes/pages.py wrote of it."""
    page = read_layout(layout)[0]
    lines = []
    for line in page.lines:
        own = next((c for c in columns if c.place.iou(line.box) > 0.5), None)
        left, top = (own.place.left, own.place.top) if own else (0.0, 0.0)
        characters = [replace(c, box=c.box.shifted(left, top)) for c in (own.characters if own else ())]
        lines.append(replace(line, text=own.text if own else "", characters=tuple(characters)))
    regions = (replace(page.regions[0], lines=tuple(lines)),)
    layout.write_bytes(write_layout(replace(page, regions=regions), "json"))


def recombined_columns(columns: list[Column], model: Path, count: int, folder: Path) -> None:
    """Columns put together anew from pieces of one page's, as they are read: turned to run left to right."""
    network, header = read_network(model)
    if not isinstance(network, Recogniser):
        raise SystemExit(f"{model} reads no lines.")
    rng = np.random.default_rng(1)
    pages: dict[str, list[Cuttings]] = {}
    for column in columns:
        turned = straighten(clean(column.picture).picture, header.standard.height, vertical=True, cleaned=True).picture
        pieces = cut_line(TrainingLine(turned, column.text), network.eval(), header.alphabet, header.standard)
        if pieces is not None:
            pages.setdefault(column.page, []).append(pieces)
    often = [page for page, lines in pages.items() for _ in lines]
    made = ((page, recombined(pages[page], rng)) for page in (str(rng.choice(often)) for _ in range(count)))
    write_lines(folder, ((255 - line.ink, line.text, page, "horizontal") for page, line in made))


def write_lines(folder: Path, lines: Iterable[tuple[Gray, str, str, str]]) -> None:
    """Pictures with a JSON lines file, in a folder of which nothing else is left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with (folder / "columns.jsonl").open("w", encoding="utf-8") as listed:
        for number, (picture, text, page, direction) in enumerate(lines):
            name = f"{number:04}.png"
            cv2.imwrite(str(folder / name), picture)
            row = {"file": name, "text": text, "writer": page, "direction": direction}
            listed.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_glyphs(columns: list[Column], held: frozenset[str], folder: Path) -> int:
    """Characters of pages that are not held out, a folder each."""
    shutil.rmtree(folder, ignore_errors=True)
    glyphs = [
        (character.text, cut_out(column.picture, character.box))
        for column in columns
        for character in column.characters
        if column.page not in held and (character.confidence or 0) > SURE
    ]
    for number, (character, picture) in enumerate(glyphs):
        place = folder / f"U+{ord(character):04X}"
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{number:05}.png"), picture)
    return len(glyphs)


def older_text(corpora: Path, pages: list[str]) -> list[str]:
    """Lines of literature in older language, and the texts of the pages."""
    known = "".join(default_alphabet().characters)
    lines = read_texts([corpora / "text/aozora/aozora_sample.txt.xz"], "", known).japanese
    return [line for line in lines if is_older(line)] + pages * TOGETHER


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("corpora", type=Path)
    parser.add_argument(
        "--model", type=Path, help="reads the columns; the shipped one for classical script if left out"
    )
    parser.add_argument("--detector", type=Path, help="finds them; the shipped one if left out")
    parser.add_argument("--least", type=float, default=0.5, help="mean probability of a column's characters")
    parser.add_argument("--count", type=int, default=2500, help="columns put together anew")
    asked = parser.parse_args()
    model = asked.model or CLASSICAL
    reader = tenarai.load(model, detector=asked.detector)
    marked = json.loads((Path(__file__).parent / "columns.json").read_text("utf-8"))
    columns = list(boxed(asked.data / "kuzushiji_page_boxes" / "train"))
    folder = asked.data / "kuzushiji_pages_text" / "train"
    rows = [json.loads(row) for row in (folder / "text.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        boxes = marked.get(Path(row["file"]).stem, [])
        found = aligned(reader, read_picture(folder / row["file"]), row["text"], row["file"], boxes)
        sure = [column for column in found if column.likely >= asked.least]
        mean = np.mean([column.likely for column in found] or [0.0])
        print(f"{row['file']}: {len(sure)} of {len(found)} columns kept, mean probability {mean:.2f}")
        columns += sure
        layout = asked.corpora / "pages/old" / f"{Path(row['file']).stem}.json"
        if mean >= WHOLE and layout.exists():
            write_page(found, layout)
    held = held_out_writers({column.page for column in columns}, HELD)
    write_lines(asked.corpora / "lines/columns", ((c.picture, c.text, c.page, "vertical") for c in columns))
    free = [column for column in columns if column.page not in held]
    recombined_columns(free, model, asked.count, asked.corpora / "lines/recombined")
    cut_out = write_glyphs(columns, held, asked.corpora / "glyphs")
    print(f"{len(columns)} columns, {sum(len(column.text) for column in columns):,} characters, {cut_out:,} cut out")
    text = asked.corpora / "text" / "classical.txt"
    pages = [column.text for column in boxed(asked.data / "kuzushiji_page_boxes" / "train")]
    lines = older_text(asked.corpora, pages + [row["text"] for row in rows])
    text.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{text.name}: {len(lines):,} lines")


if __name__ == "__main__":
    main()
