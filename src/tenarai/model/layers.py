"""Layers that more than one network is built from."""

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity (He et al. 2015)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(x + self.second_norm(self.second(y)))


def stage(before: int, channels: int, blocks: int, stride: tuple[int, int]) -> list[nn.Module]:
    """A 3x3 convolution that strides, then residual blocks."""
    first = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
    return [first, nn.BatchNorm2d(channels), nn.ReLU(), *(Residual(channels) for _ in range(blocks))]
