"""Pages of a project: their rows with what is done of them, claims, states."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, insert, select, update

from tenarai.serve.store.content import checked_name, checked_rules, checked_state
from tenarai.serve.store.edits import line_row, lines_of_page, lock_page
from tenarai.serve.store.errors import Conflict, Missing, Refused
from tenarai.serve.store.rows import Counts, Layout, PageRow, ProjectInfo, RegionRow, State
from tenarai.serve.store.tables import lines, pages, project, regions, versions


def _counted() -> Select[Any]:
    """Live lines of each page, by what is done of them."""
    return (
        select(
            lines.c.page_id,
            func.count().label("lines"),
            func.sum(case((versions.c.state == "done", 1), else_=0)).label("done"),
            func.sum(case((versions.c.state == "doubtful", 1), else_=0)).label("doubtful"),
            func.sum(case((versions.c.corrected.is_(True), 1), else_=0)).label("corrected"),
            func.avg(versions.c.confidence).label("confidence"),
        )
        .join(versions, and_(versions.c.line_id == lines.c.id, versions.c.number == lines.c.version))
        .where(lines.c.deleted.is_(False))
        .group_by(lines.c.page_id)
    )


def page_rows(connection: Connection, ids: Sequence[int] | None = None) -> list[PageRow]:
    """The pages in order, or some."""
    counted = _counted()
    if ids is not None:
        counted = counted.where(lines.c.page_id.in_(ids))
    counts = {row.page_id: row._mapping for row in connection.execute(counted)}
    numbers = func.row_number().over(order_by=(pages.c.position, pages.c.id)).label("rank")
    ranked = select(pages, numbers).where(pages.c.deleted.is_(False)).order_by(pages.c.position, pages.c.id)
    if ids is not None:
        inner = ranked.subquery()
        ranked = select(inner).where(inner.c.id.in_(ids)).order_by(inner.c.rank)
    now = datetime.now(UTC)
    return [_page_row(row, counts.get(row.id, {}), now) for row in connection.execute(ranked)]


def _page_row(row: Any, counts: Any, now: datetime) -> PageRow:
    claimed = row.claimed_until is not None and row.claimed_until > now
    return PageRow(
        id=row.id, number=row.rank, name=row.name, width=row.width, height=row.height, state=row.state,
        claimed_by=row.claimed_by if claimed else "", claimed_until=row.claimed_until if claimed else None,
        lines=counts.get("lines", 0), done=counts.get("done", 0), corrected=counts.get("corrected", 0),
        doubtful=counts.get("doubtful", 0), confidence=counts.get("confidence"),
        sha256=row.sha256, frame=row.frame, version=row.version, updated=row.updated,
    )  # fmt: skip


def page_row(connection: Connection, page_id: int) -> PageRow:
    """Raises Missing."""
    found = page_rows(connection, [page_id])
    if not found:
        raise Missing(f"There is no page {page_id}.")
    return found[0]


def layout(connection: Connection, page_id: int) -> Layout:
    page = page_row(connection, page_id)
    found = [line_row(connection, stored, rank) for rank, stored in enumerate(lines_of_page(connection, page_id))]
    rows = connection.execute(select(regions).where(regions.c.page_id == page_id))
    known = {row.id: RegionRow(row.id, tuple(row.box), row.direction, row.kind) for row in rows}
    used = dict.fromkeys(line.region for line in found)
    return Layout(page, page.version, tuple(known[number] for number in used), tuple(found))


def info(connection: Connection) -> ProjectInfo:
    row = connection.execute(select(project)).one()
    states = func.sum(case((pages.c.state == "done", 1), else_=0))
    number, done = connection.execute(select(func.count(), states).where(pages.c.deleted.is_(False))).one()
    counted = _counted().subquery()
    sums = [func.sum(counted.c[name]) for name in ("lines", "done", "doubtful", "corrected")]
    live = select(*sums).join(pages, pages.c.id == counted.c.page_id).where(pages.c.deleted.is_(False))
    total, finished, doubtful, corrected = (int(value or 0) for value in connection.execute(live).one())
    counts = Counts(
        pages=number, lines=total, todo=total - finished - doubtful, doubtful=doubtful, done=finished,
        corrected=corrected, pages_done=int(done or 0),
    )  # fmt: skip
    return ProjectInfo(row.id, row.name, row.rules, row.created, row.version, counts)


def describe(connection: Connection, name: str | None, rules: str | None) -> None:
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = checked_name(name, "The project's name")
    if rules is not None:
        values["rules"] = checked_rules(rules)
    if values:
        connection.execute(update(project).values(**values, version=project.c.version + 1))


def add_pages(
    connection: Connection, sha256: str, suffix: str, name: str, first: int, sizes: Sequence[tuple[int, int]]
) -> list[PageRow]:
    """The pages of a file from frame `first` on, (height, width) each; those that there are, brought back if they were
    deleted, and new ones at the end."""
    connection.execute(select(project.c.id).with_for_update())  # one at a time gets the last places
    asked = and_(pages.c.sha256 == sha256, pages.c.frame.between(first, first + len(sizes) - 1))
    connection.execute(update(pages).where(asked, pages.c.deleted).values(deleted=False))
    known = set(connection.execute(select(pages.c.frame).where(asked)).scalars())
    last = connection.execute(select(func.max(pages.c.position))).scalar() or 0
    shared = {
        "name": name, "sha256": sha256, "suffix": suffix, "state": "todo", "version": 0, "deleted": False,
        "claimed_by": "", "claimed_until": None, "updated": datetime.now(UTC),
    }  # fmt: skip
    new = [
        {**shared, "position": last + number, "frame": frame, "width": width, "height": height}
        for number, (frame, (height, width)) in enumerate(enumerate(sizes, first), 1)
        if frame not in known
    ]
    if new:
        connection.execute(insert(pages), new)
    rows = page_rows(connection, connection.execute(select(pages.c.id).where(asked)).scalars().all())
    return sorted(rows, key=lambda row: row.frame)


def delete_page(connection: Connection, page_id: int) -> None:
    lock_page(connection, page_id)
    _update(connection, page_id, deleted=True)


def claim(connection: Connection, page_id: int, who: str, minutes: float) -> PageRow:
    who = checked_name(who, "The name of who claims the page", 100)
    if not 0 < minutes <= 60 * 24 * 30:
        raise Refused(f"A page is claimed for more than 0 minutes and at most 30 days, not {minutes:g} minutes.")
    row, now = lock_page(connection, page_id), datetime.now(UTC)
    if row.claimed_by not in ("", who) and row.claimed_until is not None and row.claimed_until > now:
        until = row.claimed_until.strftime("%Y-%m-%d %H:%M UTC")
        raise Conflict(f"{row.claimed_by} works on this page until {until}.", page_row(connection, page_id))
    until = now + timedelta(minutes=minutes)
    connection.execute(update(pages).where(pages.c.id == page_id).values(claimed_by=who, claimed_until=until))
    return page_row(connection, page_id)


def release(connection: Connection, page_id: int, who: str) -> PageRow:
    row = lock_page(connection, page_id)
    if row.claimed_by == who.strip():
        connection.execute(update(pages).where(pages.c.id == page_id).values(claimed_by="", claimed_until=None))
    return page_row(connection, page_id)


def set_state(connection: Connection, page_id: int, state: State) -> PageRow:
    lock_page(connection, page_id)
    _update(connection, page_id, state=checked_state(state))
    return page_row(connection, page_id)


def _update(connection: Connection, page_id: int, **values: Any) -> None:
    connection.execute(update(pages).where(pages.c.id == page_id).values(**values, updated=datetime.now(UTC)))
