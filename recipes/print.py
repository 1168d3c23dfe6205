#!/usr/bin/env python3
"""Writes squares of handwritten and of printed lines, from which recipes/print.toml learns to tell them apart.

    recipes/print.py OUT --corpora DIR

The corpora folder is that of docs/train.md, with printing fonts in fonts/printed. Handwriting is drawn as
recipes/reader.toml and recipes/classical.toml draw it; print is set from fonts, and taken from the sheets of Copiste:
what is found on them beside the given lines is the printed consent.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from rapidfuzz.fuzz import partial_ratio
from rich.progress import track

import tenarai
from tenarai.detect import HAND, PRINT, as_judged, seen
from tenarai.errors import DataError
from tenarai.image.clean import Gray, clean
from tenarai.image.line import straighten
from tenarai.image.read import read_picture
from tenarai.page.find import find_lines
from tenarai.page.layout import Box, Line
from tenarai.page.printed import SIDE, squares_of
from tenarai.reader import Reader
from tenarai.synth.camera import shoot
from tenarai.synth.fonts import HandFont, Ink, find_fonts
from tenarai.synth.paper import Paper
from tenarai.synth.sheet import typeset_print
from tenarai.synth.words import Texts
from tenarai.text.alphabet import default_alphabet
from tenarai.train.maker import LineMaker
from tenarai.train.pages import PageMaker
from tenarai.train.recipe import DetectorRecipe, Recipe, read_recipe

RECIPES = Path(__file__).parent
CONSENT = (
    "J'ai lu les conditions de participation et j'y consens. Je comprends que mon manuscrit sera anonymisé et utilisé "
    "par BAnQ pour des activités de recherche et développement et qu'il pourra aussi être publié et partagé sous "
    "licence CC-BY pour être utilisé librement à des fins non commerciales."
)
CLASSICAL = 0.25  # of the lines by hand
ALIKE = 75  # percent
AROUND = 48  # pixels of paper around a printed line


def line_maker(name: str, corpora: Path) -> LineMaker:
    """What draws handwriting by this recipe."""
    recipe = read_recipe(RECIPES / name)
    assert isinstance(recipe, Recipe)
    return LineMaker(recipe.data, default_alphabet(), SIDE, corpora)


def handwritten(modern: LineMaker, classical: LineMaker, rng: np.random.Generator) -> Iterator[Gray]:
    """Lines of hands, on and on."""
    while True:
        maker = classical if rng.random() < CLASSICAL else modern
        yield blurred(maker.draw(rng).picture, rng)


def blurred(line: Gray, rng: np.random.Generator) -> Gray:
    """A line as it comes from a page of fewer pixels: print is no more blurred than writing."""
    small = cv2.resize(line, None, fx=(scale := scale_of(rng)), fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, line.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def scale_of(rng: np.random.Generator) -> float:
    """By how much a line is shrunk."""
    return float(np.exp(rng.uniform(np.log(0.3), 0)))


def printed(texts: Texts, corpora: Path, rng: np.random.Generator) -> Iterator[Gray]:
    """Lines of print, on and on: horizontal and vertical, on every paper."""
    fonts = [HandFont(path) for path in find_fonts(corpora / "fonts" / "printed")]
    japanese = [font for font in fonts if font.mask("国永") is not None]
    paper = Paper(7, 0.6)
    while True:
        latin = rng.random() < 0.5
        able = fonts if latin else japanese
        font = able[int(rng.integers(len(able)))]
        text = texts.draw_latin(rng, 44) if latin else texts.draw_japanese(rng, 22)
        vertical = bool(not latin and rng.random() < 0.5)
        composed = typeset_print(text, font, vertical)
        if composed is None:
            continue
        ink = cv2.resize(composed.ink, None, fx=(scale := scale_of(rng)), fy=scale, interpolation=cv2.INTER_AREA)
        if rng.random() < 0.4:
            photo = paper.photograph(ink.astype(np.uint8), rng, vertical=vertical).picture
            yield straighten(photo, SIDE, vertical=vertical).picture
        else:
            yield on_a_sheet(ink.astype(np.uint8), vertical, rng)


def on_a_sheet(ink: Ink, vertical: bool, rng: np.random.Generator) -> Gray:
    """A printed line as a page's camera sees it, found and cut like those of a page."""
    height, width = ink.shape
    flat = np.pad(ink, AROUND)
    shot = shoot(np.zeros_like(flat), flat, rng, 0.8)
    ends = np.array([(0, 0), (width, 0), (width, height), (0, height)], float) + AROUND
    outline = shot.moved(ends)
    box = Box(*outline.min(axis=0), *outline.max(axis=0))
    places = tuple((float(x), float(y)) for x, y in outline)
    return as_judged(clean(shot.picture).picture, Line(box, "vertical" if vertical else "horizontal", polygon=places))


