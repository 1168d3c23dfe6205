"""Edits: what somebody changed at once on one page, as new versions of its lines; undone and redone.

Undo looks at the fields that an edit changed, not at whole lines: it gives those back if nobody has changed them since,
and leaves what others did to the same line.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from tenarai.serve.store.content import FIELDS, Content, checked_name, columns_of, content_of, folded
from tenarai.serve.store.errors import Conflict, Missing, Refused
from tenarai.serve.store.rows import LineRow
from tenarai.serve.store.tables import edits, lines, pages, versions

CLOSE = 1e-6  # positions nearer than this are drawn apart again


@dataclass(frozen=True, slots=True)
class Stored:
    """The newest version of a line, as it is in the database."""

    line_id: int
    page_id: int
    number: int
    content: Content
    author: str
    cause: str
    model: str  # that made this version, "" for a person; content.model has read the text
    at: datetime


_NEWEST = (
    select(versions, lines.c.page_id, edits.c.author, edits.c.cause, edits.c.model.label("made_by"), edits.c.at)
    .join(lines, and_(lines.c.id == versions.c.line_id, lines.c.version == versions.c.number))
    .join(edits, edits.c.id == versions.c.edit_id)
)


def _stored(row: Any) -> Stored:
    values = row._mapping
    return Stored(
        values["line_id"], values["page_id"], values["number"], content_of(values),
        values["author"], values["cause"], values["made_by"], values["at"],
    )  # fmt: skip


def lines_of_page(connection: Connection, page_id: int, deleted: bool = False) -> list[Stored]:
    """In reading order; with `deleted` also those that were taken away."""
    query = _NEWEST.where(lines.c.page_id == page_id).order_by(lines.c.position, lines.c.id)
    if not deleted:
        query = query.where(lines.c.deleted.is_(False))
    return [_stored(row) for row in connection.execute(query)]


def stored_line(connection: Connection, line_id: int, deleted: bool = False) -> Stored:
    """Raises Missing for a line that is not there, or that was deleted unless `deleted`."""
    row = connection.execute(_NEWEST.where(lines.c.id == line_id)).first()
    found = None if row is None else _stored(row)
    if found is None or (found.content.deleted and not deleted):
        raise Missing(f"There is no line {line_id}" + (": it was deleted." if found else "."))
    return found


def line_row(connection: Connection, stored: Stored, order: int | None = None) -> LineRow:
    content = stored.content
    if order is None:
        before = (lines.c.position, lines.c.id)
        order = connection.execute(
            select(func.count())
            .select_from(lines)
            .where(lines.c.page_id == stored.page_id, lines.c.deleted.is_(False))
            .where((before[0] < content.position) | ((before[0] == content.position) & (before[1] < stored.line_id)))
        ).scalar_one()
    return LineRow(
        id=stored.line_id, page_id=stored.page_id, order=order, region=content.region_id, direction=content.direction,
        box=content.box, polygon=content.polygon, text=content.text, confidence=content.confidence,
        characters=content.characters, state=content.state, version=stored.number, author=stored.author,
        model=content.model, corrected=content.corrected, drawn=content.drawn, marks=content.marks, updated=stored.at,
    )  # fmt: skip


def line_now(connection: Connection, line_id: int) -> LineRow:
    return line_row(connection, stored_line(connection, line_id))


def version_content(connection: Connection, line_id: int, number: int) -> Content | None:
    row = connection.execute(select(versions).where(versions.c.line_id == line_id, versions.c.number == number)).first()
    return None if row is None else content_of(row._mapping)


def check_expected(connection: Connection, stored: Stored, expected: int | None) -> None:
    """Raises Conflict unless the line is as the client saw it; its place in the order may have changed."""
    if expected is None or expected == stored.number:
        return
    seen = version_content(connection, stored.line_id, expected)
    if seen is None or replace(seen, position=stored.content.position) != stored.content:
        raise Conflict(
            f"Line {stored.line_id} was changed by {stored.author} since: version {stored.number} is the newest, "
            f"{expected} was expected.",
            line_row(connection, stored),
        )


def lock_page(connection: Connection, page_id: int) -> Any:
    """The row of a page, held until the transaction ends, so that changes of one page come one after the other."""
    row = connection.execute(select(pages).where(pages.c.id == page_id).with_for_update()).first()
    if row is None or row.deleted:
        raise Missing(f"There is no page {page_id}.")
    return row


def lines_of_edit(connection: Connection, client_id: str | None) -> list[int] | None:
    """The lines that the edit of this client id changed, in its order; None when there was no such edit."""
    if client_id is None:
        return None
    if not 0 < len(client_id) <= 64:
        raise Refused(f"A client id has 1 to 64 characters, not {len(client_id)}.")
    edit = connection.execute(select(edits.c.id).where(edits.c.client_id == client_id)).scalar()
    if edit is None:
        return None
    changed = select(versions.c.line_id).where(versions.c.edit_id == edit)
    return list(connection.execute(changed.order_by(versions.c.position, versions.c.line_id)).scalars())


@dataclass
class Edit:
    """One change under way, in a transaction that holds the page. `close` ends it."""

    connection: Connection
    page_id: int
    author: str
    cause: str
    model: str = ""
    client_id: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    number: int = field(init=False)
    reordered: bool = field(init=False, default=False)
    _changed: list[dict[str, Any]] = field(init=False, default_factory=list)
    _written: list[dict[str, Any]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.author = checked_name(self.author, "The author", 100)
        aside = self.cause in ("undo", "redo") or bool(self.model)
        if not aside:  # what was undone before a new change cannot be redone after it
            mine = (edits.c.page_id == self.page_id) & (edits.c.author == self.author)
            self.connection.execute(update(edits).where(mine, edits.c.state == "undone").values(state="fixed"))
        self.number = self.connection.execute(
            insert(edits)
            .values(
                page_id=self.page_id, author=self.author, model=self.model, cause=self.cause, at=self.at,
                client_id=self.client_id, state="fixed" if aside else "done",
            )
            .returning(edits.c.id)
        ).scalar_one()  # fmt: skip

    def change(self, stored: Stored, after: Content) -> Stored:
        """The next version of a line; none when nothing is different."""
        before = stored.content
        if after == before:
            return stored
        if (before.deleted, before.position) != (after.deleted, after.position):
            self.reordered = True
        number = stored.number + 1
        self._changed.append({"of": stored.line_id, "version": number, **_at_hand(after)})
        return self._now(stored.line_id, number, after)

    def create(self, contents: Sequence[Content]) -> list[Stored]:
        """New lines."""
        if not contents:
            return []
        self.reordered = True
        rows = [{"page_id": self.page_id, "version": 1, **_at_hand(content)} for content in contents]
        made = self.connection.execute(insert(lines).returning(lines.c.id, sort_by_parameter_order=True), rows)
        return [self._now(line_id, 1, content) for line_id, content in zip(made.scalars().all(), contents, strict=True)]

    def close(self) -> None:
        """Writes it all, at once."""
        if self._changed:
            self.connection.execute(update(lines).where(lines.c.id == bindparam("of")), self._changed)
        if self._written:
            self.connection.execute(insert(versions), self._written)
        values: dict[str, Any] = {"updated": self.at}
        if self.reordered:
            values["version"] = pages.c.version + 1
        self.connection.execute(update(pages).where(pages.c.id == self.page_id).values(values))

    def _now(self, line_id: int, number: int, content: Content) -> Stored:
        self._written.append({"line_id": line_id, "number": number, "edit_id": self.number, **columns_of(content)})
        return Stored(line_id, self.page_id, number, content, self.author, self.cause, self.model, self.at)


def _at_hand(content: Content) -> dict[str, Any]:
    """What of the newest version stands with the line itself."""
    return {"position": content.position, "deleted": content.deleted, "folded": folded(content.text)}


def undo(connection: Connection, page_id: int, author: str) -> tuple[list[int], int | None]:
    """The lines changed back, and None; or the edit that cannot be undone because others have changed the same."""
    return _turn(connection, page_id, author, "undo")


def redo(connection: Connection, page_id: int, author: str) -> tuple[list[int], int | None]:
    return _turn(connection, page_id, author, "redo")


def _turn(connection: Connection, page_id: int, author: str, cause: str) -> tuple[list[int], int | None]:
    back = cause == "undo"
    lock_page(connection, page_id)
    author = checked_name(author, "The author", 100)
    mine = (edits.c.page_id == page_id) & (edits.c.author == author)
    # Undone edits are the last ones in a row, so the one undone last is the first of them.
    which = func.max(edits.c.id) if back else func.min(edits.c.id)
    number = connection.execute(select(which).where(mine, edits.c.state == ("done" if back else "undone"))).scalar()
    if number is None:
        return [], None
    changes = []
    for line_id, version in connection.execute(
        select(versions.c.line_id, versions.c.number).where(versions.c.edit_id == number).order_by(versions.c.line_id)
    ).all():
        after = version_content(connection, line_id, version)
        before = version_content(connection, line_id, version - 1)
        if after is None:
            return [], number
        before = before or replace(after, deleted=True)  # a line that the edit made
        stored = stored_line(connection, line_id, deleted=True)
        turned = turned_back(stored.content, *((before, after) if back else (after, before)))
        if turned is None:
            return [], number
        changes.append((stored, turned))
    edit = Edit(connection, page_id, author, cause)
    for stored, turned in changes:
        edit.change(stored, turned)
    edit.close()
    state = "undone" if back else "done"
    connection.execute(update(edits).where(edits.c.id == number).values(state=state))
    return [stored.line_id for stored, turned in changes if not turned.deleted], None


def turned_back(now: Content, old: Content, new: Content) -> Content | None:
    """`now` with the fields that differ between `old` and `new` as in `old`; None when they are not as in `new` any
    more, or when a line would go on which somebody else has worked."""
    names = [name for name in FIELDS if getattr(old, name) != getattr(new, name)]
    if any(getattr(now, name) != getattr(new, name) for name in names):
        return None
    if old.deleted and not now.deleted and replace(now, position=new.position) != new:
        return None
    return replace(now, **{name: getattr(old, name) for name in names})


def fix(connection: Connection, number: int) -> None:
    """Says that an edit is not to be undone or redone any more."""
    connection.execute(update(edits).where(edits.c.id == number).values(state="fixed"))


def placed(known: Sequence[float | None]) -> list[float]:
    """Positions of lines in their new order, given those they have (None for new lines): as many as can keep theirs."""
    kept = _rising([(index, value) for index, value in enumerate(known) if value is not None])
    done: list[float] = []
    for index, value in kept:
        done += [*_between(done[-1] if done else None, value, index - len(done)), value]
    done += _between(done[-1] if done else None, None, len(known) - len(done))
    if any(after - before < CLOSE for before, after in pairwise(done)):
        return [float(number) for number in range(1, len(done) + 1)]
    return done


def _between(low: float | None, high: float | None, count: int) -> list[float]:
    if low is None:
        low = 0.0 if high is None else high - count - 1
    step = 1.0 if high is None else (high - low) / (count + 1)
    return [low + step * number for number in range(1, count + 1)]


def _rising(items: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """The longest part, in order, whose values rise (Fredman 1975)."""
    tails: list[float] = []
    ends: list[int] = []
    sequence = list(items)
    previous: list[int | None] = []
    for place, (_, value) in enumerate(sequence):
        at = bisect_left(tails, value)
        previous.append(ends[at - 1] if at else None)
        if at == len(tails):
            tails.append(value)
            ends.append(place)
        else:
            tails[at], ends[at] = value, place
    chosen: list[tuple[int, float]] = []
    place_now: int | None = ends[-1] if ends else None
    while place_now is not None:
        chosen.append(sequence[place_now])
        place_now = previous[place_now]
    return chosen[::-1]
