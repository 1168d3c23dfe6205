"""What a person does to the lines of a page: each a function in a transaction that the project opens."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, select

from tenarai.page.layout import Direction
from tenarai.serve.store.content import (
    Content,
    checked_direction,
    checked_marks,
    checked_state,
    checked_text,
    corrected,
    halves,
    together,
)
from tenarai.serve.store.edits import (
    Edit,
    Stored,
    check_expected,
    line_now,
    line_row,
    lines_of_edit,
    lines_of_page,
    lock_page,
    placed,
    stored_line,
    version_content,
)
from tenarai.serve.store.errors import Missing, Refused
from tenarai.serve.store.outline import bounds, checked_box, checked_polygon
from tenarai.serve.store.rows import BoxRow, LineRow, Mark, PointRow, State
from tenarai.serve.store.tables import lines, regions


def save_text(
    connection: Connection,
    line_id: int,
    text: str,
    marks: Sequence[Mark],
    author: str,
    expected: int | None,
    client_id: str | None,
    state: State | None,
) -> LineRow:
    text = checked_text(text)
    marks = checked_marks(marks, text)
    state = None if state is None else checked_state(state)
    _held(connection, line_id)
    if lines_of_edit(connection, client_id) is not None:
        return line_now(connection, line_id)
    stored = stored_line(connection, line_id)
    check_expected(connection, stored, expected)
    after = corrected(stored.content, text, marks, state)
    return _changed(connection, stored, after, author, "text", client_id)


def set_line(
    connection: Connection,
    line_id: int,
    box: BoxRow | None,
    polygon: Sequence[PointRow] | None,
    direction: Direction | None,
    region: int | None,
    state: State | None,
    author: str,
    expected: int | None,
    client_id: str | None,
) -> LineRow:
    page = _held(connection, line_id)
    if lines_of_edit(connection, client_id) is not None:
        return line_now(connection, line_id)
    stored = stored_line(connection, line_id)
    check_expected(connection, stored, expected)
    values: dict[str, Any] = {}
    if box is not None or polygon is not None:
        values["box"], values["polygon"] = _outline(box, polygon, page)
    if direction is not None:
        values["direction"] = checked_direction(direction)
    if region is not None:
        values["region_id"] = _region_of(connection, region, page.id)
    if any(getattr(stored.content, name) != value for name, value in values.items()):
        values["drawn"] = True
    cause = "outline" if values else "state"
    if state is not None:
        values["state"] = checked_state(state)
    return _changed(connection, stored, replace(stored.content, **values), author, cause, client_id)


def add_line(
    connection: Connection,
    page_id: int,
    box: BoxRow | None,
    polygon: Sequence[PointRow] | None,
    direction: Direction,
    after: int | None,
    author: str,
    client_id: str | None,
) -> LineRow:
    page = lock_page(connection, page_id)
    again = lines_of_edit(connection, client_id)
    if again:
        return line_now(connection, again[-1])
    if box is None and polygon is None:
        raise Refused("A new line has no place: give its box or its outline.")
    box, outline = _outline(box, polygon, page)
    present = lines_of_page(connection, page_id)
    place = len(present)
    if after is not None:
        place = 1 + next((rank for rank, line in enumerate(present) if line.line_id == after), -2)
        if place < 0:
            raise Missing(f"Page {page_id} has no line {after} to put another after.")
    edit = Edit(connection, page_id, author, "add", client_id=client_id)
    neighbour = present[max(0, place - 1)].content.region_id if present else None
    region = neighbour or new_region(connection, page_id, box, checked_direction(direction), "text")
    content = Content(region, 0.0, box, outline, checked_direction(direction), drawn=True)
    return line_row(connection, _insert(edit, present, place, content, {}), place)


def delete_line(connection: Connection, line_id: int, author: str, expected: int | None, client_id: str | None) -> None:
    _held(connection, line_id)
    if lines_of_edit(connection, client_id) is not None:
        return
    stored = stored_line(connection, line_id)
    check_expected(connection, stored, expected)
    edit = Edit(connection, stored.page_id, author, "delete", client_id=client_id)
    edit.change(stored, replace(stored.content, deleted=True))
    edit.close()


def split_line(
    connection: Connection,
    line_id: int,
    at: float,
    author: str,
    expected: int | None,
    text_at: int | None,
    client_id: str | None,
) -> tuple[LineRow, LineRow]:
    _held(connection, line_id)
    again = lines_of_edit(connection, client_id)
    if again and len(again) == 2:
        return line_now(connection, again[0]), line_now(connection, again[1])
    stored = stored_line(connection, line_id)
    check_expected(connection, stored, expected)
    first, second = halves(stored.content, at, text_at)
    present = lines_of_page(connection, stored.page_id)
    place = [line.line_id for line in present].index(line_id)
    edit = Edit(connection, stored.page_id, author, "split", client_id=client_id)
    made = _insert(edit, present, place + 1, second, {line_id: first})
    return line_now(connection, line_id), line_row(connection, made, place + 1)


def join_lines(connection: Connection, line_ids: Sequence[int], author: str, client_id: str | None) -> LineRow:
    wanted = set(line_ids)
    if len(wanted) < 2 or len(wanted) != len(line_ids):
        raise Refused("Two different lines or more are joined.")
    page = _held(connection, line_ids[0])
    if lines_of_edit(connection, client_id) is not None:
        survivors = [line for line in lines_of_page(connection, page.id) if line.line_id in wanted]
        if survivors:
            return line_row(connection, survivors[0])
    parts = [line for line in lines_of_page(connection, page.id) if line.line_id in wanted]
    if len(parts) < len(wanted):
        gone = sorted(wanted - {line.line_id for line in parts})
        raise Missing(f"Page {page.id} has no line {gone[0]}: only lines of one page are joined.")
    edit = Edit(connection, page.id, author, "join", client_id=client_id)
    whole = edit.change(parts[0], together([part.content for part in parts]))
    for part in parts[1:]:
        edit.change(part, replace(part.content, deleted=True))
    edit.close()
    return line_row(connection, whole)


def reorder(
    connection: Connection,
    page_id: int,
    line_ids: Sequence[int],
    author: str,
    expected: int | None,
    client_id: str | None,
) -> bool:
    """Whether the page is now in this order; False when it has other lines or has changed: a conflict."""
    page = lock_page(connection, page_id)
    if lines_of_edit(connection, client_id) is not None:
        return True
    present = {line.line_id: line for line in lines_of_page(connection, page_id)}
    if (expected is not None and expected != page.version) or sorted(line_ids) != sorted(present):
        return False
    places = placed([present[line_id].content.position for line_id in line_ids])
    if all(present[line_id].content.position == place for line_id, place in zip(line_ids, places, strict=True)):
        return True
    edit = Edit(connection, page_id, author, "order", client_id=client_id)
    for line_id, position in zip(line_ids, places, strict=True):
        edit.change(present[line_id], replace(present[line_id].content, position=position))
    edit.close()
    return True


def restore(connection: Connection, line_id: int, version: int, author: str, client_id: str | None) -> LineRow:
    _held(connection, line_id)
    if lines_of_edit(connection, client_id) is not None:
        return line_now(connection, line_id)
    stored = stored_line(connection, line_id, deleted=True)
    content = version_content(connection, line_id, version)
    if content is None:
        raise Missing(f"Line {line_id} has no version {version}: it has 1 to {stored.number}.")
    after = replace(content, position=stored.content.position, deleted=False)
    return _changed(connection, stored, after, author, "restore", client_id)


def new_region(connection: Connection, page_id: int, box: BoxRow, direction: Direction, kind: str) -> int:
    values = {"page_id": page_id, "box": box, "direction": direction, "kind": kind}
    return int(connection.execute(insert(regions).values(values).returning(regions.c.id)).scalar_one())


def _held(connection: Connection, line_id: int) -> Any:
    """The page of a line, locked."""
    page_id = connection.execute(select(lines.c.page_id).where(lines.c.id == line_id)).scalar()
    if page_id is None:
        raise Missing(f"There is no line {line_id}.")
    return lock_page(connection, page_id)


def _changed(
    connection: Connection, stored: Stored, after: Content, author: str, cause: str, client_id: str | None
) -> LineRow:
    if after == stored.content:
        return line_row(connection, stored)
    edit = Edit(connection, stored.page_id, author, cause, client_id=client_id)
    changed = edit.change(stored, after)
    edit.close()
    return line_row(connection, changed)


def _insert(edit: Edit, present: Sequence[Stored], place: int, new: Content, others: Mapping[int, Content]) -> Stored:
    """A new line before the one that stands at `place`, and the lines that change with it. The others move only where
    there is no room left between two."""
    before = [line.content.position for line in present]
    positions = placed([*before[:place], None, *before[place:]])
    (made,) = edit.create([replace(new, position=positions.pop(place))])
    for line, position in zip(present, positions, strict=True):
        edit.change(line, replace(others.get(line.line_id, line.content), position=position))
    edit.close()
    return made


def _outline(box: BoxRow | None, polygon: Sequence[PointRow] | None, page: Any) -> tuple[BoxRow, tuple[PointRow, ...]]:
    if polygon:
        outline = checked_polygon(polygon, page.width, page.height)
        return bounds(outline), outline
    if box is None:
        raise Refused("An outline has no points: give at least three, or a box.")
    return checked_box(box, page.width, page.height), ()


def _region_of(connection: Connection, region: int, page_id: int) -> int:
    found = connection.execute(select(regions.c.page_id).where(regions.c.id == region)).scalar()
    if found != page_id:
        raise Missing(f"Page {page_id} has no region {region}.")
    return region
