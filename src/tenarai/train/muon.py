"""Muon (Jordan et al. 2024): steps of the inner matrices are made orthogonal; every other weight takes AdamW's.

docs/train.md has what it brought, beside AdamW, in the one comparison that was made.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from tenarai.train.processor import bfloat16_is_fast

NEWTON_SCHULZ = (3.4445, -4.775, 2.0315)  # coefficients of Jordan et al.
ROUNDS = 5
LIKE_ADAMW = 0.2  # size of a step's entries, as AdamW's are at the same rate (Liu et al. 2025)


class Muon(torch.optim.Optimizer):
    """`matrices` are (weight, blocks): a weight whose rows are so many matrices stacked, as the gates of an LSTM are.

    `decayed` and `plain` weights take AdamW steps, `plain` ones without decay of the weights.
    """

    def __init__(
        self,
        matrices: Iterable[tuple[Tensor, int]],
        decayed: Iterable[Tensor],
        plain: Iterable[Tensor],
        *,
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.98),
    ) -> None:
        stacked: dict[int, list[Tensor]] = {}
        for weight, blocks in matrices:
            stacked.setdefault(blocks, []).append(weight)
        groups: list[dict[str, Any]] = [{"params": weights, "blocks": blocks} for blocks, weights in stacked.items()]
        groups += [{"params": list(decayed)}, {"params": list(plain), "weight_decay": 0.0}]
        defaults = {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "betas": betas, "blocks": 0}
        super().__init__([group for group in groups if group["params"]], defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    step = self._orthogonal_step if group["blocks"] else self._adam_step
                    step(weight, weight.grad, group)
        return loss

    def _orthogonal_step(self, weight: Tensor, slope: Tensor, group: dict[str, Any]) -> None:
        state, momentum = self.state[weight], group["momentum"]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(slope, 1 - momentum)
        ahead = slope.lerp(state["momentum"], momentum).flatten(1)  # Nesterov
        step = orthogonal(ahead.reshape(group["blocks"], -1, ahead.shape[1]))
        size = LIKE_ADAMW * max(step.shape[1:]) ** 0.5
        weight.add_(step.reshape(weight.shape), alpha=-group["lr"] * size)

    def _adam_step(self, weight: Tensor, slope: Tensor, group: dict[str, Any]) -> None:
        state, (first, second) = self.state[weight], group["betas"]
        if not state:
            state["step"] = 0
            state["mean"], state["square"] = torch.zeros_like(weight), torch.zeros_like(weight)
        state["step"] += 1
        state["mean"].lerp_(slope, 1 - first)
        state["square"].mul_(second).addcmul_(slope, slope, value=1 - second)
        spread = (state["square"] / (1 - second ** state["step"])).sqrt_().add_(1e-8)
        weight.addcdiv_(state["mean"], spread, value=-group["lr"] / (1 - first ** state["step"]))


def orthogonal(matrices: Tensor) -> Tensor:
    """The nearest matrices whose singular values are near 1, `(n, rows, columns)`: five rounds of Newton-Schulz."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    if x.is_cuda or bfloat16_is_fast():
        x = x.bfloat16()  # as Jordan et al. do: a step need not be exactly orthogonal
    a, b, c = NEWTON_SCHULZ
    for _ in range(ROUNDS):
        gram = x @ x.mT
        x = a * x + torch.baddbmm(gram, gram, gram, beta=b, alpha=c) @ x
    turned: Tensor = (x.mT if tall else x).to(matrices.dtype)
    return turned


def muon_for(network: nn.Module, lr: float, weight_decay: float) -> Muon:
    """Muon for all matrices between the picture and the classes: the first and the last layer take AdamW steps."""
    outer = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    ends = {id(outer[0].weight), id(outer[-1].weight)} if outer else set()
    matrices, decayed, plain = [], [], []
    for module in network.modules():
        for weight in module.parameters(recurse=False):
            if weight.ndim < 2:
                plain.append(weight)
            elif id(weight) in ends:
                decayed.append(weight)
            else:
                matrices.append((weight, 4 if isinstance(module, nn.LSTM) else 1))
    return Muon(matrices, decayed, plain, lr=lr, weight_decay=weight_decay)
