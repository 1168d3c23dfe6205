"""The language network: a character LSTM (Mikolov et al. 2010; Hochreiter & Schmidhuber 1997) that foretells the next.

Its last layer is factored (Grave et al. 2017): the commonest characters have an output each, the thousands of rare ones
stand in groups behind narrow layers, so that a step of 3,500 characters costs hardly more than one of 600.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from tenarai.errors import SettingsError

NARROWER = 4.0  # each group of rarer characters has so many times fewer features


@dataclass(frozen=True, slots=True)
class LanguageSizes:
    """What the network is built from; stored in the model file. `cutoffs`: labels at which groups of rarer characters
    begin, the commonest having the lowest labels."""

    classes: int
    embedding: int = 64
    hidden: int = 320
    layers: int = 1
    cutoffs: tuple[int, ...] = (600, 1500)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if min(self.embedding, self.hidden, self.layers) < 1 or self.classes < 3:
            raise SettingsError("The sizes of a language network are positive, and it has at least three classes.")
        bounds = (0, *self.cutoffs, self.classes)
        if not self.cutoffs or any(low >= high for low, high in pairwise(bounds)):
            raise SettingsError(
                f"The cutoffs of a language network ascend between 0 and its {self.classes} classes, unlike "
                f"{list(self.cutoffs)}."
            )
        if self.hidden < NARROWER ** len(self.cutoffs):
            raise SettingsError(f"{self.hidden} hidden values are too few for {len(self.cutoffs)} groups of rare ones.")
        if not 0 <= self.dropout < 1:
            raise SettingsError(f"Dropout lies from 0 to below 1, not at {self.dropout}.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Language(nn.Module):
    """Labels `(length, batch) int64` and a state `(2 x layers, batch, hidden) float32` - the hidden values, then the
    cells - to features `(length, batch, hidden)` and the state behind the last label."""

    def __init__(self, sizes: LanguageSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.letters = nn.Embedding(sizes.classes, sizes.embedding)
        self.dropout = nn.Dropout(sizes.dropout)
        between = sizes.dropout if sizes.layers > 1 else 0.0
        self.reader = nn.LSTM(sizes.embedding, sizes.hidden, sizes.layers, dropout=between)
        self.classes = nn.AdaptiveLogSoftmaxWithLoss(sizes.hidden, sizes.classes, list(sizes.cutoffs), NARROWER)

    def forward(self, labels: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        hidden, cells = state.chunk(2)
        read, (hidden, cells) = self.reader(self.dropout(self.letters(labels)), (hidden, cells))
        return self.dropout(read), torch.cat((hidden, cells))

    def fresh(self, batch: int) -> Tensor:
        """The state before any label."""
        return self.letters.weight.new_zeros((2 * self.sizes.layers, batch, self.sizes.hidden))

    def log_probs(self, features: Tensor) -> Tensor:
        """Features `(..., hidden)` to the natural log of the probability of every label next, `(..., classes)`."""
        head = self.classes.head(features).log_softmax(-1)
        common = self.sizes.cutoffs[0]
        parts = [head[..., :common]]
        for group, tail in enumerate(self.classes.tail, common):
            parts.append(head[..., group : group + 1] + tail(features).log_softmax(-1))
        return torch.cat(parts, -1)

    def surprise(self, features: Tensor, labels: Tensor) -> Tensor:
        """The natural log of the probability, negated, of each label `(n,)` behind features `(n, hidden)`: what
        `log_probs` gives for it, without looking at groups that no label is in."""
        with torch.autocast(features.device.type, enabled=False):  # torch's layer mixes no precisions
            known, _ = self.classes(features.float(), labels)
        return -known  # type: ignore[no-any-return]
