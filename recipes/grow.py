#!/usr/bin/env python3
"""Writes a reader of more layers that reads as the given one does, to be trained on from there (Net2Net, Chen et al.
2016): another stage in front, so that lines may be twice as high, and residual blocks at the ends of stages.

    recipes/grow.py src/tenarai/weights/reader.model grown.model CORPORA --recipe recipes/reader.toml

Only channel 0 of the new stage is looked at, which is the line at its former height; new blocks add nothing. Both learn
from there.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from tenarai.model.export import read_network, write_model
from tenarai.model.layers import Residual
from tenarai.model.recogniser import Recogniser, Sizes
from tenarai.train.lines import collate
from tenarai.train.maker import LineMaker, composed
from tenarai.train.recipe import Recipe, read_recipe
from tenarai.train.run import standard_of

EXAMPLES = 64  # lines that tell how large the new stage's values are


def grown(old: Recogniser, sizes: Sizes) -> Recogniser:
    """A network of more layers with the weights of the old one."""
    network = Recogniser(sizes)
    state = {k: v for k, v in old.state_dict().items() if not k.startswith("features.")}
    places, known, made = _places(sizes), _places(old.sizes), network.state_dict()
    skipped = 1 if len(sizes.channels) > len(old.sizes.channels) else 0
    for (stage, part), place in known.items():
        for name, value in old.features[place].state_dict().items():
            key = f"features.{places[stage + skipped, part]}.{name}"
            if value.shape != made[key].shape:  # the first convolution, which sees more channels now
                value = torch.cat((value, torch.zeros_like(made[key][:, 1:])), 1)
            state[key] = value
    network.load_state_dict(state, strict=False)
    fresh = [network.features[p] for (s, part), p in places.items() if (s - skipped, part) not in known]
    for module in fresh:
        if isinstance(module, Residual):
            nn.init.zeros_(module.second_norm.weight)
    return network


def _places(sizes: Sizes) -> dict[tuple[int, str], int]:
    """Where the parts of each stage stand among the features."""
    found, place = {}, 0
    for stage, blocks in enumerate(sizes.blocks):
        for part in ("conv", "norm", "relu", *(f"block{n}" for n in range(blocks))):
            found[stage, part] = place
            place += 1
    return found


def halve(network: Recogniser, pictures: Tensor) -> None:
    """Sets the new first stage: channel 0 is the picture at half its size, the others see edges of any kind."""
    conv, norm = network.features[0], network.features[1]
    assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    with torch.no_grad():
        conv.weight.sub_(conv.weight.mean((2, 3), keepdim=True))
        conv.weight[0] = 0
        conv.weight[0, 0, 1:, 1:] = 0.25
        seen = conv(pictures)
        mean, variance = seen.mean((0, 2, 3)), seen.var((0, 2, 3))
        norm.running_mean, norm.running_var = mean, variance
        norm.weight[0], norm.bias[0] = (variance[0] + norm.eps).sqrt(), mean[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--recipe", type=Path, default=Path(__file__).with_name("reader.toml"))
    chosen = parser.parse_args()
    recipe = read_recipe(chosen.recipe)
    old, header = read_network(chosen.model)
    if not isinstance(recipe, Recipe) or not isinstance(old, Recogniser):
        raise SystemExit("Only readers of lines grow.")
    sizes = Sizes(classes=len(header.alphabet), **recipe.network.model_dump())
    network = grown(old, sizes)
    standard = standard_of(recipe)
    if len(sizes.channels) > len(old.sizes.channels):
        maker = LineMaker(recipe.data, header.alphabet, standard.height, chosen.corpora)
        lines = composed(maker, seed=1, count=EXAMPLES)
        halve(network, collate(list(lines), header.alphabet, standard).pictures)
    write_model(network, replace(header, sizes=sizes.to_dict(), standard=standard, down=sizes.down), chosen.out)


if __name__ == "__main__":
    main()
