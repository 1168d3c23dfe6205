"""A model's reading comes to a page where people may have been: what they touched stays, the rest is read anew.

Lines are known again by where they lie, so that one that is read twice keeps its id and its history.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from tenarai.page.layout import Line, Page, Region
from tenarai.serve.store.content import Content, checked_name, read_content, reread
from tenarai.serve.store.edits import Edit, Stored, line_row, lines_of_page, lock_page, placed, stored_line
from tenarai.serve.store.errors import Conflict
from tenarai.serve.store.lines import new_region
from tenarai.serve.store.outline import areas, shared_areas
from tenarai.serve.store.rows import LineRow

COVERED = 0.5  # the share of a reading's area from which on it is a line that a person has dealt with
SAME = 0.5  # intersection over union from which on two readings are of one line


def replace_layout(connection: Connection, page_id: int, page: Page, author: str, model: str) -> None:
    lock_page(connection, page_id)
    everything = lines_of_page(connection, page_id, deleted=True)
    present = [line for line in everything if not line.content.deleted]
    # A line that people have deleted is not to come back; but who deletes all of them wants the page read again.
    removed = [line for line in everything if _deleted_by_a_person(line)] if present else []
    edit = Edit(connection, page_id, author, "reading" if model else "import", model=model)
    read = [content for region in page.regions for content in _contents(connection, page_id, region, model)]
    order, gone = _merged(read, present, removed)
    positions = placed([None if line is None else line.content.position for line, _ in order])
    new = []
    for (line, content), position in zip(order, positions, strict=True):
        content = replace(content, position=position)
        if line is None:
            new.append(content)
        else:
            edit.change(line, content)
    edit.create(new)
    for line in gone:
        edit.change(line, replace(line.content, deleted=True))
    edit.close()


def record_reading(connection: Connection, line_id: int, line: Line, author: str, model: str, force: bool) -> LineRow:
    page_id = stored_line(connection, line_id).page_id
    lock_page(connection, page_id)
    stored = stored_line(connection, line_id)
    content = stored.content
    if not force and (content.corrected or content.state == "done"):
        raise Conflict(
            f"Line {line_id} was corrected or accepted by {stored.author}: a model does not overwrite it.",
            line_row(connection, stored),
        )
    reading = read_content(line, content.region_id, content.position, checked_name(model, "The model"))
    edit = Edit(connection, page_id, author, "reading", model=model)
    changed = edit.change(stored, reread(content, reading))
    edit.close()
    return line_row(connection, changed)


def _deleted_by_a_person(line: Stored) -> bool:
    return line.content.deleted and not line.model and line.cause != "import" and not line.content.drawn


def _contents(connection: Connection, page_id: int, region: Region, model: str) -> list[Content]:
    if not region.lines:
        return []
    box = (region.box.left, region.box.top, region.box.right, region.box.bottom)
    number = new_region(connection, page_id, box, region.direction, region.kind)
    return [read_content(line, number, 0.0, model) for line in region.lines]


def _merged(
    read: Sequence[Content], present: Sequence[Stored], removed: Sequence[Stored]
) -> tuple[list[tuple[Stored | None, Content]], list[Stored]]:
    """The lines of the page in their new order - each with the one it was, None for a new one - and those that go."""
    kept = [line for line in present if line.content.touched]
    loose = [line for line in present if not line.content.touched]
    outlines = [content.outline for content in read]
    dealt = shared_areas(outlines, [line.content.outline for line in (*kept, *removed)])
    covered = dealt.sum(1) / areas(outlines) > COVERED if read else np.zeros(0, bool)
    again = _known_again(read, loose, covered)
    ranks = {line.line_id: rank for rank, line in again.items()}
    ranks |= {line.line_id: int(dealt[:, i].argmax()) for i, line in enumerate(kept) if read and dealt[:, i].any()}
    groups: list[list[Stored]] = [[] for _ in range(len(read) + 1)]  # kept lines, by the reading that they come behind
    behind, last = 0, 0
    for line in present:  # one where nothing was read stays behind the line that it was behind
        behind = 1 + ranks[line.line_id] if line.line_id in ranks else behind
        if line.content.touched:
            behind = last = max(behind, last)  # among themselves they keep their order, whatever the model thinks of it
            groups[behind].append(line)
    order: list[tuple[Stored | None, Content]] = [(line, line.content) for line in groups[0]]
    for rank, content in enumerate(read):
        if not covered[rank]:
            order.append((again.get(rank), content))
        order.extend((line, line.content) for line in groups[rank + 1])
    return order, [line for line in loose if line.line_id not in ranks]


def _known_again(read: Sequence[Content], loose: Sequence[Stored], covered: npt.NDArray[np.bool_]) -> dict[int, Stored]:
    """Old lines by the rank of the reading that lies in the same place, the surest first."""
    if not read or not loose:
        return {}
    outlines, old = [content.outline for content in read], [line.content.outline for line in loose]
    shared = shared_areas(outlines, old)
    union = areas(outlines)[:, None] + areas(old)[None] - shared
    iou = np.where(covered[:, None], 0.0, shared / union)
    found: dict[int, Stored] = {}
    while iou.max() >= SAME:
        rank, other = (int(value) for value in np.unravel_index(iou.argmax(), iou.shape))
        found[rank] = loose[other]
        iou[rank, :] = iou[:, other] = 0.0
    return found
