"""Kinds of pages, each filled as people fill it: letters, notes, forms, practice sheets, manuscript paper, leaves of
classical books, postcards. Each gives the regions of its flat sheet in reading order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tenarai.page.layout import Box, Line, Region
from tenarai.synth.hand import Hand, Rng
from tenarai.synth.line import is_kanji
from tenarai.synth.sheet import Pens, Sheet, Stream, Writer
from tenarai.synth.words import Texts

KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん"
LABELS = (
    "氏名 住所 電話 年月日 生年月日 職業 金額 数量 備考 所属 番号 品名 理由 合計 担当 提出先 本籍 続柄 期間".split()
)
TITLES = "申請書 届出書 報告書 領収書 履歴書 調査票 請求書 注文書 日報 証明書".split()
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


def _region(lines: Sequence[Line], kind: str = "text") -> list[Region]:
    if not lines:
        return []
    box = lines[0].box
    for line in lines[1:]:
        box = box.union(line.box)
    return [Region(box, tuple(lines), lines[0].direction, kind)]


def _number(rng: Rng, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def _letter(desk: Desk) -> list[Region]:
    """Date, name, text and signature; in rows, or in columns from the right."""
    sheet, rng, em = desk.sheet, desk.rng, desk.em
    vertical, latin = bool(rng.random() < 0.5), bool(desk.texts.latin and rng.random() < 0.3)
    vertical = vertical and not latin
    writer = desk.writer(latin=latin)
    pitch = em * float(rng.uniform(1.5, 2.1))
    margin = em * float(rng.uniform(1.8, 3))
    area = Box(margin, margin, sheet.width - margin, sheet.height - margin)
    across, along = (area.width, area.height) if vertical else (area.height, area.width)
    count = int(across / pitch)
    ruled = rng.random()
    if ruled < 0.5:
        for number in range(count + 1):
            at = number * pitch
            ends = (
                ((area.right - at, area.top - em), (area.right - at, area.bottom + 0.3 * em))
                if vertical
                else ((area.left - 0.6 * em, area.top + at), (area.right + 0.6 * em, area.top + at))
            )
            sheet.rule(ends, int(rng.integers(50, 160)) if number else 160, 1)
    stream = desk.stream(latin)

    def row(number: float, start: float, text: str, room: float) -> list[Line]:
        at = (number + 0.5) * pitch
        x, y = (area.right - at, area.top + start) if vertical else (area.left + start, area.top + at)
        return desk.line(writer, text, x, y, em, room, vertical)

    lines = (
        row(0, 0.6 * along, stream.take(7), 0.39 * along) if not vertical else row(0, 0, stream.take(8), 0.5 * along)
    )
    first = 2 if lines else 1
    body_end = max(first + 2, count - _number(rng, 2, max(3, count // 3)))
    if vertical:
        place = Box(area.right - body_end * pitch, area.top, area.right - first * pitch, area.bottom)
    else:
        place = Box(area.left, area.top + first * pitch, area.right, area.top + body_end * pitch)
    lines += desk.fill(writer, stream, place, em, pitch, vertical)
    lines += row(body_end, 0.6 * along, stream.take(6), 0.3 * along)
    found = _region(lines)
    if found and rng.random() < 0.3:
        end = lines[-1].box
        x, y = (end.left, end.bottom + 0.4 * em) if vertical else (end.right + 0.3 * em, end.top - 0.2 * em)
        if x + 1.6 * em < sheet.width and y + 1.6 * em < sheet.height:
            found.append(Region(sheet.seal(x, y, 1.4 * em, rng), kind="seal"))
    return found


def _notes(desk: Desk) -> list[Region]:
    """Notes in rows: a heading, points, a drawing between them; now and then in two columns."""
    sheet, rng, em = desk.sheet, desk.rng, desk.em
    latin = bool(desk.texts.latin and rng.random() < 0.4)
    writer = desk.writer(1.0, latin=latin)
    stream = desk.stream(latin)
    margin, pitch = 2 * em, em * float(rng.uniform(1.35, 1.8))
    if rng.random() < 0.6:
        for y in np.arange(margin + 2 * pitch, sheet.height - 0.5 * em, pitch):
            sheet.rule(((0.4 * em, y), (sheet.width - 0.4 * em, y)), int(rng.integers(40, 110)))
    if rng.random() < 0.3:
        for x in np.arange(margin, sheet.width - em, pitch):
            sheet.rule(((x, margin), (x, sheet.height - em)), 50)
    found = []
    heading = desk.line(writer, stream.take(8), margin, margin + 0.4 * em, 1.4 * em, 0.7 * sheet.width)
    found += _region(heading)
    if heading and rng.random() < 0.5:
        box = heading[0].box
        foot = box.bottom + 0.2 * em
        sheet.rule(((box.left, foot), (box.right, foot + float(rng.normal(0, 0.1)) * em)), 255, 2, pen=True)
    columns = 2 if rng.random() < 0.4 else 1
    width = (sheet.width - 2 * margin - (columns - 1) * 2.5 * em) / columns
    for column in range(columns):
        left = margin + column * (width + 2.5 * em)
        y = margin + 2 * pitch + (float(rng.uniform(0, 1)) * pitch if column else 0.0)
        while y + 3 * pitch < sheet.height - margin:
            if rng.random() < 0.16 and y + 7 * pitch < sheet.height - margin:
                place = Box(left + em, y + 0.3 * em, left + min(width, 7 * pitch), y + 5 * pitch)
                found.append(Region(sheet.drawing(place, rng), kind="figure"))
                y += 5.5 * pitch
                continue
            rows = min(_number(rng, 2, 6), int((sheet.height - margin - y) / pitch))
            indent = em * float(rng.choice([0, 1.2]))
            found += _region(
                desk.fill(writer, stream, Box(left + indent, y, left + width, y + rows * pitch), em, pitch)
            )
            y += (rows + float(rng.choice([0.0, 0.5, 1.2]))) * pitch
    return found


def _form(desk: Desk) -> list[Region]:
    """A printed title and a table of printed labels with written values; a seal; small print at the foot."""
    sheet, rng, em = desk.sheet, desk.rng, desk.em
    press, writer = desk.press(), desk.writer(0.6)
    left, right, top = 1.8 * em, sheet.width - 1.8 * em, 4.2 * em
    title = desk.line(press, TITLES[_number(rng, 0, len(TITLES) - 1)], 0.38 * sheet.width, 2 * em, 1.5 * em, 12 * em)
    found = _region(title)
    order = rng.permutation(len(LABELS))
    lines: list[Line] = []
    row, y = 0, top
    while y < sheet.height - 7 * em and row < len(LABELS):
        height = em * float(rng.uniform(1.9, 2.6)) * (2 if rng.random() < 0.12 else 1)
        # One or two pairs of label and value in a row.
        middle = left + (right - left) * float(rng.uniform(0.45, 0.6)) if rng.random() < 0.35 else right
        for start, end in ((left, middle), (middle, right)):
            if end - start < 8 * em:
                continue
            inner = start + 4.6 * em
            sheet.frame(Box(start, y, end, y + height), 190)
            sheet.rule(((inner, y), (inner, y + height)), 190)
            label = LABELS[int(order[row % len(LABELS)])]
            lines += desk.line(press, label, start + 0.3 * em, y + height / 2, 0.8 * em, 4 * em)
            if rng.random() < 0.85:
                text = desk.texts.draw_japanese(rng, max(2, int((end - inner) / em) - 1))
                lines += desk.line(writer, text, inner + 0.4 * em, y + height / 2, em, end - inner - 0.8 * em)
        y, row = y + height, row + 1
    found += _region(lines, "table")
    if rng.random() < 0.6:
        place = (right - 4 * em, y + 0.8 * em) if rng.random() < 0.5 else (left + 12 * em, y + 0.8 * em)
        found.append(Region(sheet.seal(*place, 2.2 * em, rng), kind="seal"))
    small = max(LEAST, 0.6 * em)
    place_of_notes = Box(left, y + 3.4 * em, right, y + 3.4 * em + 2 * 1.7 * small)
    return found + _region(desk.fill(press, desk.stream(), place_of_notes, small, 1.7 * small, even=True))


def _squares(
    sheet: Sheet, left: float, top: float, side: float, columns: int, rows: int, gap: float, dark: int
) -> None:
    """Columns of squares, `gap` pixels between the columns."""
    for column in range(columns):
        x = left + column * (side + gap)
        for row in range(rows + 1):
            sheet.rule(((x, top + row * side), (x + side, top + row * side)), dark)
        for edge in (x, x + side):
            sheet.rule(((edge, top), (edge, top + rows * side)), dark)


def _practice(desk: Desk) -> list[Region]:
    """Squares in columns: a printed model on top or in the first column, copied by hand."""
    sheet, rng = desk.sheet, desk.rng
    side = desk.em * float(rng.uniform(2.0, 3.2))
    gap = float(rng.choice([0.0, 0.12])) * side
    columns, rows = (
        int((length - 3 * desk.em) / (side + g)) for length, g in ((sheet.width, gap), (sheet.height, 0.0))
    )
    left, top = (sheet.width - columns * (side + gap)) / 2, (sheet.height - rows * side) / 2
    _squares(sheet, left, top, side, columns, rows, gap, int(rng.integers(80, 190)))
    if rng.random() < 0.4:
        for column in range(columns):
            x = left + column * (side + gap) + side / 2
            sheet.rule(((x, top), (x, top + rows * side)), 45)
    press, writer, stream = desk.press(), desk.writer(0.8), desk.stream()
    model = stream.take(2 * rows)
    lines = []
    for column in range(columns):
        x = left + (columns - 1 - column) * (side + gap)
        first = column % 3 == 0
        if first and column:
            model = stream.take(2 * rows)
        text = model[: rows - (0 if first else _number(rng, 0, 2))]
        lines.append(sheet.write_cells(press if first else writer, text, x, top, side, side, True))
    return _region([line for line in lines if line is not None], "practice")


def _manuscript(desk: Desk) -> list[Region]:
    """Manuscript paper: one character a square, columns with room for readings between them."""
    sheet, rng = desk.sheet, desk.rng
    rows = 20
    side = (sheet.height - 4 * desk.em) / rows
    gap = side * float(rng.uniform(0.3, 0.5))
    columns = int((sheet.width - 3 * desk.em) / (side + gap))
    left, top = (sheet.width - columns * (side + gap)) / 2, (sheet.height - rows * side) / 2
    dark = int(rng.integers(70, 170))
    _squares(sheet, left, top, side, columns, rows, gap, dark)
    sheet.frame(Box(left - gap / 2, top - gap, left + columns * (side + gap) - gap / 2, top + rows * side + gap), dark)
    writer, stream = desk.writer(0.6), desk.stream()
    lines, end = [], _number(rng, columns // 2, columns)
    for column in range(end):
        x = left + (columns - 1 - column) * (side + gap)
        used = rows if column < end - 1 else _number(rng, 3, rows)
        start = 1 if rng.random() < 0.15 else 0
        text = stream.take(used - start)
        lines.append(sheet.write_cells(writer, text, x, top + start * side, side, side, True))
    kept = [line for line in lines if line is not None]
    return _region(kept) + _region(_readings(desk, writer, kept, 0.28 * side, 0.15), "note")


def _readings(desk: Desk, writer: Writer, lines: Sequence[Line], em: float, often: float) -> list[Line]:
    """Furigana beside kanji of vertical lines: (lines in order, each from its top)."""
    found: list[Line] = []
    for line in lines:
        free = 0.0
        for character in line.characters:
            if not is_kanji(character.text) or desk.rng.random() > often or character.box.top < free:
                continue
            text = "".join(KANA[_number(desk.rng, 0, len(KANA) - 1)] for _ in range(_number(desk.rng, 1, 3)))
            em = max(em, 0.75 * LEAST)
            y = max(free, character.box.center[1] - 0.5 * len(text) * em)
            x = line.box.right + 0.55 * em
            room = min(len(text) * 1.15 * em, line.box.bottom - y)
            one = desk.sheet.write(writer, text, x, y, em, room, True) if room > em else None
            if one is not None:
                found.append(one)
                free = one.box.bottom + 0.5 * em
    return found


def _classical(desk: Desk) -> list[Region]:
    """A leaf of an old book: brush columns in a frame, readings, half-size double lines, headnotes, an owner's seal."""
    sheet, rng = desk.sheet, desk.rng
    em = desk.em * float(rng.uniform(1.0, 1.3))
    writer, stream = desk.writer(0.8, brush=True), desk.stream()
    pitch = em * float(rng.uniform(1.75, 2.2))
    head = sheet.height * float(rng.uniform(0.14, 0.2)) if rng.random() < 0.5 else 2 * em
    area = Box(2 * em, head, sheet.width - 2 * em, sheet.height - 2 * em)
    count = int(area.width / pitch)
    if rng.random() < 0.6:
        around = Box(
            area.right - count * pitch - 0.2 * em, area.top - em, area.right + 0.2 * em, area.bottom + 0.6 * em
        )
        sheet.frame(around, 200, 2)
        if rng.random() < 0.6:
            for number in range(1, count):
                x = area.right - number * pitch
                sheet.rule(((x, around.top), (x, around.bottom)), 130)
    lines: list[Line] = []
    plain: list[Line] = []
    for number in range(count):
        x, y = area.right - (number + 0.5) * pitch, area.top + (1.5 * em if rng.random() < 0.12 else 0.0)
        if number == 0 and rng.random() < 0.4:
            lines += desk.line(writer, stream.take(6), x, area.top, 1.3 * em, 0.6 * area.height, True)
            continue
        if rng.random() > 0.2:
            text = stream.take(int((area.bottom - y) / (em * writer.pace)) + 1)
            new = desk.line(writer, text, x, y, em, area.bottom - y, True)
            lines, plain = lines + new, plain + new
            continue
        # Large script, then small script in two halves, then large again.
        for large in (True, False, True):
            room = (area.bottom - y) * float(rng.uniform(0.3, 0.6))
            if room < 4 * em:
                break
            size = em if large else max(LEAST, 0.48 * em)
            new = []
            for side in (0.0,) if large else (0.56 * size, -0.56 * size):
                text = stream.take(int(room / (size * writer.pace)) + 1)
                new += desk.line(writer, text, x + side, y, size, room, True)
            lines += new
            y = max((line.box.bottom for line in new), default=y) + 0.5 * em
    found = _region(lines) + _region(_readings(desk, writer, plain, 0.38 * em, float(rng.choice([0.0, 0.25]))), "note")
    if rng.random() < 0.3:
        found.append(Region(sheet.seal(area.left + 0.3 * em, area.bottom - 3 * em, 2 * em, rng), kind="seal"))
    if head > 3 * em:
        small = max(LEAST, 0.5 * em)
        right = area.right - float(rng.uniform(0, 0.4)) * area.width
        place = Box(right - _number(rng, 2, 6) * 1.6 * small, 0.8 * em, right, area.top - 1.8 * em)
        if place.height > 3 * small:
            found += _region(desk.fill(writer, stream, place, small, 1.6 * small, True), "margin")
    return found


