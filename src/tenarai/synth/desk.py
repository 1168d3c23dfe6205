"""A sheet with pens and texts on it: what every kind of page is filled with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenarai.page.layout import Box, Line, Region
from tenarai.page.place import around
from tenarai.synth.hand import Hand, Rng
from tenarai.synth.sheet import Pens, Sheet, Stream, Writer
from tenarai.synth.words import Texts

LEAST = 11.0  # pixels: no writing is set smaller


@dataclass(frozen=True, slots=True)
class Desk:
    """All that a page is made with. `em` is the size of its writing in pixels."""

    sheet: Sheet
    pens: Pens
    texts: Texts
    rng: Rng
    em: float

    def writer(self, unruly: float = 0.7, brush: bool = False, latin: bool = False) -> Writer:
        """A new hand, with strokes or one of the fonts."""
        hand = Hand.sample(self.rng, unruly)
        # A line's climb goes with the whole sheet here; long lines would run into each other.
        hand = replace(hand, slope=0.25 * hand.slope, gap=min(hand.gap, 0.25), pen=max(hand.pen, 0.045))
        if latin:
            hand = replace(hand, gap=min(hand.gap, 0.0), proportional=1.0, latin=1.0)
        if brush:
            pen, swell = float(self.rng.uniform(0.06, 0.11)), float(self.rng.uniform(0.4, 0.9))
            hand = replace(hand, pen=pen, swell=swell, flow=0.3 * float(self.rng.random()))
        font = None
        fonts = self.pens.latin if latin and self.pens.latin else self.pens.fonts
        if fonts and (not self.pens.strokes or self.rng.random() < 0.5):
            font = fonts[int(self.rng.integers(len(fonts)))]
        return Writer(self.pens.strokes, font, hand, self.rng, 0.5 if latin else 1.0, bool(self.rng.random() < 0.7))

    def press(self) -> Writer:
        """Print; where there is no printing font, a hand as even as print."""
        if self.pens.prints:
            font = self.pens.prints[int(self.rng.integers(len(self.pens.prints)))]
            return Writer((), font, None, self.rng)
        return self.writer(0.0)

    def stream(self, latin: bool = False) -> Stream:
        return Stream(self.texts, self.rng, latin)

    def fill(
        self,
        writer: Writer,
        stream: Stream,
        area: Box,
        em: float,
        pitch: float,
        vertical: bool = False,
        even: bool = False,
    ) -> list[Line]:
        """Running text on an area, line by line from its top, or from its right end; the last line is short."""
        across, along = (area.width, area.height) if vertical else (area.height, area.width)
        count = max(1, int(across / pitch))
        found = []
        for number in range(count):
            start = 0.0 if even else abs(float(self.rng.normal(0, 0.25))) * em
            room = (along - start) * (float(self.rng.uniform(0.25, 0.9)) if number == count - 1 else 1.0)
            at = (number + 0.5) * pitch + (0.0 if even else float(self.rng.normal(0, 0.04)) * em)
            text = stream.take(max(2, int(0.98 * room / (em * writer.pace))))
            x, y = (area.right - at, area.top + start) if vertical else (area.left + start, area.top + at)
            found.append(self.sheet.write(writer, text, x, y, em, room, vertical))
        return [line for line in found if line is not None]

    def line(
        self, writer: Writer, text: str, x: float, y: float, em: float, room: float, vertical: bool = False
    ) -> list[Line]:
        found = self.sheet.write(writer, text, x, y, em, room, vertical)
        return [] if found is None else [found]


def region(lines: Sequence[Line], kind: str = "text") -> list[Region]:
    if not lines:
        return []
    return [Region(around(lines), tuple(lines), lines[0].direction, kind)]


def number_in(rng: Rng, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))
