"""The line recogniser: Conv-RNN-CTC (Shi et al. 2015), one network for every script and both directions.

A line runs left to right, vertical lines turned a quarter to the left. The convolutions keep a quarter or an eighth of
the width and squeeze the height; two bidirectional LSTMs read the row of features; a narrow neck before the thousands
of classes saves a third of the time of a plain output layer.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tenarai.errors import SettingsError
from tenarai.model.layers import stage

DOWN = 4  # frames of a network of four stages are this many pixels apart


def down_of(stages: int) -> int:
    """How many pixels the frames of a network of so many stages are apart."""
    return int(DOWN * 2 ** (stages - 4))


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the network is built from; stored in the model file. Four stages, or five for lines that are twice as high:
    the first then halves them, at little cost."""

    classes: int
    height: int = 40
    channels: tuple[int, ...] = (16, 40, 80, 160)
    blocks: tuple[int, ...] = (0, 1, 1, 1)
    features: int = 256
    hidden: int = 160
    layers: int = 2
    neck: int = 128
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if len(self.channels) not in (4, 5) or len(self.blocks) != len(self.channels):
            raise SettingsError("A recogniser has four stages or five: channels and blocks take a number for each.")
        if min(*self.channels, self.features, self.hidden, self.layers, self.neck) < 1 or self.classes < 2:
            raise SettingsError("The sizes of a recogniser are positive, and it has at least two classes.")

    @property
    def down(self) -> int:
        """Frames are this many pixels apart."""
        return down_of(len(self.channels))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Recogniser(nn.Module):
    """`(batch, 1, height, width) float32`, 1.0 = ink, to logits `(frames, batch, classes)`, frames = width / down."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        stages: list[nn.Module] = []
        before = 1
        # Width is halved twice less than height: letters are narrow, and a frame must not hold two of them.
        strides = [(2, 2)] * (len(sizes.channels) - 2) + [(2, 1)] * 2
        for channels, blocks, stride in zip(sizes.channels, sizes.blocks, strides, strict=True):
            stages += stage(before, channels, blocks, stride)
            before = channels
        self.features = nn.Sequential(*stages)
        rows = sizes.height
        for _ in strides:
            rows = -(-rows // 2)
        self.column = nn.Linear(before * rows, sizes.features)
        self.dropout = nn.Dropout(sizes.dropout)
        self.reader = nn.LSTM(
            sizes.features,
            sizes.hidden,
            sizes.layers,
            bidirectional=True,
            dropout=sizes.dropout if sizes.layers > 1 else 0,
        )
        self.neck = nn.Linear(2 * sizes.hidden, sizes.neck)
        self.classes = nn.Linear(sizes.neck, sizes.classes)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.read(self.columns(pictures))

    def columns(self, pictures: Tensor) -> Tensor:
        """What the convolutions see of pictures, `(frames, batch, channels * rows)`."""
        maps = self.features(pictures)
        batch, channels, rows, frames = maps.shape
        columns: Tensor = maps.permute(3, 0, 1, 2).reshape(frames, batch, channels * rows)
        return columns

    def read(self, columns: Tensor) -> Tensor:
        """The logits for what the convolutions see."""
        logits: Tensor = self.classes(self.neck_of(columns))
        return logits

    def neck_of(self, columns: Tensor) -> Tensor:
        """What the classes are told by, `(frames, batch, neck)`."""
        read, _ = self.reader(self.dropout(torch.relu(self.column(columns))))
        narrow: Tensor = self.neck(self.dropout(read))
        return narrow
