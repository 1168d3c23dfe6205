#!/usr/bin/env python3
"""Writes what the classical reader learns from beside fonts and glyphs: older Japanese text, and real columns.

    recipes/classical.py DATA CORPORA [--model MODEL] [--detector MODEL] [--least 0.5]

DATA holds the training parts kuzushiji_page_boxes/ and kuzushiji_pages_text/; CORPORA gets text/classical.txt and
lines/columns/. Columns with boxes are cut out as they are. Pages with text alone are aligned to it: the columns that a
detector finds are put in order, the model's scores of all of them are laid end to end, and forced alignment parts the
text among them (Graves et al. 2006, 4.1). Columns that show their text with a mean probability under --least are left
out, so that a better model, trained on the first ones, finds more: round after round.
"""

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import tenarai
from tenarai.dataset.pages import cut
from tenarai.detect import seen
from tenarai.errors import DataError
from tenarai.image.clean import Gray, clean
from tenarai.image.line import straighten
from tenarai.image.read import read_picture
from tenarai.page.find import find_lines
from tenarai.page.layout import Line
from tenarai.page.order import order_lines
from tenarai.reader import Reader
from tenarai.synth.words import read_texts
from tenarai.text.align import align
from tenarai.text.alphabet import default_alphabet

OLD = re.compile(r"[ゐゑ]|けり|なり[。、]|べし|たり[。、]|ざり|[ぁ-ん]ふ[。、]|やう|給[ふひはへ]|候|侍|いふ|ける[。、]")
TOGETHER = 60  # times each page is written into the text, of which it then is a tenth
PITCH = (0.55, 1.8)  # of the page's usual way from character to character: outside of it a column has lost its text


@dataclass(frozen=True, slots=True)
class Column:
    """A picture of one column, its text, where it comes from, and the mean probability of its characters."""

    picture: Gray
    text: str
    page: str
    likely: float = 1.0


def boxed(folder: Path) -> Iterator[Column]:
    """Columns that somebody marked."""
    for row in map(json.loads, (folder / "columns.jsonl").read_text("utf-8").splitlines()):
        picture = read_picture(folder / f"{row['page']}.webp")
        yield Column(cut(picture, tenarai.Box(*row["box"]))[0], row["text"], row["page"])


def aligned(reader: Reader, picture: Gray, text: str, page: str) -> list[Column]:
    """The columns of a page, each with its part of the text."""
    known = set(reader.alphabet)
    wanted = "".join(c for c in text if c in known)
    cleaned = clean(picture).picture
    found = find_lines(cleaned, lambda small: seen(reader.detector, small)[0], "vertical")
    columns = [line for region in order_lines(found) if region.kind == "text" for line in region.lines]
    pieces = [cut(cleaned, line.box, line.polygon)[0] for line in columns]
    height = reader.runtime.header.standard.height
    scores = [
        reader.runtime.log_probs(straighten(piece, height, vertical=True, cleaned=True).picture) for piece in pieces
    ]
    if not scores:
        return []
    try:
        placed = align(np.concatenate(scores), wanted, reader.runtime.header.alphabet.characters, alternatives=0)
    except DataError:
        return []
    ends = np.cumsum([len(score) for score in scores])
    texts: list[list[tuple[str, float]]] = [[] for _ in columns]
    for span in placed.spans:
        texts[int(np.searchsorted(ends, span.start, side="right"))].append((span.character, span.confidence))
    return list(_kept(columns, pieces, texts, page))


def _kept(columns: list[Line], pieces: list[Gray], texts: list[list[tuple[str, float]]], page: str) -> Iterator[Column]:
    pitches = [line.box.height / max(1, len(text)) for line, text in zip(columns, texts, strict=True)]
    usual = float(np.median(pitches))
    for piece, text, pitch in zip(pieces, texts, pitches, strict=True):
        if text and PITCH[0] * usual < pitch < PITCH[1] * usual:
            yield Column(piece, "".join(c for c, _ in text), page, float(np.mean([p for _, p in text])))


def older_text(corpora: Path, pages: list[str]) -> list[str]:
    """Lines of literature in older language, and the texts of the pages."""
    known = "".join(default_alphabet().characters)
    lines = read_texts([corpora / "text/aozora/aozora_sample.txt.xz"], "", known).japanese
    return [line for line in lines if len(OLD.findall(line)) > len(line) / 90] + pages * TOGETHER


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--model", type=Path, help="reads the columns; the shipped one if left out")
    parser.add_argument("--detector", type=Path, help="finds them; the shipped one if left out")
    parser.add_argument("--least", type=float, default=0.5, help="mean probability of a column's characters")
    asked = parser.parse_args()
    reader = tenarai.load(asked.model, detector=asked.detector)
    columns = list(boxed(asked.data / "kuzushiji_page_boxes" / "train"))
    folder = asked.data / "kuzushiji_pages_text" / "train"
    rows = [json.loads(row) for row in (folder / "text.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        found = aligned(reader, read_picture(folder / row["file"]), row["text"], row["file"])
        sure = [column for column in found if column.likely >= asked.least]
        mean = np.mean([column.likely for column in found] or [0.0])
        print(f"{row['file']}: {len(sure)} of {len(found)} columns kept, mean probability {mean:.2f}")
        columns += sure
    out = asked.corpora / "lines" / "columns"
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.png"):
        old.unlink()
    with (out / "columns.jsonl").open("w", encoding="utf-8") as listed:
        for number, column in enumerate(columns):
            name = f"{number:04}.png"
            cv2.imwrite(str(out / name), column.picture)
            row = {"file": name, "text": column.text, "writer": column.page, "direction": "vertical"}
            listed.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(columns)} columns, {sum(len(column.text) for column in columns):,} characters")
    text = asked.corpora / "text" / "classical.txt"
    pages = [column.text for column in boxed(asked.data / "kuzushiji_page_boxes" / "train")]
    lines = older_text(asked.corpora, pages + [row["text"] for row in rows])
    text.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{text.name}: {len(lines):,} lines")


if __name__ == "__main__":
    main()