def _card(desk: Desk) -> list[Region]:
    """A postcard: printed squares with a horizontal postal code, columns with address and name, a stamp."""
    sheet, rng, em = desk.sheet, desk.rng, desk.em
    writer, stream = desk.writer(), desk.stream()
    side = 1.5 * em
    left, top = sheet.width - 7.6 * side - 1.5 * em, 2 * em
    for number in range(7):
        x = left + number * 1.06 * side
        sheet.frame(Box(x, top, x + side, top + side), 170, 2)
    digits = "".join(str(_number(rng, 0, 9)) for _ in range(7))
    code = sheet.write_cells(writer, digits, left, top, side, 1.06 * side)
    found = _region([code] if code else [], "code")
    below = top + side + 1.5 * em
    stamp = Box(1.5 * em, 1.5 * em, 1.5 * em + 4.5 * em, 1.5 * em + 5.5 * em)
    sheet.frame(stamp, 150, 2)
    sheet.drawing(Box(stamp.left + em, stamp.top + em, stamp.right - em, stamp.bottom - em), rng)
    sheet.seal(stamp.left + 2.5 * em, stamp.top + 2.5 * em, 4 * em, rng)
    room = sheet.height - below - 2 * em
    big = em * float(rng.uniform(1.1, 1.4))
    lines: list[Line] = []
    for number in range(2):
        x = sheet.width - (2.6 + 2.2 * number) * em
        lines += desk.line(writer, stream.take(14), x, below + 2 * number * em, big, room * 0.8, True)
    lines += desk.line(writer, stream.take(5) + "様", sheet.width * 0.52, below + 3 * em, 1.7 * big, room * 0.7, True)
    for number in range(3):
        x = 0.3 * sheet.width - 1.7 * number * em
        lines += desk.line(writer, stream.take(10), x, sheet.height - 16 * em, 0.9 * em, 13 * em, True)
    found += [*_region(lines), Region(stamp, kind="figure")]
    return found


KINDS: dict[str, Callable[[Desk], list[Region]]] = {
    "letter": _letter,
    "notes": _notes,
    "form": _form,
    "practice": _practice,
    "manuscript": _manuscript,
    "classical": _classical,
    "card": _card,
}
