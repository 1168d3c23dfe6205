"""Figures of single characters: counted as anyone would by hand."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tenarai.dataset.sample import Refused, Sample, Split
from tenarai.errors import DataError
from tenarai.evaluate import characters
from tenarai.evaluate.characters import Guess, confusion_matrix, evaluate_characters, read_guesses, reduced
from tenarai.image.standard import Standard
from tenarai.model.classifier import Classifier, ClassifierSizes
from tenarai.model.export import write_model
from tenarai.model.file import Header
from tenarai.model.runtime import CharacterRuntime
from tenarai.text.alphabet import Alphabet


def guesses(*rows: tuple[str, str, int]) -> list[Guess]:
    return [Guess(truth, text, 0.8) for truth, text, times in rows for _ in range(times)]


def test_accuracy_balanced_accuracy_and_confusions() -> None:
    found = evaluate_characters(guesses(("あ", "あ", 90), ("お", "お", 5), ("お", "あ", 5), ("龘", "龍", 2)), "あお龍")
    assert found.pictures == 102 and found.classes == 3 and found.unknown == 2
    assert found.accuracy == pytest.approx(95 / 102)
    assert found.interval[0] < found.accuracy < found.interval[1]
    assert found.balanced == pytest.approx((1 + 0.5 + 0) / 3)
    assert found.calibration_error == pytest.approx(95 / 102 - 0.8)
    assert [(c.reference, c.hypothesis, c.count) for c in found.confusions] == [("お", "あ", 5), ("龘", "龍", 2)]
    assert json.loads(json.dumps(found.to_json()))["balanced"] == pytest.approx(0.5)


def test_the_matrix_counts_the_characters_with_most_errors() -> None:
    read = guesses(("あ", "あ", 9), ("あ", "お", 3), ("お", "あ", 2), ("お", "龍", 2), ("う", "う", 5))
    assert confusion_matrix(read, 2) == (["お", "あ"], [[0, 2, 2], [3, 9, 0]])
    assert confusion_matrix(read, 1) == (["お"], [[0, 4]])


def test_writers_are_told_apart() -> None:
    read = [Guess("a", "a", 0.9, "w"), Guess("a", "b", 0.9, "w"), Guess("a", "a", 0.9, "v"), Guess("a", "b", 0.5)]
    shares = evaluate_characters(read, "ab").per_writer
    assert {name: (share.lines, share.cer) for name, share in shares.items()} == {"w": (2, 0.5), "v": (1, 0.0)}


def test_a_kept_picture_is_small_and_keeps_its_shape() -> None:
    assert reduced(np.full((560, 280), 9, np.uint8)).shape == (56, 28)
    assert reduced(np.full((30, 20), 9, np.uint8)).shape == (30, 20)


def test_nothing_to_evaluate_is_an_error() -> None:
    with pytest.raises(DataError, match="no picture of a single character"):
        evaluate_characters([], "a")


@pytest.mark.parametrize(
    ("parts", "held", "names", "reads"),
    [
        (["train", None, "test", "train", "test"], 10_000, [2, 4], 1),
        (["train", None, "test", "train", "test"], 0, [2, 4], 1),
        (["train", None, "validation"], 10_000, [0, 1, 2], 1),
        (["train", None, "validation"], 250, [0, 1, 2], 2),  # a picture has 100 bytes
    ],
)
def test_the_test_part_or_all_is_read_once_if_it_fits(
    monkeypatch: pytest.MonkeyPatch, parts: list[Split | None], held: int, names: list[int], reads: int
) -> None:
    calls = []

    def read(path: Path, corpus: str | None) -> Iterator[Sample | Refused]:
        calls.append((path, corpus))
        yield Refused("x", "It is broken.")
        yield Sample("line", np.full((10, 10), 255, np.uint8), "ab", "X", "line", split="test")
        for i, part in enumerate(parts):
            yield Sample(str(i), np.full((10, 10), i, np.uint8), "a", "X", "character", split=part)

    monkeypatch.setattr(characters, "read_samples", read)
    monkeypatch.setattr(characters, "HELD", held)
    assert [int(sample.name) for sample in characters.test_samples([Path("a")], "own")] == names
    assert calls == [(Path("a"), "own")] * reads


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> CharacterRuntime:
    alphabet = Alphabet.of("abc")
    sizes = ClassifierSizes(len(alphabet), 16, (2, 2), (0, 0), 4)
    path = tmp_path_factory.mktemp("model") / "small.model"
    header = Header("classifier", "small", sizes.to_dict(), alphabet, Standard(16, "ink", 0, 1))
    write_model(Classifier(sizes), header, path)
    return CharacterRuntime(path)


def test_many_pictures_are_each_read_as_alone(runtime: CharacterRuntime) -> None:
    rng = np.random.default_rng(0)
    pictures = [np.full((30, 30), 255, np.uint8)]
    for _ in range(700):
        pictures.append(pictures[0].copy())
        top, left = (int(v) for v in rng.integers(2, 15, 2))
        pictures[-1][top : top + 12, left : left + int(rng.integers(2, 12))] = 0
    samples = [Sample(str(i), picture, "a", "X", "character", writer="w") for i, picture in enumerate(pictures)]
    found = list(read_guesses(runtime, iter(samples)))
    assert len(found) == 701 and {(g.truth, g.writer) for g in found} == {("a", "w")}
    assert found[0] == Guess("a", "", 0.0, "w", "0")
    for i in (1, 300, 700):
        (alone,) = read_guesses(runtime, [samples[i]])
        assert (found[i].text, found[i].confidence) == (alone.text, pytest.approx(alone.confidence, abs=1e-4))
    assert all(guess.picture is None for guess in found)
    wrong = [guess.picture for guess in read_guesses(runtime, samples, pictures=3)]
    assert sum(picture is not None for picture in wrong) == 3
    (named,) = read_guesses(runtime, samples[1:2], {"b"})
    # What is left of 1 is that there is no character.
    assert named.text == "b" and found[1].confidence < named.confidence <= 1
