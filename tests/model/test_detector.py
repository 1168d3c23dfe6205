"""The detector: maps of the size of the page, from the model file as from torch, and weights that come back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from random_weights import randomised

from tenarai.errors import ModelFileError, SettingsError
from tenarai.image.standard import Standard
from tenarai.model.detector import Detector, DetectorSizes, RegionProposals
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header
from tenarai.model.maps import ANCHOR_STRIDE, ANCHOR_VALUES, LIKELIHOODS, MAPS, MULTIPLE, STRIDE, UNIT, named
from tenarai.model.runtime import DetectorRuntime, LineRuntime
from tenarai.text.alphabet import Alphabet

SIZES = DetectorSizes((3, 4, 5, 6, 7), (0, 0, 1, 0, 1), 6)
HEADER = Header("detector", "small", SIZES.to_dict(), Alphabet(("",)), Standard(64, "ink", 0, MULTIPLE), STRIDE)


@pytest.fixture(scope="module")
def network() -> Detector:
    torch.manual_seed(4)
    return randomised(Detector(SIZES))


@pytest.fixture(scope="module")
def model(network: Detector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("detector") / "small.model"
    write_model(network, HEADER, path)
    return path


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (32, 320)])
def test_the_file_agrees_with_torch(network: Detector, model: Path, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    with torch.no_grad():
        raw = network(torch.from_numpy(HEADER.standard.values(picture))[None, None])[0].numpy()
    assert raw.shape == (len(MAPS), size[0] // STRIDE, size[1] // STRIDE)
    expected, found = named(raw), named(DetectorRuntime(model).values(picture))
    for name in MAPS:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-3, atol=1e-4)


def test_a_page_of_any_size_has_maps_of_its_own_size(model: Path) -> None:
    assert DetectorRuntime(model).values(np.full((70, 101), 255, np.uint8)).shape == (len(MAPS), 18, 26)


def test_probabilities_and_pixels() -> None:
    raw = np.zeros((len(MAPS), 2, 2), np.float32)
    raw[:, 0, 0] = 100
    maps = named(raw)
    assert all(maps[name][1, 1] == 0.5 and maps[name][0, 0] == pytest.approx(1) for name in LIKELIHOODS)
    assert maps["width"][1, 1] == UNIT and np.isfinite(maps["height"]).all()


def test_weights_come_back(network: Detector, model: Path) -> None:
    read, header = read_network(model)
    assert isinstance(read, Detector) and header.kind == "detector" and header.down == STRIDE
    for name, value in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(read.state_dict()[name], value)


def test_a_detector_reads_no_lines(model: Path) -> None:
    with pytest.raises(ModelFileError, match="is a detector"):
        LineRuntime(model)


def test_region_proposals_are_read_and_written_too(tmp_path: Path) -> None:
    sizes = replace(SIZES, shapes=((20.0, 20.0), (90.0, 20.0)))
    network = randomised(RegionProposals(sizes))
    header = replace(HEADER, kind="proposals", sizes=sizes.to_dict(), down=ANCHOR_STRIDE)
    write_model(network, header, tmp_path / "rpn.model")
    runtime = DetectorRuntime(tmp_path / "rpn.model")
    picture = np.random.default_rng(1).integers(0, 256, (64, 96), dtype=np.uint8)
    with torch.no_grad():
        expected = network(torch.from_numpy(HEADER.standard.values(picture))[None, None])[0].numpy()
    assert expected.shape == (2 * ANCHOR_VALUES, 8, 12)
    np.testing.assert_allclose(runtime.values(picture), expected, rtol=1e-3, atol=1e-4)
    read, _ = read_network(tmp_path / "rpn.model")
    assert isinstance(read, RegionProposals) and [tuple(shape) for shape in read.sizes.shapes] == list(sizes.shapes)
    with pytest.raises(SettingsError, match="shapes of their anchors"):
        RegionProposals(SIZES)


@pytest.mark.parametrize(
    "sizes", [{"channels": (1, 2, 3)}, {"blocks": (0, 0)}, {"pyramid": 0}, {"channels": (0, 1, 1, 1, 1)}]
)
def test_sizes_that_cannot_be(sizes: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="detector"):
        DetectorSizes(**sizes)  # type: ignore[arg-type]
