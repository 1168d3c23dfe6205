"""Muon: orthogonal steps for matrices, AdamW for the rest, and a loss that falls."""

import pytest
import torch
from torch import nn

from tenarai.train.muon import Muon, muon_for, orthogonal


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 20, 6), (4, 5, 30)])
def test_steps_have_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert float(values.min()) > 0.3 and float(values.max()) < 1.5
    given = torch.randn(shape)
    # The same directions, only made equally long.
    assert float((orthogonal(given) * given).sum()) > 0


def test_every_weight_is_in_one_group() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 8), nn.Linear(8, 3))
    network.append(nn.LSTM(3, 5))
    optimiser = muon_for(network, 1e-3, 0.01)
    chosen = [id(p) for group in optimiser.param_groups for p in group["params"]]
    assert sorted(chosen) == sorted(id(p) for p in network.parameters())
    stacked = {group["blocks"]: [tuple(p.shape) for p in group["params"]] for group in optimiser.param_groups[:2]}
    assert stacked == {1: [(8, 16)], 4: [(20, 3), (20, 5)]}


def test_plain_weights_take_adamw_steps() -> None:
    torch.manual_seed(1)
    ours, theirs = (nn.Parameter(torch.ones(7)) for _ in range(2))
    mine = Muon([], [ours], [], lr=0.01, weight_decay=0.1, betas=(0.9, 0.98))
    known = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1, betas=(0.9, 0.98))
    for _ in range(5):
        gradient = torch.randn(7)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        known.step()
    torch.testing.assert_close(ours, theirs)


def test_state_survives_saving() -> None:
    def run(
        steps: int, state: dict[str, object] | None = None, weight: torch.Tensor | None = None
    ) -> tuple[Muon, nn.Parameter]:
        parameter = nn.Parameter(torch.eye(4) if weight is None else weight)
        optimiser = Muon([(parameter, 1)], [], [], lr=0.1, weight_decay=0.0)
        if state:
            optimiser.load_state_dict(state)
        for _ in range(steps):
            optimiser.zero_grad()
            (parameter @ torch.arange(16.0).reshape(4, 4)).pow(2).sum().backward()
            optimiser.step()
        return optimiser, parameter

    half, weight = run(3)
    _, resumed = run(3, half.state_dict(), weight.detach().clone())
    _, whole = run(6)
    torch.testing.assert_close(resumed, whole)


def test_a_small_network_learns() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
    inputs = torch.randn(200, 10)
    targets = torch.sin(inputs[:, :1] * 2) * inputs[:, 1:2]
    optimiser = muon_for(network, 5e-3, 0.0)
    losses = []
    for _ in range(120):
        optimiser.zero_grad()
        loss = (network(inputs) - targets).pow(2).mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]
