"""The detector: where lines and characters are on a page, as dense maps (after EAST, Zhou et al. 2017).

A residual network with a feature pyramid (Lin et al. 2017) gives, for every four pixels, how likely the middle of a
horizontal or vertical line runs there, how far the line reaches to both sides of it, and how likely the middle of a
character is there, and its size. `page/proposal.py` makes lines and characters of the maps. Beside it, on the same
features, a region proposal network with anchors.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tenarai.errors import SettingsError
from tenarai.model.layers import stage
from tenarai.model.maps import ANCHOR_VALUES, MAPS


@dataclass(frozen=True, slots=True)
class DetectorSizes:
    """What the network is built from; stored in the model file. The channels are those at 2, 4, 8, 16 and 32 pixels."""

    channels: tuple[int, ...] = (12, 24, 48, 80, 112)
    blocks: tuple[int, ...] = (0, 0, 1, 1, 1)
    pyramid: int = 40
    shapes: tuple[tuple[float, float], ...] = ()  # of anchors, in pixels: of region proposals only

    def __post_init__(self) -> None:
        if len(self.channels) != 5 or len(self.blocks) != 5:
            raise SettingsError("A detector has five stages: channels and blocks each take five numbers.")
        if min(*self.channels, self.pyramid) < 1 or min(self.blocks) < 0:
            raise SettingsError("The sizes of a detector are positive.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Pyramid(nn.Module):
    """What both detectors look at: features of a page, each knowing of what is around it."""

    def __init__(self, sizes: DetectorSizes) -> None:
        super().__init__()
        self.sizes = sizes
        before, stages = 1, []
        for channels, blocks in zip(sizes.channels, sizes.blocks, strict=True):
            stages.append(nn.Sequential(*stage(before, channels, blocks, (2, 2))))
            before = channels
        self.stages = nn.ModuleList(stages)
        self.lateral = nn.ModuleList(nn.Conv2d(c, sizes.pyramid, 1) for c in sizes.channels[1:])
        self.smooth = nn.Sequential(*stage(sizes.pyramid, sizes.pyramid, 0, (1, 1)))

    def coarse(self, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
        """`(batch, 1, height, width)` to the maps of the stages, and `(batch, pyramid, height / 8, width / 8)`."""
        maps, features = pictures, []
        for part in self.stages:
            maps = part(maps)
            features.append(maps)
        above = self.lateral[3](features[4])
        for level in (3, 2):
            above = self.lateral[level - 1](features[level]) + interpolate(above, scale_factor=2.0, mode="nearest")
        return features, self.smooth(above)


class Detector(Pyramid):
    """`(batch, 1, height, width) float32`, 1.0 = ink, to `(batch, len(MAPS), height / 4, width / 4)`."""

    def __init__(self, sizes: DetectorSizes) -> None:
        super().__init__(sizes)
        self.head = nn.Sequential(
            *stage(sizes.pyramid, sizes.pyramid, 0, (1, 1)), nn.Conv2d(sizes.pyramid, len(MAPS), 1)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        features, coarse = self.coarse(pictures)
        fine = self.lateral[0](features[1]) + interpolate(coarse, scale_factor=2.0, mode="nearest")
        found: Tensor = self.head(torch.relu(fine))
        return found


class RegionProposals(Pyramid):
    """A region proposal network (Ren et al. 2015): `(batch, 1, height, width) float32`, 1.0 = ink, to `(batch,
    len(shapes) x ANCHOR_VALUES, height / 8, width / 8)`, what it says of each anchor (`page/anchors.py`)."""

    def __init__(self, sizes: DetectorSizes) -> None:
        super().__init__(sizes)
        if not sizes.shapes:
            raise SettingsError("Region proposals need the shapes of their anchors.")
        self.lateral[0] = nn.Identity()  # it looks no closer than at 8 pixels
        last = nn.Conv2d(2 * sizes.pyramid, len(sizes.shapes) * ANCHOR_VALUES, 1)
        self.proposals = nn.Sequential(*stage(sizes.pyramid, 2 * sizes.pyramid, 0, (1, 1)), last)

    def forward(self, pictures: Tensor) -> Tensor:
        found: Tensor = self.proposals(self.coarse(pictures)[1])
        return found
