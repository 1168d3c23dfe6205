"""The model file: it explains itself, keeps every weight, agrees with torch, and says in one sentence what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from random_weights import randomised

from tenarai.errors import ModelFileError
from tenarai.image.standard import Standard
from tenarai.model.export import read_network, write_model
from tenarai.model.file import FORMAT, VERSION, Header, read_header
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.model.runtime import LineRuntime
from tenarai.text.alphabet import Alphabet

ALPHABET = Alphabet.of("abあ漢𠮟 -")
SIZES = Sizes(len(ALPHABET), 24, (3, 4, 5, 6), (0, 1, 1, 0), features=12, hidden=8, layers=2, neck=6)
HEADER = Header(
    kind="recogniser",
    name="small",
    sizes=SIZES.to_dict(),
    alphabet=ALPHABET,
    standard=Standard(24, "ink", 8, 16),
    down=DOWN,
    training={"recipe": {"name": "習"}, "journal": [{"step": 3, "loss": 1.5}]},
    licences=("CC BY-SA 3.0",),
    licence="CC BY-SA 4.0",
)


def random_network() -> Recogniser:
    torch.manual_seed(3)
    return randomised(Recogniser(SIZES))


@pytest.fixture(scope="module")
def network() -> Recogniser:
    return random_network()


@pytest.fixture(scope="module")
def model(network: Recogniser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small 習.model"
    write_model(network, HEADER, path)
    return path


# What is written is read again


@pytest.mark.parametrize("width", [48, 64, 112, 320, 1024])
def test_onnx_agrees_with_torch(network: Recogniser, model: Path, width: int) -> None:
    values = np.random.default_rng(width).random((2, 1, 24, width), np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(values)).log_softmax(-1).transpose(0, 1).numpy()
    (scores,) = LineRuntime(model).session.run(None, {"pictures": values})
    assert scores.shape == (2, width // DOWN, len(ALPHABET))
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    np.testing.assert_allclose(np.exp(scores).sum(-1), 1, atol=1e-4)


def test_weights_survive_exactly(network: Recogniser, model: Path) -> None:
    read, _ = read_network(model)
    assert read.sizes == SIZES
    for name, value in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(read.state_dict()[name], value), name


def test_a_file_read_and_written_again_is_the_same(model: Path, tmp_path: Path) -> None:
    read, header = read_network(model)
    write_model(read, header, tmp_path / "again.model")
    assert (tmp_path / "again.model").read_bytes() == model.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.model"]


def test_the_header_survives(model: Path) -> None:
    header = read_header(model)
    assert header.alphabet == ALPHABET and header.standard == HEADER.standard
    assert header.to_json() == json.loads(json.dumps(HEADER.to_json()))
    assert read_network(model)[1] == header == LineRuntime(model).header


def test_reading_onnx_needs_no_tenarai(model: Path) -> None:
    graph = onnx.load(str(model))
    onnx.checker.check_model(graph)
    told = json.loads({p.key: p.value for p in graph.metadata_props}[FORMAT])
    assert told["version"] == VERSION and told["alphabet"] == "abあ漢𠮟 -"
    assert [i.name for i in graph.graph.input] == ["pictures"]
    assert [o.name for o in graph.graph.output] == ["log_probs"]


# What is wrong is said in one sentence


def is_one_sentence(error: BaseException) -> bool:
    message = str(error)
    return message.endswith((".", "again.")) and "\n" not in message and 20 < len(message) < 400


def refusals(path: Path) -> list[ModelFileError]:
    """What both readers say of a bad file."""
    found = []
    for read in (read_header, read_network, LineRuntime):
        with pytest.raises(ModelFileError) as caught:
            read(path)
        assert is_one_sentence(caught.value), caught.value
        found.append(caught.value)
    return found


def test_a_file_cut_short_anywhere_is_refused(model: Path, tmp_path: Path) -> None:
    whole = model.read_bytes()
    cut = tmp_path / "cut.model"
    places = {1, 2, 3, 10, 100, len(whole) - 1, *np.linspace(0, len(whole) - 1, 25).astype(int).tolist()}
    for place in sorted(places):
        cut.write_bytes(whole[:place])
        refusals(cut)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    for error in refusals(tmp_path / "no.model"):
        assert "no.model" in str(error)
    refusals(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"# Notes\n\nnot a model\n", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04" * 9, b"\x08"]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.model"
    path.write_bytes(content)
    refusals(path)


def test_another_onnx_file_is_refused(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    other = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "other.onnx"
    path.write_bytes(other.SerializeToString())
    assert all("other.onnx" in str(error) for error in refusals(path))
    with pytest.raises(ModelFileError, match="not one that tenarai wrote"):
        LineRuntime(path)


def rewritten(model: Path, path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The model with its header changed: by `change` in place, or replaced by what it returns."""
    graph = onnx.load(str(model))
    entry = next(p for p in graph.metadata_props if p.key == FORMAT)
    data = json.loads(entry.value)
    new = change(data)
    entry.value = new if isinstance(new, str) else json.dumps(data)
    path.write_bytes(graph.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda h: h.update(version=VERSION + 1), f"version {VERSION + 1}; this tenarai reads version {VERSION}"),
        (lambda h: h.update(version=None), "version None"),
        (lambda h: h.update(kind="oracle"), "'oracle'; this tenarai knows recogniser"),
        (lambda h: h.update(format="else"), "not one that tenarai wrote"),
    ],
)
def test_another_version_or_kind_is_refused(
    model: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    for error in refusals(rewritten(model, tmp_path / "x.model", change)):
        assert expected in str(error)


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h.pop("alphabet"),
        lambda h: h.update(alphabet="aabc de"),
        lambda h: h.update(alphabet="abc"),
        lambda h: h.update(alphabet=h["alphabet"] + "xyz"),
        lambda h: h.update(alphabet=7),
        lambda h: h.update(alphabet=["a", "bc"]),
        lambda h: h.update(sizes=3),
        lambda h: h["sizes"].pop("classes"),
        lambda h: h.update(standard={"height": 3}),
        lambda h: h.update(standard={"colour": "red"}),
        lambda h: h.update(down="four"),
        lambda h: h.update(licences=None),
        lambda h: "{cut",
        lambda h: "[1, 2]",
        lambda h: '"text"',
    ],
)
def test_a_damaged_header_is_refused(model: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    refusals(rewritten(model, tmp_path / "x.model", change))


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h["sizes"].update(hidden=9),
        lambda h: h["sizes"].update(layers=3),
        lambda h: h["sizes"].update(channels=[1, 2, 3]),
        lambda h: h["sizes"].update(flavour="sweet"),
    ],
)
def test_sizes_that_contradict_the_weights_are_refused(
    model: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(ModelFileError) as caught:
        read_network(rewritten(model, tmp_path / "x.model", change))
    assert is_one_sentence(caught.value)


def test_a_write_that_fails_leaves_the_old_file(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept.model"
    path.write_bytes(model.read_bytes())
    unwritable = Header(**{**{f: getattr(HEADER, f) for f in HEADER.__slots__}, "training": {"a set": {1, 2}}})
    with pytest.raises(TypeError):
        write_model(random_network(), unwritable, path)
    assert path.read_bytes() == model.read_bytes()
    assert list(tmp_path.iterdir()) == [path]
