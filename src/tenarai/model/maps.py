"""What a detector's maps are: the words that its network, its training and its reading share. No torch."""

import numpy as np
import numpy.typing as npt

Map = npt.NDArray[np.float32]  # (height / STRIDE, width / STRIDE)

STRIDE = 4  # pixels of the page between places of the maps
MULTIPLE = 32  # pictures are a multiple of this high and wide
UNIT = 8.0  # pixels: lengths are told as log(pixels / UNIT)
LIKELIHOODS = ("horizontal", "vertical", "character")  # logits: the middle of a line or of a character is here
LENGTHS = ("before", "after", "width", "height")  # from a line's middle to its edges, up or left first; of a character
ANCHOR_STRIDE = 8  # pixels between the places of anchors
ANCHOR_VALUES = len(LIKELIHOODS) + 4  # of each anchor: the logits, then where its box lies
MAPS = (*LIKELIHOODS, *LENGTHS)


def named(values: npt.NDArray[np.float32]) -> dict[str, Map]:
    """`(len(MAPS), h, w)` as the network gives it, to probabilities and pixels by name."""
    maps = {}
    for name, value in zip(MAPS, values, strict=True):
        # Past these bounds nothing changes but that exp overflows.
        clipped = np.clip(value, -30, 30)
        maps[name] = 1 / (1 + np.exp(-clipped)) if name in LIKELIHOODS else UNIT * np.exp(np.minimum(clipped, 6))
    return maps
