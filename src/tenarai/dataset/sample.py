"""What every corpus becomes: a gray picture, white paper and dark ink, with its text and where it comes from."""

from dataclasses import dataclass
from typing import Literal

from tenarai.image.clean import Gray

Split = Literal["train", "validation", "test"]
Kind = Literal["character", "word", "line"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One written thing and what it says.

    `picture` `(height, width) uint8`, 255 = paper, as large as in the corpus. `name` is unique within `source`, the
    name of the corpus. `split` is the part that the corpus itself assigns, None where it assigns none. `box` is where
    the picture lay on its page: left, top, right, bottom in pixels, right and bottom just outside.
    """

    name: str
    picture: Gray
    text: str
    source: str
    kind: Kind
    writer: str | None = None
    page: str | None = None
    split: Split | None = None
    licence: str = ""
    box: tuple[int, int, int, int] | None = None
    direction: Literal["auto", "horizontal", "vertical"] = "auto"


UNWRITTEN = "It has no text."  # a reason that several corpora know


@dataclass(frozen=True, slots=True)
class Refused:
    """Something of a corpus that gives no sample, and the reason in one sentence."""

    name: str
    reason: str
