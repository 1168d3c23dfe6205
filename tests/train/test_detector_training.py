"""Training of the detector: its loss knows right from wrong, and a run gives a model that finds what it has seen."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tenarai.detect import seen
from tenarai.errors import DataError
from tenarai.model.detector import RegionProposals
from tenarai.model.export import read_network
from tenarai.model.maps import ANCHOR_STRIDE, MULTIPLE
from tenarai.model.runtime import DetectorRuntime
from tenarai.page.anchors import anchors, assigned
from tenarai.page.formats import write_layout
from tenarai.page.layout import Box, Line, Page, Region
from tenarai.train.detector import detection_loss
from tenarai.train.journal import read_journal
from tenarai.train.pages import Batch, PageMaker, SquareBatches
from tenarai.train.proposals import proposal_loss
from tenarai.train.recipe import DetectorRecipe, make_recipe
from tenarai.train.run import JOURNAL, export_checkpoint, fit, standard_of


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
    assert runtime.values(np.full((100, 80), 255, np.uint8)).shape == (7, 25, 20)
    rows = read_journal(tmp_path / "run" / JOURNAL)
    assert len(rows) == 2 and {"f1_composed", "f1_real"} <= rows[-1].keys()


def test_what_anchors_should_say_has_the_least_loss(tmp_path: Path) -> None:
    batch = batch_of(small_recipe(tmp_path), tmp_path)
    shapes, side = ((60.0, 20.0), (120.0, 20.0)), batch.pictures.shape[-1] // ANCHOR_STRIDE
    about = anchors(shapes, ANCHOR_STRIDE, side, side)
    said = []
    for boxes in batch.boxes:
        wanted = assigned(about, boxes[:, 1:].numpy(), boxes[:, 0].long().numpy(), (True, True, False))
        values = np.concatenate((20 * wanted.holds - 10, wanted.places), axis=1)
        said.append(values.reshape(side, side, len(shapes), -1).transpose(2, 3, 0, 1).reshape(-1, side, side))
    right = torch.from_numpy(np.stack(said).astype(np.float32))
    losses = [float(proposal_loss(values, batch, shapes)) for values in (right, -right, torch.zeros_like(right))]
    assert losses[0] < 0.01 < losses[2] < losses[1]


def test_region_proposals_start_from_a_detector_and_go_on(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    dense = fit(recipe, tmp_path / "dense", tmp_path, progress=False)
    other = recipe.model_copy(update={"kind": "proposals", "network": recipe.network.model_copy(update={"anchors": 3})})
    path = fit(other, tmp_path / "rpn", tmp_path, start=dense, progress=False)
    network, header = read_network(path)
    assert isinstance(network, RegionProposals) and len(network.sizes.shapes) == 3 and header.kind == "proposals"
    assert read_network(export_checkpoint(other, tmp_path / "rpn"))[1].sizes == header.sizes
    page = cv2.imread(str(tmp_path / "pages" / "0.png"), cv2.IMREAD_GRAYSCALE)
    lines, _ = seen(DetectorRuntime(path), np.asarray(page, np.uint8))
    assert all(line.direction in ("horizontal", "vertical") and len(line.polygon) == 4 for line in lines)


def test_a_folder_without_pages(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    (tmp_path / "empty").mkdir()
    data = recipe.data.model_copy(update={"pages": (recipe.data.pages[0].model_copy(update={"path": "empty"}),)})
    with pytest.raises(DataError, match="holds no layout file"):
        PageMaker(data, tmp_path)
