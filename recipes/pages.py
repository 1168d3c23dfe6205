#!/usr/bin/env python3
"""Writes the real pages that the detector learns from as one form: a picture and a layout (our JSON) beside it.

    recipes/pages.py DATA OUT

DATA holds pages_copiste/, kuzushiji_page_boxes/ and kuzushiji_pages_text/; OUT becomes pages/ of the corpora. Training
parts only are read. Of the last, recipes/columns.json has the boxes, found by the detector and mended by hand.
"""

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tenarai.dataset.kuzushiji import read_kuzushiji
from tenarai.dataset.sample import Sample
from tenarai.image.clean import Gray, clean
from tenarai.image.read import read_picture
from tenarai.page.formats import write_layout
from tenarai.page.layout import Box, Character, Line, Page, Region
from tenarai.page.place import around, cut_out

MARGIN = 0.06  # of the ink in the middle of a column: with less, a row of pixels is beside it, in readings or nothing


def copiste(folder: Path, part: str) -> Iterator[tuple[str, bytes, Page]]:
    """Pages of running French hand: an outline and the text of every line."""
    with zipfile.ZipFile(folder / f"{part}.zip") as pictures:
        for row in map(json.loads, (folder / f"{part}.jsonl").read_text("utf-8").splitlines()):
            lines = []
            for line in row["lines"]:
                across, down = zip(*line["poly"], strict=True)
                box = Box(min(across), min(down), max(across), max(down))
                lines.append(Line(box, "horizontal", line["text"], polygon=tuple(map(tuple, line["poly"]))))
            region = Region(around(lines), tuple(lines))
            yield row["file"], pictures.read(row["file"]), Page(*row["size"], (region,), row["file"])


def kuzushiji(folder: Path) -> Iterator[tuple[str, bytes, Page]]:
    """Woodblock pages: a box for every character and every column."""
    characters: dict[str, list[Character]] = {}
    for sample in read_kuzushiji(folder):
        if isinstance(sample, Sample) and sample.box is not None:
            characters.setdefault(sample.page or "", []).append(Character(sample.text, Box(*sample.box)))
    columns: dict[str, list[Line]] = {}
    for row in map(json.loads, (folder / "columns.jsonl").read_text("utf-8").splitlines()):
        box = Box(*row["box"])
        own = tuple(c for c in characters[row["page"]] if box.intersection_area(c.box) > 0.5 * c.box.area)
        columns.setdefault(row["page"], []).append(Line(box, "vertical", row["text"], characters=own))
    for name, lines in columns.items():
        file = folder / f"{name}.webp"
        with Image.open(file) as picture:
            size = picture.size
        yield file.name, file.read_bytes(), Page(*size, (Region(around(lines), tuple(lines), "vertical"),), file.name)


def trimmed(picture: Gray, box: Box) -> Box:
    """A column's box without what lies beside its writing: paper, rules, readings."""
    ink = 255.0 - cut_out(picture, box)
    ink[:, ink.mean(axis=0) > 0.5 * ink.max()] = 0  # a rule
    across = np.convolve(ink.sum(axis=0), np.full(5, 0.2), "same")
    written = across > MARGIN * np.quantile(across, 0.9)
    middle = int(np.average(np.arange(len(across)), weights=across))
    left = right = middle
    while left > 0 and written[left - 1]:
        left -= 1
    while right < len(across) and written[right]:
        right += 1
    return Box(box.left + left, box.top, box.left + right, box.bottom)


def marked(folder: Path) -> Iterator[tuple[str, bytes, Page]]:
    """Pages of old books whose columns were marked by hand; their characters have no boxes."""
    for name, boxes in json.loads((Path(__file__).parent / "columns.json").read_text("utf-8")).items():
        file = folder / f"{name}.webp"
        with Image.open(file) as picture:
            size = picture.size
        cleaned = clean(read_picture(file)).picture
        lines = tuple(Line(trimmed(cleaned, Box(*box)), "vertical") for box in boxes)
        yield file.name, file.read_bytes(), Page(*size, (Region(around(lines), lines, "vertical"),), file.name)


def main(data: Path, out: Path) -> None:
    sources = {
        "copiste": copiste(data / "pages_copiste", "train"),
        "kuzushiji": kuzushiji(data / "kuzushiji_page_boxes" / "train"),
        "old": marked(data / "kuzushiji_pages_text" / "train"),
    }
    for name, pages in sources.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, picture, page in pages:
            (folder / file).write_bytes(picture)
            (folder / f"{Path(file).stem}.json").write_bytes(write_layout(page, "json"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
