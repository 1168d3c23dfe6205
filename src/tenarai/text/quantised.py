"""A language model in few bytes: probabilities as one of 255 values, and nothing that follows from the rest.

What an n-gram costs is its character, its probability and how many go on from it; back-off weight and shorter context
are kept only for those that go on (the others' are never asked for). Values are the means of bins of equal number
(Federico & Bertoldi 2006).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenarai.text.trie import Trie

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.float32]

_BINS = 255


def quantised(trie: Trie, suffix: NDArray[np.uint32], log_prob: Floats, backoff: Floats) -> Arrays | None:
    """The arrays to be kept; None where a back-off weight would be lost, as in no model of tenarai's own training."""
    counts = np.diff(trie.first.astype(np.int64))
    inner = np.flatnonzero(counts)
    if (backoff[counts == 0] != 0).any():
        return None
    codes, values = _binned(log_prob)
    weights, weight_values = _binned(backoff[inner])
    return {
        "labels": trie.labels,
        "counts": counts.astype(np.uint16 if counts.max() < 1 << 16 else np.uint32),
        "suffix_steps": np.diff(suffix[inner], prepend=np.uint32(0)),  # modulo 2^32
        "log_prob_codes": codes,
        "log_prob_values": values,
        "backoff_codes": weights,
        "backoff_values": weight_values,
    }


def restored(arrays: Mapping[str, NDArray[Any]]) -> tuple[Trie, NDArray[np.uint32], Floats, Floats]:
    """What `quantised` was given, but for rounding. Raises KeyError, ValueError or IndexError for arrays that do not
    fit together."""
    counts = arrays["counts"]
    first = np.concatenate(([1], 1 + np.cumsum(counts, dtype=np.int64)))
    nodes = len(arrays["labels"])
    if first[-1] != nodes or len(arrays["log_prob_codes"]) != nodes:
        raise ValueError("lengths")
    inner = np.flatnonzero(counts)
    suffix = np.zeros(nodes, np.uint32)
    suffix[inner] = np.cumsum(arrays["suffix_steps"], dtype=np.uint32)
    backoff = np.zeros(len(counts), np.float32)
    backoff[inner] = arrays["backoff_values"][arrays["backoff_codes"]]
    log_prob = arrays["log_prob_values"][arrays["log_prob_codes"]]
    return Trie(arrays["labels"], first.astype(np.uint32)), suffix, log_prob, backoff


def _binned(values: Floats) -> tuple[NDArray[np.uint8], Floats]:
    """The bin of every value, and the mean of each bin."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, values, side="right").astype(np.uint8)
    counts = np.bincount(codes, minlength=_BINS)
    means = np.bincount(codes, values, _BINS) / np.maximum(counts, 1)
    return codes, means.astype(np.float32)
