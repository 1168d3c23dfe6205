"""Language networks trained for seconds: pieces of text, what is learnt of them, runs that are killed or refused."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from tenarai.errors import DataError, ModelFileError, SettingsError
from tenarai.model.file import read_header
from tenarai.model.language_runtime import LINE_END, UNKNOWN, UNKNOWN_CHARACTER, LanguageRuntime
from tenarai.text.alphabet import Alphabet
from tenarai.text.generate import generated
from tenarai.train import texts
from tenarai.train.journal import read_journal
from tenarai.train.recipe import LanguageRecipe, make_recipe, read_recipe
from tenarai.train.run import JOURNAL, export_checkpoint, fit, sizes_of_language
from tenarai.train.texts import NOTHING, PieceBatches, Texts, alphabet_of, stream_of

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
LINES = ["手習いの本を読む", "手紙を書く"]
SETTINGS: dict[str, Any] = {
    "name": "small",
    "kind": "language",
    "network": {"embedding": 8, "hidden": 24, "cutoffs": [6], "dropout": 0.1},
    "data": {"texts": ["lines.txt"], "held_out": 10, "pieces": 16, "length": 16, "licences": ["mine"]},
    "run": {
        "steps": 120,
        "steps_an_epoch": 40,
        "rate": 0.02,
        "warm_up": 10,
        "average": 0.9,
        "clip": 1.0,
        "precision": "32-true",
        "device": "cpu",
        "validation_lines": 8,
    },
}


def recipe(**changes: dict[str, Any]) -> LanguageRecipe:
    made = make_recipe({**SETTINGS, **{key: {**SETTINGS[key], **value} for key, value in changes.items()}}, "small")
    assert isinstance(made, LanguageRecipe)
    return made


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "lines.txt").write_text("\n".join(LINES[i % 2] for i in range(200)), "utf-8")
    return folder


@pytest.fixture(scope="module")
def run(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that went through."""
    out = tmp_path_factory.mktemp("runs") / "run"
    assert fit(recipe(), out, corpora, progress=False) == out / "small.model"
    return out


# What a run learns and leaves


def test_a_small_text_is_learnt(run: Path) -> None:
    model = LanguageRuntime(run / "small.model")
    bits = math.log2(model.perplexity(LINES))
    # Which of the two lines follows is a bit, and the rest is known.
    assert bits < 0.4 < 3 < math.log2(model.perplexity(["本書紙手"]))
    assert generated(model, 4, temperature=0, start="手紙") == "手紙を書く\n"
    assert set(generated(model, 120, temperature=0.5).splitlines()[:-1]) <= set(LINES)


def test_a_run_leaves_a_journal_and_a_model_that_says_how_it_was_made(run: Path) -> None:
    rows = read_journal(run / JOURNAL)
    assert [row["step"] for row in rows] == [40, 80, 120] and rows[0]["lines"] == 40 * 16
    bits = [row["bits_lines"] for row in rows]
    assert bits[-1] < 0.4 and bits[-1] < bits[0]
    header = read_header(run / "small.model")
    assert (header.kind, header.name, header.licences) == ("language", "small", ("mine",))
    assert make_recipe(dict(header.training["recipe"]), "record") == recipe()
    assert header.alphabet.characters[:2] == ("", UNKNOWN_CHARACTER) and set(header.alphabet.characters[2:]) == set(
        "".join(LINES)
    )


def test_the_journal_says_what_reading_says(run: Path, corpora: Path) -> None:
    held = Texts(recipe(), corpora).held["lines"]
    assert len(held) == 20
    model = LanguageRuntime(run / "small.model")
    chosen = [held[i] for i in np.linspace(0, 19, 8).astype(int)]
    assert math.log2(model.perplexity(chosen)) == pytest.approx(read_journal(run / JOURNAL)[-1]["bits_lines"], abs=1e-3)


