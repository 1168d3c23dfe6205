"""The character classifier: a small residual network (He et al. 2015) whose last map keeps its places.

A kanji is told by where its strokes are, so the last map is not averaged over: a linear layer sees every place of it.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tenarai.errors import SettingsError
from tenarai.model.layers import stage


@dataclass(frozen=True, slots=True)
class ClassifierSizes:
    """What the network is built from; stored in the model file. `side` of the square pictures in pixels."""

    classes: int
    side: int = 48
    channels: tuple[int, ...] = (24, 64, 128)
    blocks: tuple[int, ...] = (1, 1, 1)
    features: int = 256
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if not self.channels or len(self.channels) != len(self.blocks):
            raise SettingsError("A classifier has one number of blocks for each of its channels.")
        if min(*self.channels, self.features) < 1 or self.classes < 2 or min(self.blocks) < 0:
            raise SettingsError("The sizes of a classifier are positive, and it has at least two classes.")
        if self.side < 2 ** len(self.channels):
            raise SettingsError(f"Pictures of {self.side} pixels cannot be halved {len(self.channels)} times.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Classifier(nn.Module):
    """`(batch, 1, side, side) float32`, 1.0 = ink, to logits `(batch, classes)`."""

    def __init__(self, sizes: ClassifierSizes) -> None:
        super().__init__()
        self.sizes = sizes
        stages: list[nn.Module] = []
        before, side = 1, sizes.side
        for channels, blocks in zip(sizes.channels, sizes.blocks, strict=True):
            stages += stage(before, channels, blocks, (2, 2))
            before, side = channels, -(-side // 2)
        self.maps = nn.Sequential(*stages)
        self.places = nn.Linear(before * side * side, sizes.features, bias=False)
        self.places_norm = nn.BatchNorm1d(sizes.features)
        self.dropout = nn.Dropout(sizes.dropout)
        self.classes = nn.Linear(sizes.features, sizes.classes)

    def forward(self, pictures: Tensor) -> Tensor:
        features = torch.relu(self.places_norm(self.places(self.maps(pictures).flatten(1))))
        logits: Tensor = self.classes(self.dropout(features))
        return logits