def page_maker(corpora: Path) -> PageMaker:
    """What draws pages, and holds the sheets that training may see."""
    recipe = read_recipe(RECIPES / "pages.toml")
    assert isinstance(recipe, DetectorRecipe)
    return PageMaker(recipe.data.model_copy(update={"print_fonts": ("fonts/printed",)}), corpora)


def made_up(maker: PageMaker, count: int, rng: np.random.Generator) -> Iterator[tuple[str, Gray]]:
    """The lines of so many made-up pages."""
    for _ in track(range(count), "pages"):
        sheet = maker.compose(rng)
        picture = clean(sheet.picture).picture
        for line in sheet.page.lines:
            yield PRINT if line.source == "print" else HAND, as_judged(picture, line)


def sheets(maker: PageMaker, reader: Reader) -> Iterator[tuple[str, Gray]]:
    """The lines on the sheets of Copiste that training does not hold out, by hand and printed."""
    for sheet in track(maker.real, "sheets"):
        picture = clean(sheet.picture).picture
        given = sheet.page.lines
        others = [
            line
            for line in reader.read(sheet.picture, language="none").lines
            if max((line.box.iou(other.box) for other in given), default=0) < 0.2
            and len(line.text) > 5
            and partial_ratio(line.text, CONSENT) > ALIKE
        ]
        for kind, lines in ((HAND, given), (PRINT, others)):
            for line in lines:
                yield kind, as_judged(picture, line)


def old_books(folder: Path, reader: Reader) -> Iterator[tuple[str, Gray]]:
    """The columns of woodblock pages, which are cut after what a hand wrote."""
    for file in track(sorted(folder.glob("*.webp")), "old books"):
        picture = clean(read_picture(file)).picture
        for line in find_lines(picture, lambda page: seen(reader.detector, page)[0], "vertical"):
            yield HAND, as_judged(picture, line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--lines", type=int, default=6000, help="of each kind (default: %(default)s)")
    chosen = parser.parse_args()
    rng = np.random.default_rng(1)
    modern, classical = (line_maker(name, chosen.corpora) for name in ("reader.toml", "classical.toml"))
    drawn = {HAND: handwritten(modern, classical, rng), PRINT: printed(modern.texts, chosen.corpora, rng)}
    for kind, lines in drawn.items():
        (chosen.out / kind).mkdir(parents=True, exist_ok=True)
        for number in track(range(chosen.lines), kind):
            squares = squares_of(next(lines))
            for place in rng.permutation(len(squares))[:4]:
                cv2.imwrite(str(chosen.out / kind / f"{number:05}-{place}.png"), squares[place])
    maker, reader = page_maker(chosen.corpora), tenarai.load()
    parts = {
        "page": made_up(maker, chosen.lines // 15, rng),
        "sheet": sheets(maker, reader),
        "book": old_books(chosen.corpora / "kuzushiji_pages_text" / "train", reader),
    }
    for name, found in parts.items():
        for number, (kind, line) in enumerate(found):
            for place, square in enumerate(squares_of(line)):
                if name != "page" or place % 3 == number % 3:
                    cv2.imwrite(str(chosen.out / kind / f"{name}-{number:05}-{place}.png"), square)
    print({kind: len(list((chosen.out / kind).iterdir())) for kind in drawn})


if __name__ == "__main__":
    try:
        main()
    except DataError as error:
        raise SystemExit(str(error)) from None
