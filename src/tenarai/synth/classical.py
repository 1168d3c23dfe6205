"""Leaves of old books, and the readings beside columns."""

from collections.abc import Sequence
from dataclasses import replace

from tenarai.page.layout import Box, Line, Region
from tenarai.synth.desk import LEAST, Desk, number_in, region
from tenarai.synth.line import is_kanji
from tenarai.synth.sheet import Stream, Writer

PICTURED = 0.3  # part of the leaves that show a large picture with columns around it
FOLDED = 0.25  # part of the leaves beside which half of the title on the fold is seen
KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん"


def readings(desk: Desk, writer: Writer, lines: Sequence[Line], em: float, often: float) -> list[Line]:
    """Furigana beside kanji of vertical lines: (lines in order, each from its top)."""
    found: list[Line] = []
    for line in lines:
        free = 0.0
        for character in line.characters:
            if not is_kanji(character.text) or desk.rng.random() > often or character.box.top < free:
                continue
            text = "".join(KANA[number_in(desk.rng, 0, len(KANA) - 1)] for _ in range(number_in(desk.rng, 1, 3)))
            em = max(em, 0.75 * LEAST)
            y = max(free, character.box.center[1] - 0.5 * len(text) * em)
            x = line.box.right + 0.55 * em
            room = min(len(text) * 1.15 * em, line.box.bottom - y)
            one = desk.sheet.write(writer, text, x, y, em, room, True) if room > em else None
            if one is not None:
                found.append(one)
                free = one.box.bottom + 0.5 * em
    return found


def classical(desk: Desk) -> list[Region]:
    """A leaf of an old book, or two side by side: brush columns in a frame, readings, half-size double lines,
    headnotes, a picture, an owner's seal."""
    sheet, rng = desk.sheet, desk.rng
    em = desk.em * float(rng.uniform(1.0, 1.3))
    writer, stream = desk.writer(0.8, brush=True), desk.stream()
    head = sheet.height * float(rng.uniform(0.14, 0.2)) if rng.random() < 0.5 else 2 * em
    areas = [Box(2 * em, head, sheet.width - 2 * em, sheet.height - 2 * em)]
    if sheet.width > sheet.height and rng.random() < 0.7:
        fold, gutter = sheet.width * float(rng.uniform(0.48, 0.52)), em * float(rng.uniform(0.8, 2))
        (whole,) = areas
        areas = [replace(whole, left=fold + gutter), replace(whole, right=fold - gutter)]
        if rng.random() < 0.7:
            sheet.rule(((fold, 0), (fold, sheet.height)), int(rng.integers(60, 200)), number_in(rng, 1, 4))
    pitch, framed, ruled = em * float(rng.uniform(1.25, 2.2)), bool(rng.random() < 0.6), bool(rng.random() < 0.5)
    found: list[Region] = []
    for area in areas:
        if rng.random() < FOLDED:
            found += _folded(desk, writer, stream, area, em)
        if rng.random() < PICTURED:
            found += _pictured(desk, writer, stream, area, em, pitch)
        else:
            found += _leaf(desk, writer, stream, area, em, pitch, framed, ruled)
    if rng.random() < 0.3:
        last = areas[-1]
        found.append(Region(sheet.seal(last.left + 0.3 * em, last.bottom - 3 * em, 2 * em, rng), kind="seal"))
    if head > 3 * em:
        small = max(LEAST, 0.5 * em)
        right = areas[0].right - float(rng.uniform(0, 0.4)) * areas[0].width
        place = Box(right - number_in(rng, 2, 6) * 1.6 * small, 0.8 * em, right, head - 1.8 * em)
        if place.height > 3 * small:
            found += region(desk.fill(writer, stream, place, small, 1.6 * small, True), "margin")
    return found


