"""The training step of the detector: cross-entropy and overlap of the lines' middles, focal loss of characters."""

from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from tenarai.model.detector import Detector, DetectorSizes, Pyramid
from tenarai.model.maps import LIKELIHOODS, STRIDE, named
from tenarai.page.layout import Line
from tenarai.page.proposal import Maps, matches, propose_lines
from tenarai.text.alphabet import Alphabet
from tenarai.train.averaged import AveragedTraining
from tenarai.train.pages import Batch, Whole
from tenarai.train.recipe import RunSettings

MOVED = ("pictures", "likely", "lengths", "told", "characters")  # boxes stay where anchors are made


class PageTraining(AveragedTraining, ABC):
    """Training of what finds lines; validated on whole pages. Its alphabet is empty: it names no characters."""

    def __init__(self, network: Pyramid, run: RunSettings) -> None:
        super().__init__(network, Alphabet(("",)), run)
        self.counts: dict[str, list[int]] = {}

    @abstractmethod
    def lines(self, values: npt.NDArray[np.float32]) -> tuple[Line, ...]:
        """The lines in what the network gives of one page."""

    def validation_step(self, page: Whole, batch_idx: int) -> None:
        self.average.eval()
        values = self.average(page.picture)[0].float().cpu().numpy()
        found = [line.box for line in self.lines(values)]
        given = [line.box for line in page.page.lines]
        counts = self.counts.setdefault(page.group, [0, 0, 0])
        for i, count in enumerate((len(matches(found, given)), len(found), len(given))):
            counts[i] += count

    def on_validation_epoch_end(self) -> None:
        for group, (right, found, given) in self.counts.items():
            self.log(f"f1_{group}", 2 * right / max(1, found + given), prog_bar=True, sync_dist=True)
        self.counts.clear()

    def transfer_batch_to_device(
        self, batch: Batch | Whole, device: torch.device, dataloader_idx: int
    ) -> Batch | Whole:
        if isinstance(batch, Whole):
            return replace(batch, picture=batch.picture.to(device))
        moved = {name: getattr(batch, name).to(device, non_blocking=True) for name in MOVED}
        return replace(batch, **moved)


class DetectorTraining(PageTraining):
    """The middles of lines and characters, and how far they reach."""

    network: Detector
    average: Detector

    def __init__(self, sizes: DetectorSizes, run: RunSettings) -> None:
        super().__init__(Detector(sizes), run)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        maps = self.network(batch.pictures.contiguous(memory_format=torch.channels_last)).float()
        loss = detection_loss(maps, batch)
        self.log("loss", loss, prog_bar=True, batch_size=len(batch.pictures))
        return loss

    def lines(self, values: npt.NDArray[np.float32]) -> tuple[Line, ...]:
        return propose_lines(Maps(**named(values), stride=STRIDE))


def detection_loss(maps: Tensor, batch: Batch) -> Tensor:
    """Of maps `(n, len(MAPS), h, w)`: middles of lines, middles of characters, lengths where they are told."""
    lines, wanted = maps[:, :2], batch.likely[:, :2]
    loss = 4 * binary_cross_entropy_with_logits(lines, wanted)
    likely = lines.sigmoid()
    shared = (likely * wanted).sum((0, 2, 3))
    loss = loss + (1 - (2 * shared + 1) / (likely.sum((0, 2, 3)) + wanted.sum((0, 2, 3)) + 1)).mean()
    lengths = maps[:, len(LIKELIHOODS) :]
    for kind, told in enumerate(batch.told.unbind(1)):
        off = (lengths[:, 2 * kind : 2 * kind + 2] - batch.lengths[:, 2 * kind : 2 * kind + 2]).abs().clamp(max=4)
        loss = loss + 0.5 * (off * told[:, None]).sum() / (2 * told.sum() + 1)
    return loss + 0.3 * peak_loss(maps[:, 2], batch.likely[:, 2], batch.characters)


def peak_loss(logits: Tensor, wanted: Tensor, known: Tensor) -> Tensor:
    """Focal loss of peaks (Zhou et al. 2019), a peak being 1 at its top; `known (n,)`: of which squares it counts."""
    likely = logits.sigmoid().clamp(1e-4, 1 - 1e-4)
    top = wanted > 0.999
    near = (1 - wanted) ** 4
    each = torch.where(top, -((1 - likely) ** 2) * likely.log(), -near * likely**2 * (1 - likely).log())
    each = each * known[:, None, None]
    return each.sum() / ((top & known[:, None, None]).sum() + 1)