def test_a_run_that_stopped_goes_on_to_the_same_numbers(run: Path, corpora: Path, tmp_path: Path) -> None:
    out = tmp_path / "stopped"

    class StoppedError(Exception):
        pass

    from tenarai.train.journal import Journal

    ended = Journal.on_train_batch_end

    def stopping(self: Journal, trainer: Any, *rest: Any) -> None:
        ended(self, trainer, *rest)
        if trainer.global_step == 60:
            raise StoppedError

    with pytest.MonkeyPatch.context() as patch, pytest.raises(StoppedError):
        patch.setattr(Journal, "on_train_batch_end", stopping)
        fit(recipe(), out, corpora, progress=False)
    assert LanguageRuntime(export_checkpoint(recipe(), out)).perplexity(LINES) > 1
    again = LanguageRuntime(fit(recipe(), out, corpora, resume=True, progress=False))
    first = LanguageRuntime(run / "small.model")
    for one, other in zip(again.foretold(LINES), first.foretold(LINES), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_training_goes_on_from_a_model_file_of_the_same_alphabet(run: Path, corpora: Path, tmp_path: Path) -> None:
    short = recipe(run={"steps": 2, "steps_an_epoch": 2, "rate": 1e-5})
    path = fit(short, tmp_path / "on", corpora, start=run / "small.model", progress=False)
    assert LanguageRuntime(path).perplexity(LINES) < 1.4
    (tmp_path / "other.txt").write_text("another text\n" * 20, "utf-8")
    other = recipe(data={"texts": ["other.txt"]})
    with pytest.raises(SettingsError, match="another alphabet"):
        fit(other, tmp_path / "no", tmp_path, start=run / "small.model", progress=False)


# What it is trained on


@given(st.integers(0, 99), st.integers(2, 12))
def test_pieces_are_cut_from_the_text(seed: int, length: int) -> None:
    alphabet = alphabet_of(LINES, 1)
    stream = stream_of(LINES, alphabet)
    text = "\n".join(LINES) + "\n"
    names = ["\n", UNKNOWN_CHARACTER, *alphabet.characters[2:]]
    (pieces,) = PieceBatches(stream, (seed, 0, 0), 1, 9, length)
    assert pieces.inputs.shape == pieces.targets.shape == (length, 9) and len(pieces) == 9
    for inputs, targets in zip(pieces.inputs.T.tolist(), pieces.targets.T.tolist(), strict=True):
        piece = "".join(names[label] for label in targets)
        assert piece in text + text
        assert inputs[1:] == targets[:-1] and inputs[0] in (LINE_END, UNKNOWN)
        assert inputs[0] == UNKNOWN or ("\n" + piece) in "\n" + text + text


def test_draws_follow_from_the_epoch_and_are_shared_between_workers() -> None:
    stream = np.arange(2, 500)

    def drawn(epoch: int, workers: int = 0) -> list[list[int]]:
        loader = DataLoader(PieceBatches(stream, (1, epoch, 0), 5, 2, 4), batch_size=None, num_workers=workers)
        return [batch.targets.flatten().tolist() for batch in loader]

    assert drawn(0) == drawn(0) != drawn(1)
    assert len(drawn(0, workers=2)) == 5
    assert len({tuple(row) for row in drawn(0, workers=2)}) == 5


def test_characters_stand_by_how_common_they_are_and_rare_ones_are_unknown() -> None:
    alphabet = alphabet_of(["abbccc", "cz", UNKNOWN_CHARACTER * 9], 2)
    assert alphabet == Alphabet(("", UNKNOWN_CHARACTER, "c", "b"))
    assert stream_of(["cz", "b"], alphabet).tolist() == [2, UNKNOWN, LINE_END, 3, LINE_END]
    assert (texts.LINE_END, texts.UNKNOWN, texts.UNKNOWN_CHARACTER) == (LINE_END, UNKNOWN, UNKNOWN_CHARACTER)


def test_held_out_lines_are_not_learnt(tmp_path: Path) -> None:
    lines = [f"line {chr(0x4E00 + i)}" for i in range(40)]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
    (tmp_path / "a.held-out.txt").write_text("line x\n", "utf-8")
    cut = Texts(recipe(data={"texts": ["a.txt"], "least": 1}), tmp_path)
    assert cut.held == {"a": [lines[0], lines[10], lines[20], lines[30]]}
    assert not set("一") & set(cut.alphabet.characters) and chr(0x4E01) in cut.alphabet
    named = Texts(recipe(data={"texts": ["a.txt"], "validation": ["a.held-out.txt"], "least": 1}), tmp_path)
    assert named.held == {"a": ["line x"]} and chr(0x4E00) in named.alphabet
    (loader,) = named.val_dataloader()
    (pieces,) = loader
    assert pieces.targets[-1].tolist() == [LINE_END] and NOTHING not in pieces.targets


def test_a_text_too_short_to_hold_lines_out_is_learnt_whole(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("かたかた\n", "utf-8")
    asked = recipe(data={"least": 1}, run={"steps": 2, "steps_an_epoch": 1})
    assert Texts(asked, tmp_path).groups == ()
    assert LanguageRuntime(fit(asked, tmp_path / "out", tmp_path, progress=False)).perplexity(["かた"]) > 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "there is no text"),
        (b"\n\n \n", "there is no text"),
        (bytes(range(256)), "neither a language model nor text in UTF-8"),
        (b"text\0text\n", "holds zero bytes"),
        (b"ab", "occurs 3 times"),
    ],
)
def test_texts_that_teach_nothing_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "lines.txt").write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        fit(recipe(), tmp_path / "out", tmp_path, progress=False)
    assert "\n" not in str(caught.value)


def test_recipes_that_cannot_be_used_are_refused(tmp_path: Path, run: Path) -> None:
    with pytest.raises(DataError, match=r"lines\.txt cannot be read"):
        Texts(recipe(), tmp_path)
    with pytest.raises(SettingsError, match=r"name them in data\.texts"):
        Texts(recipe(data={"texts": []}), tmp_path)
    with pytest.raises(SettingsError, match="Did you mean 'hidden'"):
        recipe(network={"hiden": 3})
    with pytest.raises(ModelFileError):
        LanguageRuntime(run / "last.ckpt")


def test_groups_of_rare_characters_fit_the_alphabet() -> None:
    small, large = Alphabet.of("abc"), Alphabet.of(map(chr, range(0x4E00, 0x4E00 + 2000)))
    asked = recipe(network={"cutoffs": [600, 1500]})
    assert sizes_of_language(asked, small).cutoffs == (2,)
    assert sizes_of_language(asked, large).cutoffs == (600, 1500)


def test_the_recipe_in_the_house_is_one() -> None:
    assert isinstance(read_recipe(RECIPES / "language-ja.toml"), LanguageRecipe)
