"""The training step of the language network: the next character, and how many bits each costs."""

import math
from typing import Any

import torch
from torch import Tensor

from tenarai.model.language import Language, LanguageSizes
from tenarai.text.alphabet import Alphabet
from tenarai.train.averaged import AveragedTraining, rate_factor
from tenarai.train.muon import Muon
from tenarai.train.recipe import RunSettings
from tenarai.train.texts import NOTHING, Pieces

GATES = 4  # matrices stacked in an LSTM's weights


class LanguageTraining(AveragedTraining):
    """Cross-entropy of what follows (Mikolov et al. 2010), on pieces of text that know nothing of each other."""

    network: Language
    average: Language

    def __init__(
        self, sizes: LanguageSizes, alphabet: Alphabet, run: RunSettings, groups: tuple[str, ...] = ()
    ) -> None:
        super().__init__(Language(sizes), alphabet, run)
        self.groups = groups
        self.bits: dict[str, list[Tensor]] = {}

    def training_step(self, batch: Pieces, batch_idx: int) -> Tensor:
        loss = self._surprise(self.network, batch).mean()
        self.log("loss", loss, prog_bar=True, batch_size=len(batch))
        return loss

    def validation_step(self, batch: Pieces, batch_idx: int, dataloader_idx: int = 0) -> None:
        self.average.eval()
        bits = self._surprise(self.average, batch) / math.log(2)
        self.bits.setdefault(self.groups[dataloader_idx], []).append(bits.float().cpu())

    def on_validation_epoch_end(self) -> None:
        for group, parts in self.bits.items():
            self.log(f"bits_{group}", torch.cat(parts).mean(), prog_bar=True, sync_dist=True)
        self.bits.clear()

    def _surprise(self, network: Language, batch: Pieces) -> Tensor:
        """Natural logs, of every character that there is: `(characters,)`."""
        features, _ = network(batch.inputs, network.fresh(len(batch)))
        there = batch.targets != NOTHING
        return network.surprise(features[there], batch.targets[there])

    def transfer_batch_to_device(self, batch: Pieces, device: torch.device, dataloader_idx: int) -> Pieces:
        return Pieces(batch.inputs.to(device, non_blocking=True), batch.targets.to(device, non_blocking=True))

    def configure_optimizers(self) -> Any:
        # Rows of an embedding and of the last layers belong to characters: they are no matrices to Muon.
        matrices = [(w, GATES) for w in self.network.reader.parameters() if w.ndim == 2]
        inner = {id(weight) for weight, _ in matrices}
        others = [w for w in self.network.parameters() if id(w) not in inner]
        wide, plain = [w for w in others if w.ndim > 1], [w for w in others if w.ndim < 2]
        optimiser = Muon(matrices, wide, plain, lr=self.run.rate, weight_decay=self.run.weight_decay)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate_factor(step, self.run))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
