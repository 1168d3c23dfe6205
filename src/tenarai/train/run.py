"""One training run: recipe in; checkpoints, journal and model file out. A killed run goes on from its last epoch."""

import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, TQDMProgressBar

from tenarai.errors import DataError, SettingsError
from tenarai.image.standard import Standard
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header
from tenarai.model.recogniser import DOWN, Sizes
from tenarai.text.alphabet import Alphabet, default_alphabet
from tenarai.train.journal import Journal, read_journal
from tenarai.train.lines import Lines
from tenarai.train.recipe import Recipe, RunSettings
from tenarai.train.recogniser import RecogniserTraining

CHECKPOINT = "last.ckpt"
JOURNAL = "journal.jsonl"
WEIGHTS_LICENCE = "CC BY-SA 4.0"  # the share-alike terms of the stroke data carry over


def sizes_of(recipe: Recipe, alphabet: Alphabet) -> Sizes:
    """The network's sizes."""
    return Sizes(classes=len(alphabet), **recipe.network.model_dump())


def fit(
    recipe: Recipe,
    out: Path,
    corpora: Path,
    *,
    resume: bool = False,
    start: Path | None = None,
    progress: bool = True,
) -> Path:
    """Trains by the recipe into the folder `out` and gives the model file written there.

    `resume` goes on from the folder's last epoch to the same numbers as an unbroken run; `start` takes the first
    weights from a model file or another run's checkpoint. Raises SettingsError or DataError before any work is lost.
    """
    out.mkdir(parents=True, exist_ok=True)
    last = out / CHECKPOINT
    if resume and not last.exists():
        raise DataError(f"There is nothing to resume in {out}: it holds no {CHECKPOINT}.")
    # The second process of a run on several devices starts when the first has made the folder.
    if not resume and last.exists() and "LOCAL_RANK" not in os.environ:
        raise DataError(f"{out} holds a run already: go on with --resume, or name another folder.")
    lightning.seed_everything(recipe.run.seed, verbose=False)
    alphabet = default_alphabet()
    standard = Standard(height=recipe.network.height)
    module = RecogniserTraining(sizes_of(recipe, alphabet), alphabet, recipe.run)
    if start is not None and not resume:
        begin_with(module, start)
    lines = Lines(recipe, alphabet, standard, corpora)
    trainer = _trainer(recipe, out, progress)
    trainer.fit(module, lines, ckpt_path=last if resume else None, weights_only=False)
    return write_run(module, recipe, alphabet, standard, out)


def write_run(module: RecogniserTraining, recipe: Recipe, alphabet: Alphabet, standard: Standard, out: Path) -> Path:
    """Writes the averaged network of a run as a model file beside its checkpoints."""
    record = {"recipe": recipe.model_dump(mode="json"), "journal": read_journal(out / JOURNAL)[-1:]}
    sources = [corpus.licence for corpus in recipe.data.lines if corpus.licence]
    header = Header(
        kind=recipe.kind,
        name=recipe.name,
        sizes=module.average.sizes.to_dict(),
        alphabet=alphabet,
        standard=standard,
        down=DOWN,
        training=record,
        licences=(*recipe.data.licences, *sources),
        licence=WEIGHTS_LICENCE,
    )
    path = out / f"{recipe.name}.model"
    write_model(module.average, header, path)
    return path


def export_checkpoint(recipe: Recipe, out: Path) -> Path:
    """The model file of a run that is not over, or was killed: what its last epoch reads like."""
    alphabet = default_alphabet()
    module = RecogniserTraining(sizes_of(recipe, alphabet), alphabet, recipe.run)
    begin_with(module, out / CHECKPOINT)
    return write_run(module, recipe, alphabet, Standard(height=recipe.network.height), out)


def begin_with(module: RecogniserTraining, start: Path) -> None:
    """First weights from a model file, or from a checkpoint of the same sizes.

    Raises ModelFileError or SettingsError when they do not fit.
    """
    try:
        if start.suffix == ".ckpt":
            module.load_state_dict(torch.load(start, map_location="cpu", weights_only=True)["state_dict"])
        else:
            network, header = read_network(start)
            if header.alphabet != module.alphabet:
                raise SettingsError(f"{start} does not fit this recipe's network (it reads another alphabet).")
            module.network.load_state_dict(network.state_dict())
            module.average.load_state_dict(network.state_dict())
    except (RuntimeError, OSError, KeyError, EOFError, UnpicklingError) as error:
        reason = (str(error).splitlines() or ["it is empty or cut short"])[0]
        raise SettingsError(f"{start} does not fit this recipe's network ({reason}).") from None


def _trainer(recipe: Recipe, out: Path, progress: bool) -> lightning.Trainer:
    run = recipe.run
    devices = _devices(run)
    callbacks: list[Callback] = [
        Journal(out / JOURNAL),
        ModelCheckpoint(dirpath=out, filename="epoch", save_last=True, every_n_epochs=1, enable_version_counter=False),
    ]
    if progress:
        callbacks.append(TQDMProgressBar(refresh_rate=20))
    return lightning.Trainer(
        accelerator=run.device,
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        precision=precision_of(run.precision),
        max_steps=run.steps,
        reload_dataloaders_every_n_epochs=1,
        gradient_clip_val=run.clip,
        callbacks=callbacks,
        logger=_logger(out),
        num_sanity_val_steps=0,
        enable_progress_bar=progress,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=out,
    )


def _devices(run: RunSettings) -> int:
    """As many as asked for, but no more than there are. On the CPU a device is a process of one thread: two threads in
    one process are slower than one on busy cores, and add up in another order each time."""
    if run.device != "cpu" and torch.cuda.is_available():
        return min(run.devices, torch.cuda.device_count())
    torch.set_num_threads(1)
    return run.devices


def precision_of(asked: str) -> Any:
    """The precision for Lightning: what the recipe asks, or what the hardware is fast at."""
    if asked != "auto":
        return asked
    # bfloat16 pays where there is hardware for it; elsewhere it is emulated and slower than float32.
    fast = torch.cuda.is_available() or torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if fast else "32-true"


def _logger(out: Path) -> Any:
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        return False
    from lightning.pytorch.loggers import TensorBoardLogger

    return TensorBoardLogger(out, name="tensorboard", version="")
