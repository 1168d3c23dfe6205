"""What the project says as a whole: searching, history, corrections to learn from, and the drift of its models."""

import unicodedata
from collections.abc import Iterable

from rapidfuzz.distance import Levenshtein
from sqlalchemy import Connection, String, and_, func, select, type_coerce
from sqlalchemy.sql import ColumnElement

from tenarai.serve.store.content import content_of, folded
from tenarai.serve.store.errors import Missing
from tenarai.serve.store.rows import CorrectedLine, Figure, Hit, Version
from tenarai.serve.store.tables import edits, lines, pages, versions

AROUND = 30  # characters of a snippet on either side of the match


def search(connection: Connection, wanted: str, limit: int) -> list[Hit]:
    needle = folded(wanted.strip())
    if not needle or "\0" in needle or limit < 1:
        return []
    rows = connection.execute(
        select(lines.c.id, lines.c.page_id, pages.c.name, versions.c.text)
        .join(versions, _newest())
        .join(pages, pages.c.id == lines.c.page_id)
        .where(lines.c.deleted.is_(False), pages.c.deleted.is_(False))
        .where(lines.c.folded.contains(needle, autoescape=True))
        .order_by(pages.c.position, pages.c.id, lines.c.position, lines.c.id)
        .limit(limit)
    ).all()
    ranks = select(pages.c.id).where(pages.c.deleted.is_(False)).order_by(pages.c.position, pages.c.id)
    numbers = {page_id: number for number, page_id in enumerate(connection.execute(ranks).scalars(), 1)}
    hits = []
    for line_id, page_id, name, text in rows:
        start, end = place_of(needle, text)
        first = max(0, start - AROUND)
        hits.append(
            Hit(page_id, numbers[page_id], name, line_id, text, text[first : end + AROUND], start - first, end - first)
        )
    return hits


def place_of(needle: str, text: str) -> tuple[int, int]:
    """From and to where a folded needle stands in a text; (0, 0) when folding has moved characters together."""
    whole, origin = "", []
    for index, character in enumerate(text):
        part = unicodedata.normalize("NFKC", character).casefold()
        whole += part
        origin += [index] * len(part)
    at = whole.find(needle)
    return (origin[at], origin[at + len(needle) - 1] + 1) if at >= 0 else (0, 0)


def history(connection: Connection, line_id: int) -> list[Version]:
    rows = connection.execute(
        select(versions, edits.c.author, edits.c.cause, edits.c.at)
        .join(edits, edits.c.id == versions.c.edit_id)
        .where(versions.c.line_id == line_id)
        .order_by(versions.c.number.desc())
    ).all()
    if not rows:
        raise Missing(f"There is no line {line_id}.")
    found = []
    for row in rows:
        content = content_of(row._mapping)
        found.append(
            Version(
                number=row.number,
                when=row.at,
                author=row.author,
                model=content.model,
                cause=row.cause,
                text=content.text,
                marks=content.marks,
                state=content.state,
                box=content.box,
                polygon=content.polygon,
                direction=content.direction,
                confidence=content.confidence,
                corrected=content.corrected,
                deleted=content.deleted,
            )
        )
    return found


def corrections(connection: Connection, unclear: bool) -> list[CorrectedLine]:
    rows = connection.execute(
        select(versions, lines.c.page_id, pages.c.name, pages.c.sha256, pages.c.frame)
        .join(lines, _newest())
        .join(pages, pages.c.id == lines.c.page_id)
        .where(lines.c.deleted.is_(False), pages.c.deleted.is_(False), versions.c.text != "")
        .where(versions.c.corrected.is_(True) | (versions.c.state == "done"))
        .order_by(pages.c.position, pages.c.id, lines.c.position, lines.c.id)
    ).all()
    wanted = {row.line_id for row in rows}
    read = _read_last(connection, wanted)
    authors = _text_authors(connection, wanted)
    found = []
    for row in rows:
        content = content_of(row._mapping)
        if not unclear and (content.marks or content.state == "doubtful"):
            continue
        found.append(
            CorrectedLine(
                line_id=row.line_id,
                page_id=row.page_id,
                page_name=row.name,
                sha256=row.sha256,
                frame=row.frame,
                box=content.box,
                polygon=content.polygon,
                direction=content.direction,
                text=content.text,
                author=authors.get(row.line_id, ""),
                model_text=read.get(row.line_id, ""),
            )
        )
    return found


