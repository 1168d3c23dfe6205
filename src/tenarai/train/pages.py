"""Pages for the detector: made-up ones, and real ones with a layout file, cut into squares of every size of writing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import lightning
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from tenarai.dataset.pages import LAYOUTS, page_picture
from tenarai.errors import DataError, SettingsError
from tenarai.image.clean import Gray, clean
from tenarai.image.read import read_picture
from tenarai.image.standard import Standard
from tenarai.page.formats import read_layout
from tenarai.page.layout import Page
from tenarai.page.place import scaled
from tenarai.synth.fonts import HandFont, find_fonts
from tenarai.synth.hand import Rng
from tenarai.synth.line import is_cjk
from tenarai.synth.page import SyntheticPage, draw_page
from tenarai.synth.sheet import Pens
from tenarai.synth.strokes import KanjiVG
from tenarai.synth.words import read_texts, shipped_texts
from tenarai.text.alphabet import default_alphabet
from tenarai.train.recipe import DetectorRecipe, PageSettings
from tenarai.train.targets import boxes_in, targets

VALIDATION_SEED = 1_000_003
WAITING = 48  # squares from which the next batch is drawn: neighbours come from different pages


@dataclass(frozen=True, slots=True)
class Sheet:
    """A clean page `(height, width) uint8`, 255 = paper, with its lines; whether its characters have boxes."""

    picture: Gray
    page: Page
    characters: bool


@dataclass(frozen=True, slots=True)
class Square:
    """A piece `(side, side) uint8` of a page at some scale, and the maps and boxes it should give."""

    picture: Gray
    likely: torch.Tensor
    lengths: torch.Tensor
    told: torch.Tensor
    boxes: torch.Tensor
    characters: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """`pictures (n, 1, side, side) float32` with the `targets.Targets` of each, the boxes on each (`boxes_in`), and of
    which the characters are known."""

    pictures: Tensor
    likely: Tensor
    lengths: Tensor
    told: Tensor
    boxes: tuple[Tensor, ...]
    characters: Tensor

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole page to be validated on: `picture (1, 1, height, width) float32`, its lines at that scale, its kind."""

    picture: Tensor
    page: Page
    group: str


