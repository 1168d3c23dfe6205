"""Samples without a corpus, for the tests of the store."""

from collections.abc import Iterator

import numpy as np

from tenarai.dataset.manifest import Source
from tenarai.dataset.sample import Refused, Sample

START = Source("test", "ab" * 32, "dark")
OTHER = Source("test", "cd" * 32, "dark")


def items(number: int, refused: int = 7) -> Iterator[Sample | Refused]:
    """Every `refused`-th is Refused."""
    for n, sample in enumerate(samples(number)):
        yield Refused(sample.name, f"It is the {n}th.") if n % refused == refused - 1 else sample


def samples(number: int, source: str = "set") -> Iterator[Sample]:
    """Pictures of noise, all different; every third has no writer."""
    random = np.random.default_rng(7)
    for n in range(number):
        yield Sample(
            name=f"{n:05d}",
            picture=random.integers(0, 256, (20 + n % 5, 30), np.uint8),
            text="あいう漢A"[n % 5],
            source=source,
            kind="character",
            writer=None if n % 3 == 0 else f"w{n % 7}",
            page=f"p{n % 11}",
            split="test" if n % 10 == 0 else None,
            licence="CC0",
            box=(n, 0, n + 30, 20) if n % 2 else None,
            direction="vertical" if n % 2 else "auto",
        )


def growing() -> Iterator[Sample]:
    random = np.random.default_rng(3)
    for n in range(100):
        side = 20 + n
        yield Sample(str(n), random.integers(0, 256, (side, side), np.uint8), "あ", "set", "character")
