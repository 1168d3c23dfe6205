"""The language network and its file: ONNX agrees with torch, a step with a whole text, likelihoods with each other."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import DataError, ModelFileError, SettingsError
from tenarai.image.standard import Standard
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header, read_header
from tenarai.model.language import Language, LanguageSizes
from tenarai.model.language_runtime import KINDS_UNKNOWN, UNKNOWN_CHARACTER, LanguageRuntime, opened_language
from tenarai.model.runtime import LineRuntime
from tenarai.text.alphabet import Alphabet
from tenarai.text.ngram import BOUNDARY

ALPHABET = Alphabet(("", UNKNOWN_CHARACTER, *"aeのn、た漢 -𠮟"))
SIZES = LanguageSizes(len(ALPHABET), embedding=5, hidden=16, layers=2, cutoffs=(4, 8))
HEADER = Header("language", "small", SIZES.to_dict(), ALPHABET, Standard(), licences=("mine",))
TEXTS = ["ae", "", "aena漢", "aenの、た", "zaz", "ae", "たa"]


@pytest.fixture(scope="module")
def network() -> Language:
    torch.manual_seed(3)
    made = Language(SIZES)
    with torch.no_grad():
        for weight in made.parameters():
            weight.normal_(0, 0.7)
    return made


@pytest.fixture(scope="module")
def model(network: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small 語.model"
    write_model(network, HEADER, path)
    return path


@pytest.fixture(scope="module")
def runtime(model: Path) -> LanguageRuntime:
    return LanguageRuntime(model)


# The file


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (3, 1), (1, 40), (4, 7)])
def test_onnx_agrees_with_torch(network: Language, runtime: LanguageRuntime, batch: int, length: int) -> None:
    rng = np.random.default_rng(length)
    labels = rng.integers(0, len(ALPHABET), (batch, length))
    states = rng.normal(size=(4, batch, 16)).astype(np.float32)
    with torch.no_grad():
        features, after = network(torch.from_numpy(labels).T, torch.from_numpy(states))
        expected = network.log_probs(features).transpose(0, 1).numpy()
    log_probs, states_after = runtime.run(labels, states)
    np.testing.assert_allclose(log_probs, expected, atol=1e-4)
    np.testing.assert_allclose(states_after, after.numpy(), atol=1e-4)
    np.testing.assert_allclose(np.exp(log_probs).sum(-1), 1, atol=1e-4)


def test_what_training_lowers_is_what_reading_asks(network: Language) -> None:
    features, labels = torch.randn(30, 16), torch.arange(30) % len(ALPHABET)
    with torch.no_grad():
        whole = network.log_probs(features).gather(1, labels[:, None])[:, 0]
        torch.testing.assert_close(network.surprise(features, labels), -whole, atol=1e-5, rtol=0)


def test_weights_and_header_survive(network: Language, model: Path, tmp_path: Path) -> None:
    read, header = read_network(model)
    assert header == read_header(model) and header.to_json() == json.loads(json.dumps(HEADER.to_json()))
    assert isinstance(read, Language) and read.sizes == SIZES
    for name, value in network.state_dict().items():
        assert torch.equal(read.state_dict()[name], value), name
    write_model(read, header, tmp_path / "again.model")
    assert (tmp_path / "again.model").read_bytes() == model.read_bytes()


def test_a_file_cut_short_anywhere_is_refused(model: Path, tmp_path: Path) -> None:
    whole, cut = model.read_bytes(), tmp_path / "cut.model"
    for place in np.linspace(0, len(whole) - 1, 12).astype(int):
        cut.write_bytes(whole[:place])
        for read in (LanguageRuntime, read_network):
            with pytest.raises(ModelFileError) as caught:
                read(cut)
            assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_each_kind_is_refused_where_another_is_needed(network: Language, model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is a language model; to read lines, a recogniser is needed"):
        LineRuntime(model)
    import tenarai.reader

    with pytest.raises(ModelFileError, match="is a recogniser; to foretell text, a language model is needed"):
        opened_language(tenarai.reader.shipped_model())
    for alphabet in (Alphabet.of("abcdefghijkl"), Alphabet(ALPHABET.characters[:-1])):
        sizes = {**SIZES.to_dict(), "classes": len(ALPHABET)}
        write_model(network, replace(HEADER, alphabet=alphabet, sizes=sizes), tmp_path / "other.model")
        with pytest.raises(ModelFileError, match=r"header of the model file .* is damaged"):
            LanguageRuntime(tmp_path / "other.model")


@pytest.mark.parametrize(
    "change",
    [
        {"cutoffs": ()}, {"cutoffs": (8, 4)}, {"cutoffs": (12,)}, {"hidden": 0}, {"hidden": 15}, {"classes": 2},
        {"dropout": 1.0},
    ],
)  # fmt: skip
def test_sizes_that_make_no_network_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        replace(SIZES, **change)  # type: ignore[arg-type]


# Asked about texts


def by_hand(network: Language, text: str, whole: bool) -> list[float]:
    """The definition: one pass of torch over everything before each character."""
    row = text + BOUNDARY * whole
    labels = [{BOUNDARY: 0}.get(c, ALPHABET.labels.get(c, 1)) for c in row]
    found = []
    for place, label in enumerate(labels):
        before = torch.tensor([[0 if whole else 1], *([b] for b in labels[:place])])
        with torch.no_grad():
            features, _ = network(before, network.fresh(1))
            score = float(network.log_probs(features)[-1, 0, label])
        found.append(score - math.log(KINDS_UNKNOWN) * (label == 1))
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_texts_together_have_the_likelihoods_that_they_have_alone(
    network: Language, runtime: LanguageRuntime, whole: bool
) -> None:
    together = runtime.foretold(TEXTS, whole)
    for text, scores in zip(TEXTS, together, strict=True):
        assert scores.shape == (len(text) + whole,)
        np.testing.assert_allclose(scores, by_hand(network, text, whole), atol=1e-4)


def test_a_step_costs_one_step(runtime: LanguageRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    run = runtime.run
    monkeypatch.setattr(runtime, "run", lambda labels, states: asked.append(labels.size) or run(labels, states))
    state, total = runtime.start, 0.0
    for character in "aenの漢た" + BOUNDARY:
        state, score = runtime.step(state, character)
        total += score
    assert asked == [1] * 7
    assert total == pytest.approx(runtime.foretold(["aenの漢た"], whole=True)[0].sum(), abs=1e-4)
    asked.clear()
    runtime.step(runtime.start + "aenの漢", "n")
    assert asked == []
    runtime.foretold(["aen", "aeの", "aeた"])  # what begins alike is looked at once
    assert asked == [1, 1, 1]


@given(st.text("aeの漢z ", max_size=12))
def test_states_forgotten_are_found_again(runtime: LanguageRuntime, text: str) -> None:
    runtime._known.clear()
    state = runtime.root
    for character, expected in zip(text, runtime.foretold([text])[0], strict=True):
        runtime._known.clear()
        state, score = runtime.step(state, character)
        assert score == pytest.approx(expected, abs=1e-4)


def test_probabilities_of_all_characters_sum_to_one(runtime: LanguageRuntime) -> None:
    for context in ("", BOUNDARY, BOUNDARY + "ae", "漢z"):
        shares = runtime.distribution(context)
        assert shares.shape == (len(runtime.characters) + 1,)
        assert shares[:-1].sum() + KINDS_UNKNOWN * shares[-1] == pytest.approx(1, abs=1e-5)
        for character in ("a", "𠮟", BOUNDARY):
            log = math.log(shares[runtime.characters.index(character)])
            assert runtime.step(context, character)[1] == pytest.approx(log, abs=1e-5)


def test_perplexity_is_the_mean_surprise(runtime: LanguageRuntime) -> None:
    scores = np.concatenate(runtime.foretold(TEXTS, whole=True))
    assert runtime.perplexity(TEXTS) == pytest.approx(math.exp(-scores.mean()), rel=1e-5)
    with pytest.raises(DataError):
        runtime.perplexity([])


def test_a_file_is_opened_again_only_when_it_has_changed(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.model"
    path.write_bytes(model.read_bytes())
    first = opened_language(path)
    assert isinstance(first, LanguageRuntime) and opened_language(str(path)) is first
    assert opened_language("auto") == "auto" and opened_language(tmp_path / "none") == tmp_path / "none"
