"""The one normalisation: how a gray picture becomes what a network sees.

It is stored in the model file and used by training, evaluation and reading alike, so that they cannot differ.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tenarai.errors import SettingsError
from tenarai.image.clean import Gray

Range = Literal["ink", "unit", "signed"]


@dataclass(frozen=True, slots=True)
class Standard:
    """One gray channel of a fixed height.

    `range`: "unit" maps ink 0.0 to paper 1.0; "signed" maps ink -1.0 to paper 1.0; "ink" is the inverted unit form,
    paper 0.0 and ink 1.0, in which padding costs nothing.
    `height` in pixels; `padding` is the paper put before and behind a line, in pixels; `multiple` the step of widths.
    """

    height: int = 40
    range: Range = "ink"
    padding: int = 8
    multiple: int = 16

    def __post_init__(self) -> None:
        if self.range not in ("ink", "unit", "signed"):
            raise SettingsError(f"range is ink, unit or signed, not {self.range!r}.")
        if not 8 <= self.height <= 512 or self.padding < 0 or self.multiple < 1:
            raise SettingsError("height is 8 to 512 pixels, padding at least 0, multiple at least 1.")

    @property
    def paper(self) -> float:
        """The value of bare paper."""
        return 0.0 if self.range == "ink" else 1.0

    def values(self, gray: Gray) -> npt.NDArray[np.float32]:
        """`(..., height, width) uint8`, 255 = paper, to float32 in the range."""
        scaled = gray.astype(np.float32) * np.float32(1 / 255)
        if self.range == "ink":
            return np.asarray(1 - scaled, np.float32)
        return np.asarray(scaled if self.range == "unit" else scaled * 2 - 1, np.float32)

    def gray(self, values: npt.NDArray[np.float32]) -> Gray:
        """The inverse of `values`, rounded to uint8."""
        unit = 1.0 - values if self.range == "ink" else values if self.range == "unit" else (values + 1.0) / 2.0
        return np.asarray(np.clip(np.rint(unit * 255.0), 0, 255), np.uint8)

    def padded_width(self, width: int) -> int:
        """The width in pixels at which a line of `width` is read: padding on both sides, up to the next multiple."""
        return -(-(width + 2 * self.padding) // self.multiple) * self.multiple

    def line(self, gray: Gray, width: int | None = None) -> npt.NDArray[np.float32]:
        """One line `(self.height, w) uint8` to `(1, self.height, width) float32`; the line begins at `padding`."""
        if gray.shape[0] != self.height:
            raise SettingsError(f"This model reads lines {self.height} pixels high, not {gray.shape[0]}.")
        width = self.padded_width(gray.shape[1]) if width is None else width
        out = np.full((1, self.height, width), self.paper, np.float32)
        out[0, :, self.padding : self.padding + gray.shape[1]] = self.values(gray)
        return out

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
