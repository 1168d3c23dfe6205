"""Whole training runs of a tiny network: what they leave behind, and that a killed one goes on as if never stopped."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from tenarai.errors import DataError, SettingsError
from tenarai.model.export import read_network, write_model
from tenarai.model.file import read_header
from tenarai.model.runtime import LineRuntime
from tenarai.text.alphabet import Alphabet, default_alphabet
from tenarai.train.averaged import rate_factor
from tenarai.train.journal import read_journal
from tenarai.train.recipe import Recipe, make_recipe
from tenarai.train.recogniser import RecogniserTraining
from tenarai.train.run import CHECKPOINT, JOURNAL, begin_with, export_checkpoint, fit, sizes_of

SETTINGS: dict[str, Any] = {
    "name": "tiny",
    "network": {
        "height": 16,
        "channels": [4, 4, 4, 4],
        "blocks": [0, 0, 1, 0],
        "features": 8,
        "hidden": 8,
        "layers": 2,
        "neck": 8,
        "dropout": 0.3,
    },
    "data": {"longest_japanese": 3, "longest_latin": 6, "licences": ["CC BY-SA 3.0"]},
    "run": {
        "seed": 5,
        "steps": 6,
        "steps_an_epoch": 2,
        "pixels": 8_000,
        "rate": 1e-2,
        "warm_up": 2,
        "average": 0.9,
        "precision": "32-true",
        "device": "cpu",
        "validation_lines": 4,
    },
}


def tiny(**run: object) -> Recipe:
    return make_recipe({**SETTINGS, "run": {**SETTINGS["run"], **run}}, "tiny")


def weights(path: Path) -> dict[str, np.ndarray]:
    return {w.name: numpy_helper.to_array(w) for w in onnx.load(str(path)).graph.initializer}


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = weights(one), weights(other)
    assert set(first) == set(second) and len(first) > 20
    for name, value in first.items():
        np.testing.assert_allclose(value, second[name], atol=1e-6, rtol=0, err_msg=name)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that went through."""
    out = tmp_path_factory.mktemp("runs") / "unbroken"
    path = fit(tiny(), out, Path(), progress=False)
    assert path == out / "tiny.model"
    return out


# What a run leaves behind


def test_a_run_leaves_a_journal_of_every_epoch(unbroken: Path) -> None:
    rows = read_journal(unbroken / JOURNAL)
    assert [row["step"] for row in rows] == [2, 4, 6]
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    for row in rows:
        assert np.isfinite(row["loss"]) and row["loss"] > 0
        assert row["lines"] > 0 and row["lines_a_second"] > 0
        assert row["cer_composed"] >= 0
        assert "cer_real" not in row


def test_a_run_leaves_a_model_that_says_how_it_was_made(unbroken: Path) -> None:
    header = read_header(unbroken / "tiny.model")
    assert (header.name, header.kind) == ("tiny", "recogniser")
    assert header.alphabet == default_alphabet()
    assert header.standard.height == 16
    assert make_recipe(dict(header.training["recipe"]), "record") == tiny()
    assert header.training["journal"] == read_journal(unbroken / JOURNAL)[-1:]
    assert "CC BY-SA 3.0" in header.licences and header.licence


def test_the_model_reads(unbroken: Path) -> None:
    runtime = LineRuntime(unbroken / "tiny.model")
    assert runtime.log_probs(np.full((16, 60), 255, np.uint8)).shape[1] == len(default_alphabet())


def test_training_changed_the_weights(unbroken: Path) -> None:
    import lightning

    lightning.seed_everything(5, verbose=False)
    fresh = RecogniserTraining(sizes_of(tiny(), default_alphabet()), default_alphabet(), tiny().run)
    network, _ = read_network(unbroken / "tiny.model")
    moved = [not torch.equal(a, b) for a, b in zip(network.parameters(), fresh.network.parameters(), strict=True)]
    assert all(moved)


