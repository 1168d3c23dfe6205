"""A prefix tree in flat arrays: millions of nodes at a few bytes each, built without a loop over them, or mapped."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = 0


@dataclass(frozen=True, slots=True, eq=False)
class Trie:
    """Nodes are numbered breadth first, 0 the root, and the children of each by label.

    labels: (nodes,) unsigned, the label on the way into each node; the root's means nothing.
    first: (inner nodes + 1,) uint32; the children of node i are first[i] to first[i + 1] - 1. Nodes behind the last
    inner one have none.
    """

    labels: NDArray[Any]
    first: NDArray[np.uint32]
    _labels: "memoryview[int]" = field(init=False, repr=False)
    _first: "memoryview[int]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # A memory view gives Python's own integers, several times faster than an array gives its scalars.
        object.__setattr__(self, "_labels", self.labels.data)
        object.__setattr__(self, "_first", self.first.data)

    def __len__(self) -> int:
        return len(self.labels)

    def children(self, node: int) -> tuple[int, int]:
        """The first child of a node, and one behind its last."""
        if node + 1 >= len(self._first):
            return 0, 0
        return self._first[node], self._first[node + 1]

    def child(self, node: int, label: int) -> int:
        """The child that this label leads to; the root, which is nobody's child, when there is none."""
        start, end = self.children(node)
        found = bisect_left(self._labels, label, start, end)
        return found if found < end and self._labels[found] == label else ROOT

    def sound(self) -> bool:
        """Whether the arrays are a tree at all: every node but the root is the child of exactly one before it."""
        first, nodes = self.first, len(self.labels)
        return bool(
            len(first) >= 2
            and first[0] == 1
            and first[-1] == nodes
            and (first[1:] >= first[:-1]).all()
            # A node lies behind its parent, so that no walk downwards ends where it began.
            and (first[:-1] > np.arange(len(first) - 1)).all()
        )


def first_children(parents: NDArray[np.integer], inner: int) -> NDArray[np.uint32]:
    """`Trie.first` from the parent of every node but the root (nodes - 1,), given breadth first."""
    counts = np.bincount(parents, minlength=inner)
    return np.concatenate(([1], 1 + np.cumsum(counts))).astype(np.uint32)
