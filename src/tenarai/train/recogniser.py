"""The training step of the line recogniser: CTC loss (Graves et al. 2006) in float32, moving average of the weights."""

import copy
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor

from tenarai.evaluate.report import Sample, evaluate
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.text.alphabet import Alphabet
from tenarai.text.ctc import best_path
from tenarai.train.lines import Batch
from tenarai.train.loss import summed_ctc_loss
from tenarai.train.recipe import RunSettings

VALIDATION_SETS = ("composed", "real")  # in the order of Lines.val_dataloader


def rate_factor(step: int, run: RunSettings) -> float:
    """Warm up, stay, fall in a straight line to nothing: the stay can be made longer without losing what was done."""
    if step < run.warm_up:
        return (step + 1) / run.warm_up
    fall = max(1.0, run.steps * run.decay)
    return float(min(1.0, max(0.0, (run.steps - step) / fall)))


class RecogniserTraining(lightning.LightningModule):
    """Trains `network`; `average` is the moving average of its weights, which is validated and kept."""

    def __init__(self, sizes: Sizes, alphabet: Alphabet, run: RunSettings) -> None:
        super().__init__()
        # Channels last is what convolutions are fastest in, on the CPU as on the GPU.
        self.network: Recogniser = Recogniser(sizes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.alphabet, self.run = alphabet, run
        self.samples: dict[str, list[Sample]] = {}

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.network(pictures)
        return logits

    def on_train_epoch_start(self) -> None:
        # A checkpoint keeps no random state: without this, dropout would differ after every stop.
        key = np.random.SeedSequence((self.run.seed, self.current_epoch, self.global_rank))
        torch.manual_seed(int(key.generate_state(1)[0]))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        logits = self.network(batch.pictures.contiguous(memory_format=torch.channels_last))
        loss = summed_ctc_loss(logits.float(), batch.labels, batch.widths // DOWN, batch.lengths)
        loss = loss / batch.lengths.sum()
        self.log("loss", loss, prog_bar=True, batch_size=len(batch.lengths))
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        # A young average follows quickly, else it would carry the random start along for thousands of steps.
        keep = min(self.run.average, (1 + self.global_step) / (10 + self.global_step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)
            for kept, now in zip(self.average.buffers(), self.network.buffers(), strict=True):
                kept.copy_(now)

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        self.average.eval()
        log_probs = self.average(batch.pictures).float().log_softmax(-1).cpu().numpy()
        labels = batch.labels.tolist()
        start = 0
        for i, length in enumerate(batch.lengths.tolist()):
            reference = self.alphabet.decode(labels[start : start + length])
            start += length
            frames = int(batch.widths[i]) // DOWN
            read = best_path(log_probs[:frames, i], self.alphabet.characters, alternatives=0)
            group = VALIDATION_SETS[dataloader_idx]
            self.samples.setdefault(group, []).append(Sample(f"{batch_idx}-{i}", reference, read.text))

    def on_validation_epoch_end(self) -> None:
        for group, samples in self.samples.items():
            self.log(f"cer_{group}", evaluate(samples, "standard").cer, prog_bar=True, sync_dist=True)
        self.samples.clear()

    def configure_optimizers(self) -> Any:
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": self.run.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        optimiser = torch.optim.AdamW(groups, lr=self.run.rate, betas=(0.9, 0.98), fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate_factor(step, self.run))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        if device.type == "cpu":
            return batch
        # Labels stay where the loss wants them; only the pictures are worth moving.
        return Batch(batch.pictures.to(device, non_blocking=True), batch.labels.to(device), batch.lengths, batch.widths)
