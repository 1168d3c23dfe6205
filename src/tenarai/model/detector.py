"""The detector: where lines and characters are on a page, as dense maps (after EAST, Zhou et al. 2017).

A residual network with a feature pyramid (Lin et al. 2017) gives, for every four pixels, how likely the middle of a
horizontal or vertical line runs there, how far the line reaches to both sides of it, and how likely the middle of a
character is there, and its size. `page/proposal.py` makes lines and characters of the maps.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from tenarai.errors import SettingsError
from tenarai.model.layers import stage
from tenarai.model.maps import MAPS


@dataclass(frozen=True, slots=True)
class DetectorSizes:
    """What the network is built from; stored in the model file. The channels are those at 2, 4, 8, 16 and 32 pixels."""

    channels: tuple[int, ...] = (12, 24, 48, 80, 112)
    blocks: tuple[int, ...] = (0, 0, 1, 1, 1)
    pyramid: int = 40

    def __post_init__(self) -> None:
        if len(self.channels) != 5 or len(self.blocks) != 5:
            raise SettingsError("A detector has five stages: channels and blocks each take five numbers.")
        if min(*self.channels, self.pyramid) < 1 or min(self.blocks) < 0:
            raise SettingsError("The sizes of a detector are positive.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Detector(nn.Module):
    """`(batch, 1, height, width) float32`, 1.0 = ink, to `(batch, len(MAPS), height / 4, width / 4)`."""

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
        self.head = nn.Sequential(
            *stage(sizes.pyramid, sizes.pyramid, 0, (1, 1)), nn.Conv2d(sizes.pyramid, len(MAPS), 1)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        maps, features = pictures, []
        for part in self.stages:
            maps = part(maps)
            features.append(maps)
        above: Tensor | None = None
        for lateral, feature in zip(reversed(self.lateral), reversed(features[1:]), strict=True):
            own = lateral(feature)
            above = own if above is None else own + interpolate(above, scale_factor=2.0, mode="nearest")
            if feature is features[2]:
                above = self.smooth(above)
        found: Tensor = self.head(torch.relu(above) if above is not None else maps)
        return found
