"""What one version of a line says, and the pure changes of it: corrected, read, cut in two, joined."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import accumulate
from typing import Any

from tenarai.page.layout import Direction, Line
from tenarai.serve.store.errors import Refused
from tenarai.serve.store.outline import Outline, around, cut
from tenarai.serve.store.rows import MARK_KINDS, STATES, BoxRow, CharacterRow, Mark, State

LONGEST = 10_000  # code points of a line's text
LONGEST_RULES = 1_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """All that a version of a line holds but its number. `position` orders the lines of a page."""

    region_id: int
    position: float
    box: BoxRow
    polygon: Outline
    direction: Direction
    text: str = ""
    marks: tuple[Mark, ...] = ()
    state: State = "todo"
    confidence: float | None = None
    characters: tuple[CharacterRow, ...] = ()
    model: str = ""
    corrected: bool = False
    drawn: bool = False
    deleted: bool = False

    @property
    def touched(self) -> bool:
        """Whether a person has had a hand in it, so that no model may change it."""
        return self.corrected or self.drawn or self.state == "done"

    @property
    def outline(self) -> tuple[BoxRow, Outline]:
        return self.box, self.polygon


FIELDS = tuple(field.name for field in fields(Content))


def content_of(row: Any) -> Content:
    """From the mapping of a row of the table `versions`, lists made tuples."""
    values = {name: row[name] for name in FIELDS}
    values["box"] = tuple(values["box"])
    values["polygon"] = tuple((x, y) for x, y in values["polygon"])
    values["marks"] = tuple((start, end, kind) for start, end, kind in values["marks"])
    values["characters"] = tuple(
        (text, confidence, tuple(box), tuple((other, p) for other, p in others))
        for text, confidence, box, others in values["characters"]
    )
    return Content(**values)


def columns_of(content: Content) -> dict[str, Any]:
    return {name: getattr(content, name) for name in FIELDS}


def read_content(line: Line, region_id: int, position: float, model: str) -> Content:
    """A line as a model read it; with model "" as a person brought it, who has then written and drawn it."""
    characters = tuple(
        (c.text, c.confidence, (c.box.left, c.box.top, c.box.right, c.box.bottom), c.alternatives)
        for c in line.characters
    )
    text = _plain(line.text)
    if "".join(text for text, *_ in characters) != text:
        characters = ()
    return Content(
        region_id,
        position,
        (line.box.left, line.box.top, line.box.right, line.box.bottom),
        line.polygon,
        line.direction,
        text=text,
        confidence=line.confidence,
        characters=characters,
        model=model,
        corrected=not model and bool(text),
        drawn=not model,
    )


def _plain(text: str) -> str:
    """A model's text as a row can hold it: one row, nothing that a database refuses."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))[:LONGEST]