def _leaf(
    desk: Desk, writer: Writer, stream: Stream, area: Box, em: float, pitch: float, framed: bool, ruled: bool
) -> list[Region]:
    """The columns of one leaf; now and then a picture stands in the place of the last ones."""
    sheet, rng = desk.sheet, desk.rng
    count = int(area.width / pitch)
    if framed:
        # Rules stand as close to the writing as its columns do to each other.
        over, under = (em * float(rng.uniform(0.2, 1)) for _ in range(2))
        around = Box(area.right - count * pitch, area.top - over, area.right, area.bottom + under)
        sheet.frame(around, 200, 2)
        if ruled:
            dark, wide = int(rng.integers(90, 220)), number_in(rng, 1, 2)
            for number in range(1, count):
                x = area.right - number * pitch
                sheet.rule(((x, around.top), (x, around.bottom)), dark, wide)
    found: list[Region] = []
    if count > 5 and rng.random() < 0.2:
        drawn = number_in(rng, 3, count - 1)
        left = area.right - count * pitch + 0.3 * em
        place = Box(left, area.top, area.right - (count - drawn) * pitch - 0.3 * em, area.bottom)
        found.append(Region(sheet.drawing(place, rng), kind="figure"))
        count -= drawn
    lines: list[Line] = []
    plain: list[Line] = []
    noted = float(rng.choice([0.05, 0.05, 0.3, 0.7]))
    for number in range(count):
        x, y = area.right - (number + 0.5) * pitch, area.top + (1.5 * em if rng.random() < 0.12 else 0.0)
        if number == 0 and rng.random() < 0.4:
            lines += desk.line(writer, stream.take(6), x, area.top, 1.3 * em, 0.6 * area.height, True)
            continue
        if rng.random() > noted:
            room = (area.bottom - y) * (float(rng.uniform(0.1, 0.8)) if rng.random() < 0.1 else 1.0)
            text = stream.take(int(room / (em * writer.pace)) + 1)
            new = desk.line(writer, text, x, y, em, room, True)
            lines, plain = lines + new, plain + new
        else:
            lines += _annotated(desk, writer, stream, x, y, area.bottom, em)
    often = float(rng.choice([0.0, 0.25])) if pitch > 1.5 * em else 0.0
    return region(lines) + region(readings(desk, writer, plain, 0.38 * em, often), "note") + found


def _folded(desk: Desk, writer: Writer, stream: Stream, area: Box, em: float) -> list[Region]:
    """The title on the fold at the outer edge of a leaf, cut through its middle: nobody transcribes it."""
    rng, found = desk.rng, list[Region]()
    size = max(LEAST, em * float(rng.uniform(0.6, 1)))
    outside = bool(area.right > 0.6 * desk.sheet.width) or rng.random() < 0.5
    x = area.right + 1.1 * em if outside else area.left - 1.1 * em
    y = area.top + float(rng.uniform(-0.5, 0.3 * area.height / em)) * em
    for _ in range(number_in(rng, 1, 2)):
        for line in desk.line(writer, stream.take(number_in(rng, 2, 7)), x, y, size, 0.4 * area.height, True):
            box, middle = line.box, round(line.box.left + float(rng.uniform(0.3, 0.7)) * line.box.width)
            away = slice(middle, round(box.right)) if outside else slice(round(box.left), middle)
            desk.sheet.writing[round(box.top) : round(box.bottom), away] = 0
            left = replace(box, right=float(middle)) if outside else replace(box, left=float(middle))
            found.append(Region(left, kind="header"))
            y = box.bottom + em * float(rng.uniform(1, 6))
    if rng.random() < 0.7:
        cut = x + (0.1 if outside else -0.1) * size
        desk.sheet.rule(((cut, area.top - em), (cut, area.bottom + em)), int(rng.integers(90, 200)))
    return found


