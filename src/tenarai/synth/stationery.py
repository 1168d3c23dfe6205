"""Kinds of pages, each filled as people fill it: letters, notes, forms, practice sheets, manuscript paper, leaves of
classical books, postcards. Each gives the regions of its flat sheet in reading order."""

from collections.abc import Callable

import numpy as np

from tenarai.page.layout import Box, Line, Region
from tenarai.synth.classical import classical, readings
from tenarai.synth.desk import LEAST, Desk, number_in, region
from tenarai.synth.sheet import Sheet

LABELS = (
    "氏名 住所 電話 年月日 生年月日 職業 金額 数量 備考 所属 番号 品名 理由 合計 担当 提出先 本籍 続柄 期間".split()
)
TITLES = "申請書 届出書 報告書 領収書 履歴書 調査票 請求書 注文書 日報 証明書".split()


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
    body_end = max(first + 2, count - number_in(rng, 2, max(3, count // 3)))
    if vertical:
        place = Box(area.right - body_end * pitch, area.top, area.right - first * pitch, area.bottom)
    else:
        place = Box(area.left, area.top + first * pitch, area.right, area.top + body_end * pitch)
    lines += desk.fill(writer, stream, place, em, pitch, vertical)
    lines += row(body_end, 0.6 * along, stream.take(6), 0.3 * along)
    found = region(lines)
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
    found += region(heading)
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
            rows = min(number_in(rng, 2, 6), int((sheet.height - margin - y) / pitch))
            indent = em * float(rng.choice([0, 1.2]))
            found += region(desk.fill(writer, stream, Box(left + indent, y, left + width, y + rows * pitch), em, pitch))
            y += (rows + float(rng.choice([0.0, 0.5, 1.2]))) * pitch
    return found


def _form(desk: Desk) -> list[Region]:
    """A printed title and a table of printed labels with written values; a seal; small print at the foot."""
    sheet, rng, em = desk.sheet, desk.rng, desk.em
    press, writer = desk.press(), desk.writer(0.6)
    left, right, top = 1.8 * em, sheet.width - 1.8 * em, 4.2 * em
    title = desk.line(press, TITLES[number_in(rng, 0, len(TITLES) - 1)], 0.38 * sheet.width, 2 * em, 1.5 * em, 12 * em)
    found = region(title)
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
    found += region(lines, "table")
    if rng.random() < 0.6:
        place = (right - 4 * em, y + 0.8 * em) if rng.random() < 0.5 else (left + 12 * em, y + 0.8 * em)
        found.append(Region(sheet.seal(*place, 2.2 * em, rng), kind="seal"))
    small = max(LEAST, 0.6 * em)
    place_of_notes = Box(left, y + 3.4 * em, right, y + 3.4 * em + 2 * 1.7 * small)
    return found + region(desk.fill(press, desk.stream(), place_of_notes, small, 1.7 * small, even=True))


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
        text = model[: rows - (0 if first else number_in(rng, 0, 2))]
        lines.append(sheet.write_cells(press if first else writer, text, x, top, side, side, True))
    return region([line for line in lines if line is not None], "practice")


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
    lines, end = [], number_in(rng, columns // 2, columns)
    for column in range(end):
        x = left + (columns - 1 - column) * (side + gap)
        used = rows if column < end - 1 else number_in(rng, 3, rows)
        start = 1 if rng.random() < 0.15 else 0
        text = stream.take(used - start)
        lines.append(sheet.write_cells(writer, text, x, top + start * side, side, side, True))
    kept = [line for line in lines if line is not None]
    return region(kept) + region(readings(desk, writer, kept, 0.28 * side, 0.15), "note")


def _card(desk: Desk) -> list[Region]:
    """A postcard: printed squares with a horizontal postal code, columns with address and name, a stamp."""
    sheet, rng, em = desk.sheet, desk.rng, desk.em
    writer, stream = desk.writer(), desk.stream()
    side = 1.5 * em
    left, top = sheet.width - 7.6 * side - 1.5 * em, 2 * em
    for number in range(7):
        x = left + number * 1.06 * side
        sheet.frame(Box(x, top, x + side, top + side), 170, 2)
    digits = "".join(str(number_in(rng, 0, 9)) for _ in range(7))
    code = sheet.write_cells(writer, digits, left, top, side, 1.06 * side)
    found = region([code] if code else [], "code")
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
    found += [*region(lines), Region(stamp, kind="figure")]
    return found


KINDS: dict[str, Callable[[Desk], list[Region]]] = {
    "letter": _letter,
    "notes": _notes,
    "form": _form,
    "practice": _practice,
    "manuscript": _manuscript,
    "classical": classical,
    "card": _card,
}