def checked_text(text: str) -> str:
    if not isinstance(text, str):
        raise Refused(f"The text of a line is text, not {type(text).__name__}.")
    if len(text) > LONGEST:
        raise Refused(f"The text has {len(text):,} characters, a line may have {LONGEST:,}.")
    wrong = sorted({f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")})
    if wrong:
        raise Refused(
            f"The text of a line has a line break or control character ({', '.join(wrong[:5])}): take it out."
        )
    return text


def checked_marks(marks: Sequence[Sequence[Any]], text: str) -> tuple[Mark, ...]:
    """Marks in order. Raises Refused for one of another kind or beyond the text."""
    checked: set[Mark] = set()
    for mark in marks:
        if len(mark) != 3 or mark[2] not in MARK_KINDS:
            raise Refused(f"A mark is [from, to, {' | '.join(MARK_KINDS)}], not {list(mark)!r}.")
        start, end, kind = mark
        if not all(
            isinstance(n, int) and not isinstance(n, bool) for n in (start, end)
        ) or not 0 <= start <= end <= len(text):
            raise Refused(f"A mark goes from {start!r} to {end!r}, but the text has {len(text)} characters.")
        checked.add((start, end, kind))
    return tuple(sorted(checked))


def checked_state(state: str) -> State:
    if state not in STATES:
        raise Refused(f"A state is {', '.join(STATES)}, not {state!r}.")
    return state


def checked_direction(direction: str) -> Direction:
    if direction not in ("horizontal", "vertical"):
        raise Refused(f"A direction is horizontal or vertical, not {direction!r}.")
    return "vertical" if direction == "vertical" else "horizontal"


def checked_name(name: str, what: str, longest: int = 200) -> str:
    """A name without control characters and spaces around it. Raises Refused when nothing is left of it."""
    plain = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cs")).strip()[:longest].strip()
    if not plain:
        raise Refused(f"{what} is empty: give a name.")
    return plain


def checked_rules(rules: str) -> str:
    if len(rules) > LONGEST_RULES or "\0" in rules or any("\ud800" <= c <= "\udfff" for c in rules):
        raise Refused(f"The rules are plain text of at most {LONGEST_RULES:,} characters.")
    return rules


def corrected(content: Content, text: str, marks: tuple[Mark, ...], state: State | None) -> Content:
    """A person's text. Accepting a reading as it is does not make it a corrected one, but done."""
    changed = text != content.text or marks != content.marks
    after = replace(
        content, text=text, marks=marks, state=state or content.state, corrected=content.corrected or changed
    )
    if text == content.text:
        return after
    return replace(after, characters=(), confidence=None, model="")


def reread(content: Content, reading: Content) -> Content:
    """A line with the text of a new reading; its outline, order and region stay."""
    return replace(
        content,
        text=reading.text,
        marks=(),
        state="todo",
        confidence=reading.confidence,
        characters=reading.characters,
        model=reading.model,
        corrected=reading.corrected,
    )


def halves(content: Content, at: float, text_at: int | None) -> tuple[Content, Content]:
    """Both parts of a line cut across. Each keeps its part of text, marks and characters, and is to do again."""
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at) or not 0 < at < 1:
        raise Refused(f"A line is cut at a share of its length between 0 and 1, not {at!r}.")
    if text_at is not None and not 0 <= text_at <= len(content.text):
        raise Refused(f"The text is cut at {text_at}, but it has {len(content.text)} characters.")
    (first, outline), (second, other) = cut(content.box, content.polygon, content.direction, at)
    place = text_at if text_at is not None else _text_place(content, at)
    characters = content.characters
    lengths = [0, *accumulate(len(text) for text, *_ in characters)]
    count = lengths.index(place) if place in lengths else 0
    if place not in lengths:  # it falls into what the model took for one character
        characters = ()
    one = replace(
        content, box=first, polygon=outline, text=content.text[:place], marks=_within(content.marks, 0, place, False),
        characters=characters[:count], drawn=True, state="todo", confidence=_mean(characters[:count]),
    )  # fmt: skip
    two = replace(
        content, box=second, polygon=other, text=content.text[place:],
        marks=_within(content.marks, place, len(content.text), True),
        characters=characters[count:], drawn=True, state="todo", confidence=_mean(characters[count:]),
    )  # fmt: skip
    return one, two


def _text_place(content: Content, at: float) -> int:
    if not content.characters:
        return round(at * len(content.text))
    axis = 1 if content.direction == "vertical" else 0
    where = content.box[axis] + at * (content.box[axis + 2] - content.box[axis])
    return sum(len(text) for text, _, box, _ in content.characters if (box[axis] + box[axis + 2]) / 2 <= where)


def _within(marks: tuple[Mark, ...], start: int, end: int, last: bool) -> tuple[Mark, ...]:
    """The marks of a part of the text. One between two characters goes with the second of them."""
    return tuple(
        (max(a, start) - start, min(b, end) - start, kind)
        for a, b, kind in marks
        if (a < end and b > start) or (a == b and start <= a and (a < end or last))
    )


def _mean(characters: Sequence[CharacterRow]) -> float | None:
    known = [confidence for _, confidence, *_ in characters if confidence is not None]
    return sum(known) / len(known) if known else None


def together(contents: Sequence[Content]) -> Content:
    """One line of several in reading order. Between Latin words comes a space, between Japanese ones nothing."""
    whole = contents[0]
    for part in contents[1:]:
        space = " " if whole.direction == "horizontal" and _words_meet(whole.text, part.text) else ""
        moved = len(whole.text) + len(space)
        fit = not space and (whole.characters or not whole.text) and (part.characters or not part.text)
        whole = replace(
            whole,
            text=whole.text + space + part.text,
            marks=(*whole.marks, *((a + moved, b + moved, kind) for a, b, kind in part.marks)),
            characters=(*whole.characters, *part.characters) if fit else (),
            corrected=whole.corrected or part.corrected,
            model=whole.model if whole.model == part.model else "",
        )
    box, polygon = around([content.outline for content in contents])
    return replace(whole, box=box, polygon=polygon, drawn=True, state="todo", confidence=_mean(whole.characters))


def _words_meet(left: str, right: str) -> bool:
    return bool(left and right) and all(not c.isspace() and ord(c) < 0x2E80 for c in (left[-1], right[0]))


def folded(text: str) -> str:
    """Text as it is searched for: widths and letter case do not count."""
    return unicodedata.normalize("NFKC", text).casefold()