def test_the_checkpoint_makes_the_same_model(unbroken: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in (CHECKPOINT, JOURNAL):
        (copied / name).write_bytes((unbroken / name).read_bytes())
    assert_same_weights(export_checkpoint(tiny(), copied), unbroken / "tiny.model")


# Killed and resumed


KILLED = """
import os, signal, sys
from pathlib import Path
from tenarai.train.journal import Journal
from tenarai.train.recipe import make_recipe
from tenarai.train.run import fit

kept = Journal.on_train_batch_end

def killed(self, trainer, *rest):
    kept(self, trainer, *rest)
    if trainer.global_step == 3:
        os.kill(os.getpid(), signal.SIGKILL)

Journal.on_train_batch_end = killed
fit(make_recipe(eval(sys.argv[1]), "tiny"), Path(sys.argv[2]), Path(), progress=False)
"""


def test_a_killed_run_goes_on_to_the_same_numbers(unbroken: Path, tmp_path: Path) -> None:
    """Killed in the middle of its second epoch, with dropout, it must repeat that epoch as it would have been."""
    out = tmp_path / "killed"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, repr(SETTINGS), str(out)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (out / CHECKPOINT).exists() and not (out / "tiny.model").exists()
    assert [row["step"] for row in read_journal(out / JOURNAL)] == [2]
    # A kill in the middle of writing a row must not take the next row with it.
    with (out / JOURNAL).open("a", encoding="utf-8") as file:
        file.write('{"step": 3, "lo')
    path = fit(tiny(), out, Path(), resume=True, progress=False)
    assert_same_weights(path, unbroken / "tiny.model")
    one, other = (read_journal(folder / JOURNAL) for folder in (out, unbroken))
    for key in ("step", "epoch", "loss", "rate", "lines", "cer_composed"):
        assert [row[key] for row in one] == pytest.approx([row[key] for row in other], abs=1e-4), key


# What is refused


def test_a_folder_with_a_run_is_not_overwritten(unbroken: Path) -> None:
    before = (unbroken / "tiny.model").read_bytes()
    with pytest.raises(DataError, match="holds a run already"):
        fit(tiny(), unbroken, Path(), progress=False)
    assert (unbroken / "tiny.model").read_bytes() == before


def test_nothing_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to resume"):
        fit(tiny(), tmp_path / "new", Path(), resume=True, progress=False)


@pytest.mark.parametrize(
    "data", [{"lines": [{"path": "empty"}]}, {"japanese_fonts": ["empty"]}, {"texts": ["gone.txt"]}]
)
def test_empty_corpora_are_refused_before_any_work(tmp_path: Path, data: dict[str, object]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty|gone\.txt"):
        fit(make_recipe({**SETTINGS, "data": data}, "tiny"), tmp_path / "out", tmp_path, progress=False)
    assert not (tmp_path / "out" / CHECKPOINT).exists()


# Starting from other weights


def training(recipe: Recipe) -> RecogniserTraining:
    torch.manual_seed(0)
    return RecogniserTraining(sizes_of(recipe, default_alphabet()), default_alphabet(), recipe.run)


def test_a_run_can_start_from_a_model(unbroken: Path) -> None:
    module = training(tiny())
    begin_with(module, unbroken / "tiny.model")
    network, _ = read_network(unbroken / "tiny.model")
    for part in (module.network, module.average):
        for one, other in zip(part.parameters(), network.parameters(), strict=True):
            assert torch.equal(one, other)


def test_a_run_can_start_from_a_checkpoint(unbroken: Path) -> None:
    module = training(tiny())
    begin_with(module, unbroken / CHECKPOINT)
    network, _ = read_network(unbroken / "tiny.model")
    for one, other in zip(module.average.parameters(), network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_weights_that_do_not_fit_are_refused(unbroken: Path, tmp_path: Path) -> None:
    wider = make_recipe({**SETTINGS, "network": {**SETTINGS["network"], "hidden": 9}}, "wider")
    for name in ("tiny.model", CHECKPOINT):
        with pytest.raises(SettingsError, match=r"does not fit|no checkpoint"):
            begin_with(training(wider), unbroken / name)
    read, header = read_network(unbroken / "tiny.model")
    letters = (*header.alphabet.characters[:1], *header.alphabet.characters[:0:-1])
    write_model(read, replace(header, alphabet=Alphabet(letters)), tmp_path / "letters.model")
    with pytest.raises(SettingsError, match="another alphabet"):
        begin_with(training(tiny()), tmp_path / "letters.model")
    for content in (b"", b"no checkpoint", (unbroken / CHECKPOINT).read_bytes()[:2000]):
        (tmp_path / "bad.ckpt").write_bytes(content)
        with pytest.raises(SettingsError, match=r"does not fit|no checkpoint"):
            begin_with(training(tiny()), tmp_path / "bad.ckpt")
    with pytest.raises(SettingsError, match=r"does not fit|no checkpoint"):
        begin_with(training(tiny()), tmp_path / "gone.ckpt")


# The rate


def test_the_rate_warms_up_stays_and_falls() -> None:
    run = tiny(steps=100, warm_up=10, decay=0.3).run
    rates = [rate_factor(step, run) for step in range(101)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == pytest.approx(1.0)
    assert rates[10:71] == [1.0] * 61
    np.testing.assert_allclose(np.diff(rates[70:]), -1 / 30)
    assert rates[100] == 0.0


def test_a_rate_without_warm_up_or_decay_stays() -> None:
    run = tiny(steps=50, warm_up=0, decay=0.0).run
    assert [rate_factor(step, run) for step in range(50)] == [1.0] * 50


# The journal


def test_a_row_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL
    path.write_text('{"step": 2}\n{"step": 4, "lo', "utf-8")
    assert read_journal(path) == [{"step": 2}]


def test_there_is_no_journal_before_a_run(tmp_path: Path) -> None:
    assert read_journal(tmp_path / JOURNAL) == []


def test_a_damaged_checkpoint_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(SettingsError, match="no checkpoint that can be read"):
        fit(tiny(), tmp_path, Path(), resume=True, progress=False)
