"""The moving average of the weights, and norms that fit it."""

import lightning
import pytest
import torch
from torch import nn

from tenarai.text.alphabet import Alphabet
from tenarai.train.averaged import SEEN, AveragedTraining
from tenarai.train.recipe import RunSettings


def training() -> AveragedTraining:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 3, bias=False), nn.BatchNorm2d(3), nn.ReLU())
    module = AveragedTraining(network, Alphabet.of("ab"), RunSettings())
    module.trainer = lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    return module


def test_norms_are_measured_for_the_averaged_weights() -> None:
    module = training()
    with torch.no_grad():
        module.network[0].weight.mul_(7)  # type: ignore[index]  # the network has moved on, its average has not
    pictures = [torch.rand(4, 1, 12, 20) for _ in range(SEEN + 3)]
    for batch in pictures:
        module.network(batch)
    module.on_validation_start()
    conv, norm = module.average[0], module.average[1]  # type: ignore[index]
    seen = torch.cat([conv(batch) for batch in pictures[-SEEN:]])
    torch.testing.assert_close(norm.running_mean, seen.mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.running_var, seen.var((0, 2, 3)), rtol=2e-2, atol=1e-5)
    assert not norm.training and norm.momentum == pytest.approx(0.1)


def test_pictures_that_are_validated_on_are_not_counted() -> None:
    module = training()
    module.network(torch.rand(2, 1, 8, 8))
    module.network.eval()
    module.network(torch.rand(2, 1, 8, 8))
    assert len(module.seen) == 1


def test_without_pictures_the_norms_stay() -> None:
    module = training()
    before = module.average[1].running_mean.clone()  # type: ignore[index]
    module.settle()
    assert torch.equal(module.average[1].running_mean, before)  # type: ignore[index]
