"""The classifier: its shapes, its file, and that ONNX Runtime says what torch says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from random_weights import randomised

from tenarai.errors import AlphabetError, ModelFileError, SettingsError
from tenarai.image.character import Framed
from tenarai.image.standard import Standard
from tenarai.model.classifier import Classifier, ClassifierSizes
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header
from tenarai.model.runtime import CharacterRuntime, LineRuntime
from tenarai.text.alphabet import Alphabet

ALPHABET = Alphabet.of("abつっ漢")
SIZES = ClassifierSizes(len(ALPHABET), 20, (3, 4), (1, 0), 8)


def header(temperature: float = 1.0) -> Header:
    return Header(
        kind="classifier",
        name="small",
        sizes=SIZES.to_dict(),
        alphabet=ALPHABET,
        standard=Standard(20, "ink", 0, 1),
        temperature=temperature,
    )


@pytest.fixture(scope="module")
def network() -> Classifier:
    torch.manual_seed(2)
    return randomised(Classifier(SIZES))


@pytest.fixture(scope="module")
def model(network: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.model"
    write_model(network, header(), path)
    return path


def squares(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 20, 20), np.uint8)


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_onnx_agrees_with_torch(network: Classifier, tmp_path: Path, count: int, temperature: float) -> None:
    write_model(network, header(temperature), tmp_path / "m.model")
    runtime = CharacterRuntime(tmp_path / "m.model")
    values = torch.from_numpy(runtime.header.standard.values(squares(count))[:, None])
    with torch.no_grad():
        expected = (network(values) / temperature).softmax(-1).numpy()
    np.testing.assert_allclose(runtime.probabilities(squares(count)), expected, atol=1e-4)


def test_weights_survive_exactly(network: Classifier, model: Path) -> None:
    read, found = read_network(model)
    assert read.sizes == SIZES and found.to_json() == json.loads(json.dumps(header().to_json()))
    for name, value in read.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(value, network.state_dict()[name], rtol=0, atol=0)


def test_a_model_of_another_kind_is_refused(model: Path) -> None:
    with pytest.raises(ModelFileError, match="is a classifier; to read lines, a recogniser is needed"):
        LineRuntime(model)


@pytest.mark.parametrize(
    "wrong", [{"channels": ()}, {"blocks": (1,)}, {"classes": 1}, {"side": 2}, {"features": 0}, {"blocks": (-1, 0)}]
)
def test_impossible_sizes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        ClassifierSizes(**{**SIZES.to_dict(), **wrong})


# Ranking


def framed(picture: np.ndarray, share: float = 1.0, blank: bool = False) -> Framed:
    return Framed(picture, share, False, blank)


def nothing(runtime: CharacterRuntime, count: int) -> list[float]:
    """The probability that each square holds no character."""
    return list(runtime.probabilities(np.stack([framed(s).picture for s in squares(count)]))[:, 0].tolist())


def test_the_likeliest_come_first_and_leave_what_is_no_character(model: Path) -> None:
    runtime = CharacterRuntime(model)
    for found, none in zip(runtime.best([framed(s) for s in squares(5)]), nothing(runtime, 5), strict=True):
        chances = [chance for _, chance in found]
        assert chances == sorted(chances, reverse=True) and sum(chances) == pytest.approx(1 - none)


def test_a_named_alphabet_renormalises(model: Path) -> None:
    runtime = CharacterRuntime(model)
    (free,), (among,) = (runtime.best([framed(squares(1)[0])], allowed) for allowed in (None, set("ab")))
    chances = dict(free)
    left = 1 - nothing(runtime, 1)[0]
    assert dict(among) == pytest.approx({c: left * chances[c] / (chances["a"] + chances["b"]) for c in "ab"})
    with pytest.raises(AlphabetError, match="none of the characters"):
        runtime.best([framed(squares(1)[0])], set("xyz"))


def test_size_in_the_picture_tells_small_kana_from_large(model: Path) -> None:
    runtime, picture = CharacterRuntime(model), squares(1)[0]
    large, small = (dict(runtime.best([framed(picture, share)])[0]) for share in (0.7, 0.25))
    assert large["つ"] > 100 * large["っ"] and small["っ"] > 10 * small["つ"]
    assert large["つ"] + large["っ"] == pytest.approx(small["つ"] + small["っ"])


def test_size_is_compared_only_on_one_sheet(model: Path) -> None:
    runtime, picture = CharacterRuntime(model), squares(1)[0]
    sheet = [framed(picture, share) for share in (0.25, 0.25, 0.25, 0.25, 0.1)]
    alone = dict(runtime.best(sheet[:1])[0])
    assert alone["っ"] > 10 * alone["つ"]
    for kana in map(dict, runtime.best(sheet)):
        assert kana["っ"] > 10 * kana["つ"]
    *usual, small = map(dict, runtime.best(sheet, beside=True))
    assert all(kana["つ"] > 10 * kana["っ"] for kana in usual) and small["っ"] > 10 * small["つ"]


def test_blank_paper_is_no_character(model: Path) -> None:
    white = np.full((20, 20), 255, np.uint8)
    assert CharacterRuntime(model).best([framed(white, 0.0, blank=True), framed(squares(1)[0])], n=1)[0] == []
