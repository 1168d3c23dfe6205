"""The training step of the region proposal network (Ren et al. 2015): which anchors hold what, and where it lies."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from tenarai.model.detector import DetectorSizes, RegionProposals
from tenarai.model.maps import ANCHOR_STRIDE, ANCHOR_VALUES
from tenarai.page.anchors import CLASSES, Shapes, anchors, assigned, fit_shapes, proposals
from tenarai.page.layout import Line
from tenarai.train.detector import PageTraining
from tenarai.train.pages import Batch, PageMaker
from tenarai.train.recipe import RunSettings

HARDEST = 3  # anchors that hold nothing, for each that holds something: the most mistaken ones
LEAST = 64  # of them in a batch
NEAR = 0.1  # of an anchor's side: errors below it count as squares
SAMPLE = 60  # pages whose boxes say what shapes anchors have


class ProposalTraining(PageTraining):
    """Anchors of the shapes in `sizes`."""

    network: RegionProposals
    average: RegionProposals

    def __init__(self, sizes: DetectorSizes, run: RunSettings) -> None:
        super().__init__(RegionProposals(sizes), run)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        values = self.network(batch.pictures.contiguous(memory_format=torch.channels_last)).float()
        loss = proposal_loss(values, batch, self.network.sizes.shapes)
        self.log("loss", loss, prog_bar=True, batch_size=len(batch.pictures))
        return loss

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["shapes"] = [list(shape) for shape in self.network.sizes.shapes]

    def lines(self, values: npt.NDArray[np.float32]) -> tuple[Line, ...]:
        return proposals(values, self.average.sizes.shapes, ANCHOR_STRIDE)[0]


def proposal_loss(values: Tensor, batch: Batch, shapes: Shapes) -> Tensor:
    """Of `(n, len(shapes) x ANCHOR_VALUES, rows, columns)`: cross-entropy of the anchors that hold something and of the
    hardest that do not, and the distance of the boxes of the first."""
    count, _, rows, columns = values.shape
    about = anchors(shapes, ANCHOR_STRIDE, rows, columns)
    said = values.reshape(count, len(shapes), ANCHOR_VALUES, rows, columns).permute(0, 3, 4, 1, 2)
    said = said.reshape(count, -1, ANCHOR_VALUES)
    loss = values.new_zeros(())
    for own, boxes, characters in zip(said, batch.boxes, batch.characters.tolist(), strict=True):
        wanted = assigned(about, boxes[:, 1:].numpy(), boxes[:, 0].long().numpy(), (True, True, characters))
        holds, counts = (torch.from_numpy(part).to(own.device) for part in (wanted.holds, wanted.counts))
        each = binary_cross_entropy_with_logits(own[:, : len(CLASSES)], holds, reduction="none")
        right = each[holds > 0]
        wrong = each[(holds == 0) & counts]
        hardest = wrong.topk(min(len(wrong), max(LEAST, HARDEST * len(right)))).values
        loss = loss + (right.sum() + hardest.sum()) / (len(right) + len(hardest))
        has = torch.from_numpy(wanted.holds_any).to(own.device)
        places = torch.from_numpy(wanted.places).to(own.device)[has]
        off = smooth_l1_loss(own[has, len(CLASSES) :], places, beta=NEAR, reduction="sum")
        loss = loss + off / (4 * int(has.sum()) + 1)
    return loss / count


def shapes_of(maker: PageMaker, count: int, seed: int) -> tuple[tuple[float, float], ...]:
    """The shapes that stand for the lines and characters of pages at the scales that training sees."""
    rng = np.random.default_rng(seed)
    sides = []
    for _ in range(SAMPLE):
        page, scale = maker.draw(rng).page, maker.scale(rng)
        boxes = [line.box for line in page.lines]
        boxes += [c.box for line in page.lines for c in line.characters[:: max(1, len(line.characters) // 2)]]
        sides += [(box.width * scale, box.height * scale) for box in boxes if min(box.width, box.height) > 1]
    return fit_shapes(np.array(sides), count, seed)
