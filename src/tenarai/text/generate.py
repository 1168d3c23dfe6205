"""Text that a language model makes up, a character at a time: to see what it has learnt, and to write lines of."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import SettingsError
from tenarai.text.ngram import BOUNDARY

MOST = 1_000_000  # characters
_LONGEST, _KEPT = 500, 100  # characters of a line that are looked back at; so many when it has become too long


class Foretelling(Protocol):
    """What tells how a text goes on: an n-gram, a recurrent model."""

    @property
    def characters(self) -> tuple[str, ...]: ...

    def distribution(self, context: str) -> NDArray[np.float64]: ...


def generated(model: Foretelling, length: int, temperature: float = 1.0, start: str = "", seed: int = 0) -> str:
    """`start` and so many characters that follow it, lines ended by a newline; the same seed gives the same text.

    temperature: probabilities to the power of its inverse; below 1 the text is likelier and duller, at 0 every
    character is the likeliest. Raises SettingsError for values out of range.
    """
    if not 1 <= length <= MOST:
        raise SettingsError(f"From 1 to {MOST:,} characters are made up, not {length:,}.")
    if not 0 <= temperature <= 100:
        raise SettingsError(f"A temperature lies from 0 to 100, not at {temperature}.")
    rng, text = np.random.default_rng(seed), []
    context = BOUNDARY + start
    for _ in range(length):
        shares = model.distribution(context)[: len(model.characters)]
        character = model.characters[_drawn(shares, temperature, rng)]
        text.append(character)
        context = character if character == BOUNDARY else context + character
        context = context[-_KEPT:] if len(context) > _LONGEST else context
    return start + "".join(text)


def _drawn(shares: NDArray[np.float64], temperature: float, rng: np.random.Generator) -> int:
    if temperature == 0:
        return int(shares.argmax())
    with np.errstate(divide="ignore"):  # what is never said stays so
        logs = np.log(shares) / temperature
    powers = np.exp(logs - logs.max())
    return int(rng.choice(len(powers), p=powers / powers.sum()))