def _annotated(
    desk: Desk, writer: Writer, stream: Stream, x: float, top: float, bottom: float, em: float
) -> list[Line]:
    """A column with half-size double lines (warichu) between its pieces: few and long ones, or many short ones."""
    rng, lines, y = desk.rng, list[Line](), top
    short = bool(rng.random() < 0.6)
    small = max(LEAST, em * float(rng.uniform(0.42, 0.56)))
    large = bool(rng.random() < 0.85)
    while bottom - y > 2 * em and (short or len(lines) < 4):
        if short:
            room = em * float(rng.uniform(1, 9)) if large else small * (number_in(rng, 1, 8) + 0.5)
            room = min(bottom - y, room)
        else:
            room = (bottom - y) * float(rng.uniform(0.3, 0.6))
        size, apart = (em, (0.0,)) if large else (small, (0.52 * small, -0.52 * small))
        new: list[Line] = []
        for number, aside in enumerate(apart):
            # The left half is as long as the right one or shorter.
            part = room * (float(rng.uniform(0.4, 1)) if number and rng.random() < 0.3 else 1.0)
            text = stream.take(int(part / (size * writer.pace)) + 1)
            new += desk.line(writer, text, x + aside, y, size, part, True)
        lines += new
        y = max((line.box.bottom for line in new), default=y + 0.5 * em) + em * float(rng.uniform(0.1, 0.5))
        large = not large
    return lines


def _pictured(desk: Desk, writer: Writer, stream: Stream, area: Box, em: float, pitch: float) -> list[Region]:
    """A leaf that is mostly a picture with names in it; columns stand beside, above and below it."""
    sheet, rng = desk.sheet, desk.rng
    if rng.random() < 0.6:
        sheet.frame(Box(area.left - 0.5 * em, area.top - em, area.right + 0.5 * em, area.bottom + 0.6 * em), 200, 2)
    across, down = rng.uniform(0.35, 0.95, 2)
    left = area.left + float(rng.choice([0, 0.5, 1])) * (1 - across) * area.width
    top = area.top + float(rng.choice([0, 0.5, 1])) * (1 - down) * area.height
    place = Box(left, top, left + across * area.width, top + down * area.height)
    figures: list[Region] = []
    for _ in range(number_in(rng, 1, 3)):
        corner = place.left + rng.uniform(0, 0.5) * place.width, place.top + rng.uniform(0, 0.5) * place.height
        figures.append(Region(sheet.drawing(Box(*corner, place.right, place.bottom), rng), kind="figure"))
    lines: list[Line] = []
    for number in range(int(area.width / pitch)):
        x = area.right - (number + 0.5) * pitch
        free = [(area.top, area.bottom)]
        if place.left - 0.6 * em < x < place.right + 0.6 * em:
            free = [(area.top, place.top - 0.5 * em), (place.bottom + 0.5 * em, area.bottom)]
        for start, end in free:
            room = (end - start) * (1.0 if rng.random() < 0.8 else float(rng.uniform(0.3, 0.9)))
            if room > 2.5 * em and rng.random() < 0.85:
                text = stream.take(int(room / (em * writer.pace)) + 1)
                lines += desk.line(writer, text, x, start, em, room, True)
    names: list[Line] = []
    for _ in range(number_in(rng, 0, 12)):
        size = max(LEAST, em * float(rng.uniform(0.5, 1.0)))
        count = number_in(rng, 2, 5) if rng.random() < 0.25 else 1  # a few short columns, or a name
        width, height = 1.25 * size * (count - 1), size * (writer.pace * number_in(rng, 1, 6) + 0.5)
        if min(place.width - width, place.height - height) < 2 * size:
            continue
        x, y = rng.uniform(place.left + size + width, place.right - size), rng.uniform(place.top, place.bottom - height)
        spot = Box(x - width - 0.8 * size, y - 0.3 * size, x + 0.8 * size, y + height + 0.3 * size)
        if any(spot.intersection_area(line.box) > 0 for line in (*names, *lines)) or spot.bottom > area.bottom:
            continue
        for number in range(count):
            room = height * (float(rng.uniform(0.5, 1)) if number == count - 1 else 1.0)
            text = stream.take(max(1, int(room / (size * writer.pace))))
            names += desk.line(writer, text, x - 1.25 * size * number, y, size, room, True)
    return region(lines) + region(names) + figures
