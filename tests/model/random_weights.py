"""Random weights for small networks, for tests of what is done with them."""

from typing import TypeVar

import torch
from torch import nn

N = TypeVar("N", bound=nn.Module)


def randomised(network: N) -> N:
    """The network with random weights everywhere, also where a fresh one has zeros and ones; ready to read."""
    for name, value in network.state_dict().items():
        if value.dtype == torch.float32:
            value.uniform_(0.5, 1.5) if "norm" in name or name.endswith("running_var") else value.normal_(0, 0.3)
    return network.eval()
