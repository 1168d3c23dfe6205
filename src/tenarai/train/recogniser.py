"""The training step of the line recogniser: CTC loss (Graves et al. 2006) in float32."""

import torch
from torch import Tensor

from tenarai.evaluate.report import Reading, evaluate
from tenarai.model.recogniser import Recogniser, Sizes
from tenarai.text.alphabet import Alphabet
from tenarai.text.ctc import best_path
from tenarai.train.averaged import AveragedTraining
from tenarai.train.lines import Batch
from tenarai.train.loss import summed_ctc_loss
from tenarai.train.recipe import RunSettings

VALIDATION_SETS = ("composed", "real")  # in the order of Lines.val_dataloader


class RecogniserTraining(AveragedTraining):
    """CTC over thousands of classes."""

    network: Recogniser
    average: Recogniser

    def __init__(self, sizes: Sizes, alphabet: Alphabet, run: RunSettings) -> None:
        super().__init__(Recogniser(sizes), alphabet, run)
        self.readings: dict[str, list[Reading]] = {}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        logits = self.network(batch.pictures.contiguous(memory_format=torch.channels_last))
        loss = summed_ctc_loss(logits, batch.labels, batch.widths // self.network.sizes.down, batch.lengths)
        loss = loss / batch.lengths.sum()
        self.log("loss", loss, prog_bar=True, batch_size=len(batch.lengths))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        self.average.eval()
        log_probs = self.average(batch.pictures).float().log_softmax(-1).cpu().numpy()
        labels = batch.labels.tolist()
        start = 0
        for i, length in enumerate(batch.lengths.tolist()):
            reference = self.alphabet.decode(labels[start : start + length])
            start += length
            frames = int(batch.widths[i]) // self.average.sizes.down
            read = best_path(log_probs[:frames, i], self.alphabet.characters, alternatives=0)
            group = VALIDATION_SETS[dataloader_idx]
            self.readings.setdefault(group, []).append(Reading(f"{batch_idx}-{i}", reference, read.text))

    def on_validation_epoch_end(self) -> None:
        for group, readings in self.readings.items():
            self.log(f"cer_{group}", evaluate(readings, "standard").cer, prog_bar=True, sync_dist=True)
        self.readings.clear()

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        if device.type == "cpu":
            return batch
        # Labels stay where the loss wants them; only the pictures are worth moving.
        return Batch(batch.pictures.to(device, non_blocking=True), batch.labels.to(device), batch.lengths, batch.widths)
