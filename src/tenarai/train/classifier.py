"""The training step of the character classifier: smoothed cross-entropy, pictures mixed, confidence calibrated."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tenarai.model.classifier import Classifier, ClassifierSizes
from tenarai.text.alphabet import Alphabet
from tenarai.train.averaged import AveragedTraining
from tenarai.train.characters import Batch
from tenarai.train.recipe import RunSettings


class ClassifierTraining(AveragedTraining):
    """Label 0, the blank with which alphabets begin, is that of pictures that hold no character."""

    network: Classifier
    average: Classifier

    def __init__(self, sizes: ClassifierSizes, alphabet: Alphabet, run: RunSettings, groups: tuple[str, ...]) -> None:
        super().__init__(Classifier(sizes), alphabet, run)
        self.groups = groups
        self.scores: dict[str, list[tuple[Tensor, Tensor]]] = {}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        pictures, others, part = mixed(batch.pictures, self.run.mix)
        logits = self.network(pictures.contiguous(memory_format=torch.channels_last)).float()
        smoothing = self.run.smoothing
        loss = cross_entropy(logits, batch.labels, label_smoothing=smoothing)
        if others is not None:
            other = cross_entropy(logits, batch.labels[others], label_smoothing=smoothing)
            loss = part * loss + (1 - part) * other
        self.log("loss", loss, prog_bar=True, batch_size=len(batch.labels))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        self.average.eval()
        logits = self.average(batch.pictures).float()
        self.scores.setdefault(self.groups[dataloader_idx], []).append((logits.cpu(), batch.labels.cpu()))

    def on_validation_epoch_end(self) -> None:
        for group, parts in self.scores.items():
            logits, labels = (torch.cat(part) for part in zip(*parts, strict=True))
            right = (logits.argmax(-1) == labels).float().mean()
            self.log(f"accuracy_{group}", right, prog_bar=True, sync_dist=True)
        self.scores.clear()

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        return Batch(batch.pictures.to(device, non_blocking=True), batch.labels.to(device, non_blocking=True))


def mixed(pictures: Tensor, chance: float) -> tuple[Tensor, Tensor | None, float]:
    """Half the time blended (mixup, Zhang et al. 2018), half with a rectangle of another (CutMix, Yun et al. 2019).

    Gives the pictures, the order of the others (None when nothing was mixed), and the part that is still the first's.
    """
    if chance == 0 or float(torch.rand(())) >= chance:
        return pictures, None, 1.0
    others = torch.randperm(len(pictures))
    part = float(np.clip(torch.distributions.Beta(0.4, 0.4).sample(), 0.05, 0.95))
    if float(torch.rand(())) < 0.5:
        return part * pictures + (1 - part) * pictures[others], others, part
    height, width = pictures.shape[-2:]
    h, w = (max(1, round(side * (1 - part) ** 0.5)) for side in (height, width))
    top, left = int(torch.randint(0, height - h + 1, ())), int(torch.randint(0, width - w + 1, ()))
    pictures = pictures.clone()
    pictures[..., top : top + h, left : left + w] = pictures[others, :, top : top + h, left : left + w]
    return pictures, others, 1 - h * w / (height * width)


def expect_evenly(network: Classifier, favour: npt.NDArray[np.float64], temperature: float) -> None:
    """Takes back what a network has learnt of how often classes came: those that were drawn `favour (classes,)` times
    too often are that much less likely from now on (Menon et al. 2021), once scores are divided by `temperature`."""
    with torch.no_grad():
        network.classes.bias.sub_(temperature * torch.from_numpy(np.log(favour)).to(network.classes.bias))


def fitted_temperature(logits: Tensor, labels: Tensor) -> float:
    """The number by which scores must be divided to be as sure as they are right (Guo et al. 2017), 0.2 to 5."""
    choices = torch.exp(torch.linspace(float(np.log(0.2)), float(np.log(5.0)), 161))
    losses = torch.stack([cross_entropy(logits / t, labels) for t in choices])
    return float(choices[int(losses.argmin())])


def calibration(module: ClassifierTraining, batches: Iterable[Batch]) -> float:
    """The temperature that fits the averaged network on validation characters; 1.0 where there are none."""
    module.average.eval()
    with torch.no_grad():
        parts = [(module.average(b.pictures).float(), b.labels) for b in batches]
    if not parts:
        return 1.0
    logits, labels = (torch.cat(part) for part in zip(*parts, strict=True))
    return fitted_temperature(logits, labels)