class PageMaker:
    """Draws pages; `validation` gives held-out fonts and pages instead."""

    def __init__(self, data: PageSettings, corpora: Path, validation: bool = False) -> None:
        self.data, self.validation = data, validation
        paths = [corpora / p for p in data.texts] or shipped_texts()
        known = default_alphabet().characters
        self.texts = read_texts(paths, "".join(c for c in known if c and is_cjk(c)), "".join(known))
        self.pens = Pens(
            (KanjiVG(),),
            self._fonts(corpora, data.japanese_fonts),
            tuple(HandFont(p) for folder in data.print_fonts for p in find_fonts(corpora / folder)),
            self._fonts(corpora, data.latin_fonts),
        )
        groups = [(corpus.weight, self._sheets(corpora / corpus.path, corpus.validation)) for corpus in data.pages]
        self.real = [sheet for _, sheets in groups for sheet in sheets]
        shares = np.array([weight / len(sheets) for weight, sheets in groups for _ in sheets])
        self.shares = shares / max(shares.sum(), 1e-9)  # of each real page among those that are drawn

    def _fonts(self, corpora: Path, folders: tuple[str, ...]) -> tuple[HandFont, ...]:
        paths = [path for folder in folders for path in find_fonts(corpora / folder)]
        held = self.data.validation_fonts
        return tuple(HandFont(p) for p in paths if (p.name in held) == (self.validation and bool(held)))

    def _sheets(self, folder: Path, held: int) -> list[Sheet]:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in LAYOUTS) if folder.is_dir() else []
        if not files:
            raise DataError(f"{folder} holds no layout file: expected .xml, .json or .csv beside the pictures.")
        chosen = {files[i * len(files) // held] for i in range(min(held, len(files)))} if held else set()
        sheets = []
        for file in (file for file in files if (file in chosen) == self.validation):
            for page in read_layout(file):
                picture = clean(read_picture(*page_picture(folder, page.source))).picture
                known = any(line.characters for region in page.regions for line in region.lines)
                sheets.append(shrunk(Sheet(picture, page, known), self.data.side))
        return sheets

    def draw(self, rng: Rng) -> Sheet:
        """One page: real, or made up, seen as the reader sees it."""
        if self.real and rng.random() < self.data.real:
            return self.real[int(rng.choice(len(self.real), p=self.shares))]
        return self.compose(rng)

    def compose(self, rng: Rng) -> Sheet:
        """A page that nobody wrote."""
        drawn = self.cleaned(rng)
        return Sheet(drawn.picture, drawn.page, True)

    def cleaned(self, rng: Rng) -> SyntheticPage:
        """The same with its drawings and seals in the layout, clean as the detector sees it."""
        drawn = self.drawn(rng)
        return replace(drawn, picture=clean(drawn.picture).picture)

    def drawn(self, rng: Rng) -> SyntheticPage:
        """The same as a camera sees it."""
        kinds = self.data.kinds
        kind = kinds[int(rng.integers(len(kinds)))] if kinds else None
        return draw_page(self.pens, self.texts, rng, kind=kind, side=self.data.side, wear=self.data.wear)

    def scale(self, rng: Rng) -> float:
        """How much a page is enlarged: small and large writing are equally likely."""
        return float(np.exp(rng.uniform(np.log(self.data.smallest), np.log(self.data.largest))))

    def cut(self, sheet: Sheet, rng: Rng, side: int) -> Square:
        """A square of a page at a scale of its own."""
        scale = self.scale(rng)
        height, width = (max(1, round(v * scale)) for v in sheet.picture.shape)
        left, top = (int(rng.integers(min(0, v - side), max(0, v - side) + 1)) for v in (width, height))
        matrix = np.array([[scale, 0, -left], [0, scale, -top]])
        # Averaged over what a pixel covers where the page shrinks much; a plain look-up would drop thin strokes.
        source = sheet.picture if scale > 0.6 else cv2.blur(sheet.picture, (2, 2))
        picture = cv2.warpAffine(
            source, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255
        )
        if rng.random() < 0.3:
            picture = 255 - np.minimum(255, (255 - picture) * float(rng.uniform(0.5, 1.5)))
        made = targets(sheet.page, scale, left, top, side)
        return Square(
            np.asarray(picture, np.uint8),
            torch.from_numpy(made.likely),
            torch.from_numpy(made.lengths),
            torch.from_numpy(made.told),
            torch.from_numpy(boxes_in(sheet.page, scale, left, top, side)),
            sheet.characters,
        )


def shrunk(sheet: Sheet, side: int) -> Sheet:
    """A page whose longer side is at most `side` pixels."""
    scale = side / max(sheet.picture.shape)
    if scale >= 1:
        return sheet
    height, width = (max(1, round(v * scale)) for v in sheet.picture.shape)
    picture = cv2.resize(sheet.picture, (width, height), interpolation=cv2.INTER_AREA)
    return replace(sheet, picture=np.asarray(picture, np.uint8), page=scaled(sheet.page, scale))


class SquareBatches(IterableDataset[Batch]):
    """Exactly `steps` batches of one epoch for one device: every draw follows from (seed, epoch, rank, worker)."""

    def __init__(self, maker: PageMaker, standard: Standard, key: tuple[int, int, int], steps: int, size: int) -> None:
        self.maker, self.standard, self.key, self.steps, self.size = maker, standard, key, steps, size

    def __iter__(self) -> Iterator[Batch]:
        worker = torch.utils.data.get_worker_info()
        index, count = (worker.id, worker.num_workers) if worker else (0, 1)
        rng = np.random.default_rng((*self.key, index))
        waiting: list[Square] = []
        for _ in range(self.steps // count + (index < self.steps % count)):
            while len(waiting) < WAITING:
                sheet = self.maker.draw(rng)
                waiting += [self.maker.cut(sheet, rng, self.standard.height) for _ in range(self.maker.data.cuts)]
            rng.shuffle(waiting)
            batch, waiting = waiting[: self.size], waiting[self.size :]
            yield collate(batch, self.standard)


def collate(squares: list[Square], standard: Standard) -> Batch:
    pictures = standard.values(np.stack([square.picture for square in squares]))[:, None]
    return Batch(
        torch.from_numpy(pictures),
        torch.stack([square.likely for square in squares]),
        torch.stack([square.lengths for square in squares]),
        torch.stack([square.told for square in squares]),
        tuple(square.boxes for square in squares),
        torch.tensor([square.characters for square in squares]),
    )


class Pages(lightning.LightningDataModule):
    """Fresh squares every epoch, and the same whole validation pages always."""

    def __init__(self, recipe: DetectorRecipe, standard: Standard, corpora: Path) -> None:
        super().__init__()
        self.recipe, self.standard, self.corpora = recipe, standard, corpora
        self.maker = PageMaker(recipe.data, corpora)
        self.size = max(1, recipe.run.pixels // standard.height**2)
        self.validation: list[Whole] = []

    def train_dataloader(self) -> DataLoader[Batch]:
        run, trainer = self.recipe.run, self.trainer
        if trainer is None:
            raise SettingsError("Pages are drawn for a trainer: use them through train.run.fit.")
        key = (run.seed, trainer.current_epoch, trainer.global_rank)
        squares = SquareBatches(self.maker, self.standard, key, run.steps_an_epoch, self.size)
        return DataLoader(squares, batch_size=None, num_workers=run.workers)

    def val_dataloader(self) -> DataLoader[Whole]:
        """Whole pages, made-up ones and held-out real ones."""
        if not self.validation:
            maker = PageMaker(self.recipe.data, self.corpora, validation=True)
            rng = np.random.default_rng(VALIDATION_SEED)
            count = self.recipe.run.validation_lines // 10  # a page has ten lines and more
            composed = [maker.compose(rng) for _ in range(max(1, count))]
            self.validation = [self._whole(sheet, "composed") for sheet in composed]
            self.validation += [self._whole(sheet, "real") for sheet in maker.real]
        return DataLoader(self.validation, batch_size=None)  # type: ignore[arg-type]

    def _whole(self, sheet: Sheet, group: str) -> Whole:
        height, width = (-(-v // self.standard.multiple) * self.standard.multiple for v in sheet.picture.shape)
        padded = np.full((height, width), 255, np.uint8)
        padded[: sheet.picture.shape[0], : sheet.picture.shape[1]] = sheet.picture
        return Whole(torch.from_numpy(self.standard.values(padded))[None, None], sheet.page, group)