def _newest() -> ColumnElement[bool]:
    return and_(versions.c.line_id == lines.c.id, versions.c.number == lines.c.version)


def _by_models() -> ColumnElement[bool]:
    return and_(edits.c.cause == "reading", versions.c.model == edits.c.model, edits.c.model != "")


def _read_last(connection: Connection, wanted: Iterable[int]) -> dict[int, str]:
    """What a model read last, by line."""
    last = (
        select(versions.c.line_id, func.max(versions.c.number).label("number"))
        .join(edits, edits.c.id == versions.c.edit_id)
        .where(_by_models())
        .group_by(versions.c.line_id)
        .subquery()
    )
    rows = connection.execute(
        select(versions.c.line_id, versions.c.text).join(
            last, and_(last.c.line_id == versions.c.line_id, last.c.number == versions.c.number)
        )
    )
    keep = set(wanted)
    return {line_id: text for line_id, text in rows if line_id in keep}


def _text_authors(connection: Connection, wanted: Iterable[int]) -> dict[int, str]:
    """Who wrote or accepted the text last, by line."""
    keep = set(wanted)
    rows = connection.execute(
        select(versions.c.line_id, edits.c.author)
        .join(edits, edits.c.id == versions.c.edit_id)
        .where(edits.c.model == "", edits.c.cause.in_(("text", "state", "import", "restore", "split", "join", "redo")))
        .order_by(versions.c.number)
    )
    return {line_id: author for line_id, author in rows if line_id in keep}


def figures(connection: Connection) -> list[Figure]:
    """Each reading of a line counts for the model and day that made it; each line that people wrote or accepted counts
    against the model that read it last before."""
    day = func.substr(type_coerce(edits.c.at, String), 1, 10)
    read = connection.execute(
        select(day, edits.c.model, func.count(), func.avg(versions.c.confidence))
        .select_from(versions.join(edits, edits.c.id == versions.c.edit_id))
        .where(_by_models(), versions.c.deleted.is_(False), versions.c.corrected.is_(False), versions.c.state == "todo")
        .group_by(day, edits.c.model)
    ).all()
    checked: dict[tuple[str, str], list[int]] = {}
    for date, model, before, after in _checked(connection):
        sums = checked.setdefault((date, model), [0, 0, 0])
        sums[0] += 1
        sums[1] += Levenshtein.distance(before, after)
        sums[2] += max(len(after), 1)
    rows = []
    for date, model, count, confidence in read:
        number, changed, length = checked.get((date, model), [0, 0, 0])
        rows.append(Figure(date, model, count, confidence, number, changed / length if number else None))
    return sorted(rows, key=lambda row: (row.day, row.model), reverse=True)


def _checked(connection: Connection) -> Iterable[tuple[str, str, str, str]]:
    """Day, model, what it read, and what people made of it."""
    last = (
        select(versions.c.line_id, func.max(versions.c.number).label("number"))
        .join(edits, edits.c.id == versions.c.edit_id)
        .where(_by_models())
        .group_by(versions.c.line_id)
        .subquery()
    )
    now, later, cut = versions.alias("now"), versions.alias("later"), edits.alias("cut")
    remade = (  # a line cut or joined since says nothing of how well it was read
        select(later.c.line_id)
        .join(cut, cut.c.id == later.c.edit_id)
        .where(later.c.line_id == versions.c.line_id, later.c.number > versions.c.number)
        .where(cut.c.cause.in_(("split", "join")))
    )
    rows = connection.execute(
        select(edits.c.at, edits.c.model, versions.c.text, now.c.text)
        .select_from(versions)
        .join(last, and_(last.c.line_id == versions.c.line_id, last.c.number == versions.c.number))
        .join(edits, edits.c.id == versions.c.edit_id)
        .join(lines, lines.c.id == versions.c.line_id)
        .join(now, and_(now.c.line_id == lines.c.id, now.c.number == lines.c.version))
        .where(lines.c.deleted.is_(False), now.c.corrected.is_(True) | (now.c.state == "done"))
        .where(~remade.exists())
    )
    return [(at.isoformat()[:10], model, before, after) for at, model, before, after in rows]
