"""Weights of 7 bits: nearly the same scores, the same text alone and beside others, and weights that train further."""

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper
from random_weights import randomised

import tenarai
from tenarai.errors import ModelFileError
from tenarai.image.standard import Standard
from tenarai.model.compact import is_compact
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header, read_header
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.model.runtime import LineRuntime
from tenarai.text.alphabet import Alphabet
from tenarai.text.error_rate import cer

ALPHABET = Alphabet.of("abcdeあいう漢字")
SIZES = Sizes(len(ALPHABET), 24, (3, 32, 34, 6), (0, 1, 1, 0), features=12, hidden=8, layers=2, neck=6)
HEADER = Header("recogniser", "small", SIZES.to_dict(), ALPHABET, Standard(24, "ink", 8, 16), DOWN)


@pytest.fixture(scope="module")
def network() -> Recogniser:
    torch.manual_seed(5)
    return randomised(Recogniser(SIZES))


def lines() -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    return [rng.integers(0, 256, (24, width), dtype=np.uint8) for width in (50, 120, 220)]


@pytest.fixture(scope="module", params=[0, 3], ids=["without lines", "with lines"])
def small(network: Recogniser, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    path = tmp_path_factory.mktemp("compact") / "small.model"
    write_model(network, HEADER, path, compact=True, lines=lines()[: request.param])
    return path


def test_wide_convolutions_are_of_whole_numbers_where_lines_are_given(network: Recogniser, tmp_path: Path) -> None:
    write_model(network, HEADER, tmp_path / "few.model", compact=True)
    write_model(network, HEADER, tmp_path / "all.model", compact=True, lines=lines())
    few, every = (onnx.load(str(tmp_path / name)).graph for name in ("few.model", "all.model"))
    steps = [{w.name: w for w in graph.initializer if w.data_type == TensorProto.INT8} for graph in (few, every)]
    more = {name.removesuffix("_quantized") for name in steps[1].keys() - steps[0].keys() if "zero_point" not in name}
    assert more == {
        f"network.features.{name}.weight" for name in ("6.first", "6.second", "7", "10.first", "10.second", "11")
    }
    assert not any(node.op_type == "BatchNormalization" for node in every.node)


def test_every_weight_comes_back_to_half_a_step(network: Recogniser, small: Path) -> None:
    read, header = read_network(small)
    assert header.to_json()["alphabet"] == HEADER.to_json()["alphabet"]
    written = network.state_dict()
    for name, value in read.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        # A scale a column, and round nought for convolutions: none is coarser than the whole matrix would be.
        step = 2 * float(written[name].abs().max()) / 126
        rounded = any(part in name for part in ("reader.weight", "column.weight", "neck.weight", "classes.weight"))
        rounded |= "features" in name and value.ndim == 4
        torch.testing.assert_close(value, written[name], atol=0.6 * step if rounded else 1e-7, rtol=0)


def test_scores_stay_near_those_of_the_network(network: Recogniser, small: Path) -> None:
    rng = np.random.default_rng(2)
    runtime = LineRuntime(small)
    for width in (60, 200):
        picture = rng.integers(0, 256, (24, width), dtype=np.uint8)
        scores = runtime.log_probs(picture)
        values = runtime.header.standard.line(picture, 4 * scores.shape[0])
        with torch.no_grad():
            expected = network(torch.from_numpy(values[None])).log_softmax(-1)[:, 0].numpy()
        # 8 bits of what comes in and 7 of the weights: a hundredth of their range each, over four layers.
        np.testing.assert_allclose(np.exp(scores), np.exp(expected), atol=0.05)


def test_written_again_it_is_the_same(small: Path, tmp_path: Path) -> None:
    network, header = read_network(small)
    with_lines = any(
        "features" in w.name for w in onnx.load(str(small)).graph.initializer if w.data_type == TensorProto.INT8
    )
    write_model(network, header, tmp_path / "again.model", compact=True, lines=lines() if with_lines else ())
    first, second = (onnx.load(str(path)) for path in (small, tmp_path / "again.model"))
    assert is_compact(first) and is_compact(second)
    steps = [
        {w.name: numpy_helper.to_array(w) for w in g.graph.initializer if w.data_type == TensorProto.INT8}
        for g in (first, second)
    ]
    assert steps[0].keys() == steps[1].keys()
    assert len(steps[0]) > 10
    for name, values in steps[0].items():
        np.testing.assert_array_equal(values, steps[1][name])


def test_the_shipped_reader_reads_the_same_with_float_weights(tmp_path: Path) -> None:
    shipped = tenarai.load()
    network, header = read_network(Path(str(tenarai.reader.shipped_model())))
    write_model(network, dataclasses.replace(header, name="wide"), tmp_path / "wide.model")
    wide = tenarai.load(tmp_path / "wide.model")
    examples = sorted((Path(__file__).parents[2] / "examples").glob("*.png"))
    assert examples
    texts = [(shipped.read(path).text, wide.read(path).text) for path in examples]
    assert cer(texts) < 0.03


def test_a_classifier_has_no_compact_form(tmp_path: Path) -> None:
    network, header = read_network(Path(str(tenarai.reader.shipped_model("characters"))))
    with pytest.raises(ModelFileError, match="Only a recogniser has a compact form"):
        write_model(network, header, tmp_path / "characters.model", compact=True)
    assert not list(tmp_path.iterdir())


def test_weights_that_a_damaged_file_lacks_are_named(small: Path, tmp_path: Path) -> None:
    graph = onnx.load(str(small))
    lost = next(w for w in graph.graph.initializer if w.name.startswith("onnx::") and w.name.endswith("_scale"))
    graph.graph.initializer.remove(lost)
    onnx.save(graph, str(tmp_path / "damaged.model"))
    assert read_header(small).kind == "recogniser"
    with pytest.raises(ModelFileError, match="damaged"):
        read_network(tmp_path / "damaged.model")
