"""One training run: recipe in, checkpoints, journal and model file out. A killed run goes on from its last epoch."""

import json
import os
import time
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch.utils.data import DataLoader

from tenarai.errors import DataError, SettingsError
from tenarai.image.standard import Standard
from tenarai.model.recogniser import Sizes
from tenarai.text.alphabet import Alphabet, default_alphabet
from tenarai.train.lines import Batch, LineBatches, LineMaker, TrainingLine, bucketed, collate
from tenarai.train.recipe import Recipe
from tenarai.train.recogniser import RecogniserTraining


def standard_of(recipe: Recipe) -> Standard:
    """The normalisation that a recipe's network is trained with."""
    return Standard(height=recipe.network.height, range="ink")


def sizes_of(recipe: Recipe, alphabet: Alphabet) -> Sizes:
    """The network's sizes."""
    return Sizes(classes=len(alphabet), **recipe.network.model_dump())


class Lines(lightning.LightningDataModule):
    """Fresh training lines every epoch, and the same validation lines always."""

    def __init__(self, recipe: Recipe, alphabet: Alphabet, corpora: Path) -> None:
        super().__init__()
        self.recipe, self.alphabet, self.corpora = recipe, alphabet, corpora
        self.standard = standard_of(recipe)
        self.maker = LineMaker(recipe.data, alphabet, recipe.network.height, corpora)
        self._validation: list[list[Batch]] | None = None
        self.validation_names: dict[str, str] = {}

    def train_dataloader(self) -> DataLoader[Batch]:
        run, trainer = self.recipe.run, self.trainer
        if trainer is None:
            raise SettingsError("Training lines are drawn by a trainer.")
        lines = LineBatches(
            self.maker,
            self.standard,
            seed=run.seed,
            epoch=trainer.current_epoch,
            rank=trainer.global_rank,
            steps=run.steps_an_epoch,
            pool=run.pool,
            pixels=run.pixels,
        )
        return DataLoader(lines, batch_size=None, num_workers=run.workers, persistent_workers=False)

    def val_dataloader(self) -> list[DataLoader[Batch]]:
        if self._validation is None:
            self._validation = [self._batched(lines) for lines in self._validation_lines()]
        return [DataLoader(batches, batch_size=None) for batches in self._validation]  # type: ignore[arg-type]

    def _batched(self, lines: list[TrainingLine]) -> list[Batch]:
        rng = np.random.default_rng(0)
        pixels = self.recipe.run.pixels
        return [collate(b, self.alphabet, self.standard) for b in bucketed(lines, self.standard, pixels, rng)]

    def _validation_lines(self) -> list[list[TrainingLine]]:
        """Composed lines of held-out fonts (all fonts where none is held out), and real lines of held-out writers."""
        count = self.recipe.run.validation_lines
        data = self.recipe.data
        composed = data.model_copy(update={"latin": 0.0, "font": 1.0 if data.validation_fonts else data.font})
        maker = LineMaker(composed, self.alphabet, self.recipe.network.height, self.corpora, validation=True)
        rng = np.random.default_rng(1_000_003)
        sets = [[maker.draw(rng) for _ in range(count)]]
        self.validation_names = {"0": "composed"}
        if maker.real:
            chosen = np.linspace(0, len(maker.real) - 1, min(count, len(maker.real))).astype(int)
            sets.append([maker.plain_line(maker.real[i]) for i in chosen])
            self.validation_names["1"] = "real"
        return sets


class Journal(Callback):
    """One JSON line an epoch: step, loss, validation CER, rate, lines a second. It is the run's record."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines, self.losses, self.start = 0, [], time.monotonic()  # type: ignore[var-annotated]

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        self.lines, self.losses, self.start = 0, [], time.monotonic()

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Batch, batch_idx: int) -> None:
        self.lines += len(batch.lengths)
        self.losses.append(float(outputs["loss"]))

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        seconds = time.monotonic() - self.start
        row = {
            "step": trainer.global_step,
            "epoch": trainer.current_epoch,
            "loss": round(float(np.mean(self.losses)), 5) if self.losses else None,
            "rate": trainer.optimizers[0].param_groups[0]["lr"],
            "lines": self.lines * trainer.world_size,
            "lines_a_second": round(self.lines * trainer.world_size / max(seconds, 1e-6), 1),
            **{k: round(float(v), 5) for k, v in trainer.callback_metrics.items() if k.startswith("cer")},
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def fit(
    recipe: Recipe, out: Path, corpora: Path, *, resume: bool = False, start: Path | None = None, progress: bool = True
) -> RecogniserTraining:
    """Trains by the recipe into the folder `out`: `last.ckpt`, `journal.jsonl`. `resume` goes on from `last.ckpt` to
    the same numbers; `start` takes its first weights from another run's checkpoint.

    Raises SettingsError or DataError before any work is lost.
    """
    out.mkdir(parents=True, exist_ok=True)
    last = out / "last.ckpt"
    if resume and not last.exists():
        raise DataError(f"There is nothing to resume in {out}: it holds no last.ckpt.")
    if not resume and last.exists() and "LOCAL_RANK" not in os.environ:
        raise DataError(f"{out} holds a run already: go on with --resume, or name another folder.")
    run = recipe.run
    lightning.seed_everything(run.seed, verbose=False)
    alphabet = default_alphabet()
    module = RecogniserTraining(sizes_of(recipe, alphabet), alphabet, run)
    if start is not None:
        weights = torch.load(start, map_location="cpu", weights_only=True)["state_dict"]
        module.load_state_dict(weights)
    lines = Lines(recipe, alphabet, corpora)
    if progress:
        from lightning.pytorch.callbacks import TQDMProgressBar

        bar: list[Callback] = [TQDMProgressBar(refresh_rate=20)]
    else:
        bar = []
    trainer = lightning.Trainer(
        accelerator=run.device,
        devices=run.devices,
        strategy="ddp" if run.devices > 1 else "auto",
        precision=_precision(run.precision),
        max_steps=run.steps,
        reload_dataloaders_every_n_epochs=1,
        gradient_clip_val=run.clip,
        callbacks=[
            Journal(out / "journal.jsonl"),
            ModelCheckpoint(dirpath=out, filename="epoch", save_last=True, every_n_epochs=1, enable_version_counter=False),
            *bar,
        ],
        logger=_logger(out),
        num_sanity_val_steps=0,
        enable_progress_bar=progress,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=out,
    )
    trainer.validation_names = {"0": "composed", "1": "real"}  # type: ignore[attr-defined]
    trainer.fit(module, lines, ckpt_path=last if resume else None, weights_only=False)
    return module


def _precision(asked: str) -> Any:
    if asked != "auto":
        return asked
    # bfloat16 pays where there is hardware for it; elsewhere it is emulated and slower than float32.
    fast = torch.cuda.is_available() or torch.backends.mkldnn.is_available() and torch.cpu._is_amx_tile_supported()
    return "bf16-mixed" if fast else "32-true"


def _logger(out: Path) -> Any:
    try:
        import tensorboard  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return False
    from lightning.pytorch.loggers import TensorBoardLogger

    return TensorBoardLogger(out, name="tensorboard", version="")
