"""What the training of every network shares: Muon, the rate's course, and a moving average of the weights."""

import copy
from collections import deque
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor, nn

from tenarai.text.alphabet import Alphabet
from tenarai.train.muon import muon_for
from tenarai.train.recipe import RunSettings

SEEN = 8  # batches of an epoch's end, on which the average's norms are measured


def rate_factor(step: int, run: RunSettings) -> float:
    """Warm up, stay, fall in a straight line to nothing: the stay can be made longer without losing what was done."""
    if step < run.warm_up:
        return (step + 1) / run.warm_up
    fall = max(1.0, run.steps * run.decay)
    return float(min(1.0, max(0.0, (run.steps - step) / fall)))


class AveragedTraining(lightning.LightningModule):
    """Trains `network`; `average` is the moving average of its weights, which is validated and kept."""

    def __init__(self, network: nn.Module, alphabet: Alphabet, run: RunSettings) -> None:
        super().__init__()
        self.alphabet = alphabet
        # Channels last is what convolutions are fastest in, on the CPU as on the GPU.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.seen: deque[Tensor] = deque(maxlen=SEEN)
        self.network.register_forward_pre_hook(self._remember)
        self.run = run

    def _remember(self, network: nn.Module, inputs: tuple[Any, ...]) -> None:
        if network.training:
            self.seen.append(inputs[0].detach())

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.network(pictures)
        return logits

    def on_train_epoch_start(self) -> None:
        # A checkpoint keeps no random state: without this, dropout would differ after every stop.
        key = np.random.SeedSequence((self.run.seed, self.current_epoch, self.global_rank))
        torch.manual_seed(int(key.generate_state(1)[0]))

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        # A young average follows quickly, else it would carry the random start along for thousands of steps.
        keep = min(self.run.average, (1 + self.global_step) / (10 + self.global_step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)

    def on_validation_start(self) -> None:
        self.settle()

    def on_train_end(self) -> None:
        self.settle()

    def settle(self) -> None:
        """Measures the norms' statistics for the averaged weights (Izmailov et al. 2018), on the last pictures of an
        epoch. Those of the network are of its own weights, which lie elsewhere while the rate is high."""
        norms = [module for module in self.average.modules() if isinstance(module, nn.BatchNorm2d)]
        if not norms or not self.seen:
            return
        self.average.eval()
        usual = norms[0].momentum
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean of all
            norm.train()
        with torch.no_grad(), self.trainer.precision_plugin.forward_context():
            for pictures in self.seen:
                self.average(pictures)
        for norm in norms:
            norm.momentum = usual
            norm.eval()
        self.seen.clear()  # measured: nothing is done again before more is trained on

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # A checkpoint becomes a model file without the data that its classes came from.
        checkpoint["alphabet"] = "".join(self.alphabet.characters)

    def configure_optimizers(self) -> Any:
        optimiser = muon_for(self.network, self.run.rate, self.run.weight_decay)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate_factor(step, self.run))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
