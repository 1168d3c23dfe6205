"""Training of the detector: its loss knows right from wrong, and a run gives a model that finds what it has seen."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tenarai.errors import DataError
from tenarai.model.maps import MULTIPLE
from tenarai.model.runtime import DetectorRuntime
from tenarai.page.formats import write_layout
from tenarai.page.layout import Box, Line, Page, Region
from tenarai.train.detector import detection_loss
from tenarai.train.journal import read_journal
from tenarai.train.pages import Batch, PageMaker, SquareBatches
from tenarai.train.recipe import DetectorRecipe, make_recipe
from tenarai.train.run import JOURNAL, fit, standard_of


def small_recipe(folder: Path, **data: object) -> DetectorRecipe:
    """A detector of a few weights that learns from two pages with a layout file."""
    (folder / "pages").mkdir()
    for number in range(2):
        picture = np.full((300, 240), 250, np.uint8)
        boxes = [Box(30, 40 + 50 * i, 200, 60 + 50 * i) for i in range(4)]
        for box in boxes:
            for x in range(30, 200, 12):
                cv2.putText(picture, "o", (x, int(box.bottom)), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (20,), 2)
        cv2.imwrite(str(folder / "pages" / f"{number}.png"), picture)
        lines = tuple(Line(box, "horizontal", "ooo") for box in boxes)
        page = Page(240, 300, (Region(Box(30, 40, 200, 210), lines),), f"{number}.png")
        (folder / "pages" / f"{number}.json").write_bytes(write_layout(page, "json"))
    raw = {
        "name": "small",
        "kind": "detector",
        "network": {"channels": [6, 8, 12, 12, 12], "blocks": [0, 0, 1, 0, 0], "pyramid": 12, "side": 128},
        "data": {"pages": [{"path": "pages", "validation": 1}], "real": 1.0, "side": 300, **data},
        "run": {
            "steps": 4, "steps_an_epoch": 2, "pixels": 32768, "warm_up": 1, "validation_lines": 10, "average": 0.5,
        },
    }  # fmt: skip
    recipe = make_recipe(raw, "small")
    assert isinstance(recipe, DetectorRecipe)
    return recipe


def batch_of(recipe: DetectorRecipe, folder: Path) -> Batch:
    maker = PageMaker(recipe.data, folder)
    return next(iter(SquareBatches(maker, standard_of(recipe), (1, 0, 0), 1, 4)))


def test_the_loss_of_the_right_maps_is_the_least(tmp_path: Path) -> None:
    batch = batch_of(small_recipe(tmp_path), tmp_path)
    assert batch.likely[:, 0].any() and not batch.characters.any()
    right = torch.cat((20 * batch.likely - 10, batch.lengths), 1)
    losses = [float(detection_loss(maps, batch)) for maps in (right, -right, torch.zeros_like(right))]
    assert losses[0] < 0.1 and losses[0] < losses[2] < losses[1]


def test_unknown_characters_teach_nothing(tmp_path: Path) -> None:
    batch = batch_of(small_recipe(tmp_path), tmp_path)
    maps = torch.zeros(len(batch.pictures), 7, *batch.likely.shape[2:], requires_grad=True)
    detection_loss(maps, batch).backward()
    assert maps.grad is not None
    assert maps.grad[:, 0].abs().sum() > 0 and maps.grad[:, 2].abs().sum() == 0


def test_squares_follow_from_the_seed(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    first, again = batch_of(recipe, tmp_path), batch_of(recipe, tmp_path)
    torch.testing.assert_close(first.pictures, again.pictures)


def test_a_run_ends_in_a_model_that_opens(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    path = fit(recipe, tmp_path / "run", tmp_path, progress=False)
    runtime = DetectorRuntime(path)
    assert runtime.header.standard.multiple == MULTIPLE
    assert runtime.maps(np.full((100, 80), 255, np.uint8))["horizontal"].shape == (25, 20)
    rows = read_journal(tmp_path / "run" / JOURNAL)
    assert len(rows) == 2 and {"f1_composed", "f1_real"} <= rows[-1].keys()


def test_a_folder_without_pages(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    (tmp_path / "empty").mkdir()
    data = recipe.data.model_copy(update={"pages": (recipe.data.pages[0].model_copy(update={"path": "empty"}),)})
    with pytest.raises(DataError, match="holds no layout file"):
        PageMaker(data, tmp_path)
