"""Single characters for training: drawn from the seed alone, test parts left out, held-out hands never trained on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tenarai.dataset.sample import Refused, Sample
from tenarai.errors import DataError, SettingsError
from tenarai.image.standard import Standard
from tenarai.model.classifier import Classifier, ClassifierSizes
from tenarai.model.file import read_header
from tenarai.model.runtime import CharacterRuntime
from tenarai.synth.strokes import StrokeFile
from tenarai.train import characters
from tenarai.train.characters import CharacterBatches, CharacterMaker, Characters, alphabet_of, held_out
from tenarai.train.classifier import expect_evenly, fitted_temperature, mixed
from tenarai.train.journal import read_journal
from tenarai.train.recipe import CharacterRecipe, CharacterSettings, make_recipe
from tenarai.train.run import JOURNAL, export_checkpoint, fit

KMNIST = "kmnist_6k2k/train-imgs.npz"
SHARED = Path(__file__).parents[3] / "shared" / "data"


def settings_of(**changes: object) -> CharacterSettings:
    return CharacterSettings(**{"characters": "あいうアイウ一二三", **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def maker() -> CharacterMaker:
    return CharacterMaker(settings_of(), 32, Path())


def test_characters_are_drawn_dark_on_white_in_their_square(maker: CharacterMaker) -> None:
    rng = np.random.default_rng(0)
    examples = [maker.draw(rng) for _ in range(160)]
    assert {maker.alphabet.characters[e.label] for e in examples} == set("あいうアイウ一二三")
    for example in examples:
        assert example.picture.shape == (32, 32) and example.picture.dtype == np.uint8
        assert np.median(example.picture) > 180 and example.picture.min() < 128


def test_every_draw_follows_from_the_key(maker: CharacterMaker) -> None:
    def drawn(key: tuple[int, int, int]) -> list[torch.Tensor]:
        return [batch.pictures for batch in CharacterBatches(maker, Standard(32), key, 3, 4)]

    first, again, other = drawn((1, 0, 0)), drawn((1, 0, 0)), drawn((1, 1, 0))
    assert len(first) == 3 and first[0].shape == (4, 1, 32, 32)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


def sample(name: str, **changes: Any) -> Sample:
    return Sample(name, np.full((8, 8), 255, np.uint8), "あ", "X", "character", **changes)


def test_writers_are_held_out_whole() -> None:
    samples = [sample(f"s{i}", writer=f"w{i % 40}") for i in range(400)]
    held = {s.writer for s in samples if held_out(s, 0.3)}
    assert 4 < len(held) < 22
    assert all(held_out(s, 0.3) == (s.writer in held) for s in samples)
    assert held_out(sample("a", split="validation"), 0.0) and not held_out(sample("a"), 0.0)


def test_classes_are_those_named() -> None:
    assert set(alphabet_of(settings_of(characters="digits"), []).characters) == {"", *"0123456789"}
    with pytest.raises(SettingsError, match="at least two"):
        alphabet_of(settings_of(characters="samples"), [sample("a")])


# Training


def test_temperature_makes_scores_as_sure_as_they_are_right() -> None:
    torch.manual_seed(0)
    labels = torch.randint(0, 5, (4000,))
    logits = 6 * torch.nn.functional.one_hot(labels, 5).float()
    wrong = torch.rand(4000) < 0.3
    logits[wrong] = 6 * torch.nn.functional.one_hot((labels[wrong] + 1) % 5, 5).float()
    confidence = (logits / fitted_temperature(logits, labels)).softmax(-1).max(-1).values.mean()
    assert float(confidence) == pytest.approx(0.7, abs=0.06)


def test_what_was_drawn_too_often_is_no_likelier_for_that() -> None:
    torch.manual_seed(1)
    network = Classifier(ClassifierSizes(classes=4, side=16, channels=(4, 4), blocks=(0, 0), features=8)).eval()
    pictures = torch.rand(5, 1, 16, 16)
    with torch.no_grad():
        before = (network(pictures) / 1.5).softmax(-1)
        expect_evenly(network, np.array([1.0, 1.0, 6.0, 12.0]), 1.5)
        after = (network(pictures) / 1.5).softmax(-1)
    odds = (before[:, 2:] / before[:, :1]) / (after[:, 2:] / after[:, :1])
    torch.testing.assert_close(odds, torch.tensor([6.0, 12.0]).expand(5, 2), rtol=1e-3, atol=0)


def test_pictures_are_mixed_as_their_labels_are() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(6, 1, 16, 16)
    assert mixed(pictures, 0.0) == (pictures, None, 1.0)
    for _ in range(20):
        out, others, part = mixed(pictures, 1.0)
        assert others is not None and 0 <= part <= 1 and out.shape == pictures.shape
        blended = torch.allclose(out, part * pictures + (1 - part) * pictures[others])
        cut = bool(((out == pictures) | (out == pictures[others])).all())
        assert blended or cut
        if cut and not blended:
            kept = (out == pictures).float().mean()
            assert float(kept) == pytest.approx(part, abs=0.02) or (others == torch.arange(6)).any()


SAMPLES = {"path": KMNIST, "corpus": "kmnist", "validation": 0.05}
RECIPE: dict[str, Any] = {
    "name": "few",
    "kind": "classifier",
    "network": {"side": 28, "channels": [8, 16], "blocks": [0, 0], "features": 32},
    "data": {"characters": "samples", "composed": 0, "samples": [SAMPLES]},
    "run": {"steps": 120, "steps_an_epoch": 60, "pixels": 64 * 784, "rate": 5e-3, "warm_up": 10, "average": 0.9,
            "device": "cpu", "validation_lines": 300},
}  # fmt: skip


def test_a_run_learns_the_classical_kana(tmp_path: Path) -> None:
    recipe = make_recipe(RECIPE, "few")
    path = fit(recipe, tmp_path / "run", SHARED, progress=False)
    header = read_header(path)
    assert header.kind == "classifier" and set(header.alphabet.characters) == {"", *"おきすつなはまやれを"}
    last = read_journal(tmp_path / "run" / JOURNAL)[-1]
    assert last["step"] == 120 and last["accuracy_real"] > 0.6
    assert CharacterRuntime(path).side == 28
    exported = export_checkpoint(recipe, tmp_path / "run")
    assert read_header(exported).alphabet == header.alphabet


def test_corpora_are_read_once_for_training_and_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    samples_of, lines_of = characters.read_samples, StrokeFile._lines

    def counted_samples(path: Path, corpus: str | None) -> Iterator[Sample | Refused]:
        read.append(path)
        return samples_of(path, corpus)

    def counted_lines(file: StrokeFile) -> Iterator[str]:
        read.append(file.path)
        return lines_of(file)

    monkeypatch.setattr(characters, "read_samples", counted_samples)
    monkeypatch.setattr(StrokeFile, "_lines", counted_lines)
    pens = {"path": "strokes/omniglot-train.jsonl.gz", "validation_writers": 2}
    data = {"characters": "hiragana", "composed": 0.5, "strokes": [pens], "samples": [SAMPLES]}
    recipe = make_recipe({**RECIPE, "data": data, "run": {**RECIPE["run"], "validation_lines": 8}}, "few")
    assert isinstance(recipe, CharacterRecipe)
    assert Characters(recipe, Standard(28), SHARED).groups == ("composed", "real")
    assert sorted(read) == [SHARED / KMNIST, SHARED / "strokes/omniglot-train.jsonl.gz"]


def test_a_corpus_without_such_characters_is_refused() -> None:
    data = settings_of(composed=0.0, characters="漢字", samples=(SAMPLES,))
    with pytest.raises(DataError, match="No corpus gives a sample"):
        CharacterMaker(data, 28, SHARED)
