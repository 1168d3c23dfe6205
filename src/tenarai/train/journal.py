"""The record of a run: one JSON line an epoch. Everything else that shows a run can be made from it."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.callbacks import Callback

MEASURED = ("cer", "accuracy", "f1", "bits")  # how the names of validation figures begin


class Journal(Callback):
    """Step, loss, validation figures, rate, lines a second, appended to a file when an epoch has been validated."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin()

    def _begin(self) -> None:
        self.lines = 0
        self.losses: list[float] = []
        self.start = time.monotonic()
        self.seconds = 0.0

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        self._begin()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.lines += len(batch)
        self.losses.append(float(outputs["loss"]))
        self.seconds = time.monotonic() - self.start

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        lines = self.lines * trainer.world_size
        row = {
            "step": trainer.global_step,
            "epoch": trainer.current_epoch,
            "loss": round(float(np.mean(self.losses)), 5) if self.losses else None,
            "rate": trainer.optimizers[0].param_groups[0]["lr"],
            "lines": lines,
            "lines_a_second": round(lines / max(self.seconds, 1e-6), 1),
            **{k: round(float(v), 5) for k, v in trainer.callback_metrics.items() if k.startswith(MEASURED)},
        }
        # A kill may have cut the last row short: it must not take the next one with it.
        cut = self.path.exists() and not self.path.read_bytes().endswith(b"\n") and self.path.stat().st_size > 0
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" * cut + json.dumps(row) + "\n")


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The rows of a journal; a last row that a kill cut short is left out."""
    rows = []
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue
    return rows
