"""Whatever is done to a page, undo gives back what was there before, redo what was there after; and whatever a model
reads, what people wrote stays."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pages_to_read import HEIGHT, WIDTH, line, picture, read_page

from tenarai.page.layout import Box, Line, Page, Region
from tenarai.serve.store import LineRow, Project
from tenarai.serve.store.content import Content
from tenarai.serve.store.edits import placed, turned_back

SIZES = itertools.count(10)  # every page has a picture of its own
same_project = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a case takes minutes on a database
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=8)
OUTLINES = st.tuples(st.integers(0, 150), st.integers(0, 250), st.integers(160, 390), st.integers(260, 590))
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("text"), st.integers(0, 9), TEXTS),
        st.tuples(st.just("state"), st.integers(0, 9), st.sampled_from(["todo", "doubtful", "done"])),
        st.tuples(st.just("box"), st.integers(0, 9), OUTLINES),
        st.tuples(st.just("add"), st.integers(0, 9), OUTLINES),
        st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
        st.tuples(st.just("split"), st.integers(0, 9), st.floats(0.01, 0.99)),
        st.tuples(st.just("join"), st.integers(0, 9), st.integers(2, 3)),
        st.tuples(st.just("order"), st.integers(0, 9), st.randoms(use_true_random=False)),
        st.tuples(st.just("restore"), st.integers(0, 9), st.integers(0, 9)),
    ),
    max_size=7,
)


def new_page(project: Project) -> int:
    return project.add_picture(picture(255, (WIDTH, HEIGHT + next(SIZES))), "page").id


def seen(project: Project, page: int) -> list[LineRow]:
    """The lines of a page, without who made their newest version and when."""
    rows = project.layout(page).lines
    return [replace(row, version=0, author="", updated=datetime(2000, 1, 1, tzinfo=UTC)) for row in rows]


def change(project: Project, page: int, what: str, which: int, value: Any) -> None:
    rows = project.layout(page).lines
    row = rows[which % len(rows)] if rows else None
    if what == "add":
        project.add_line(page, box=value, after=row.id if row else None)
    elif row is None:
        return
    elif what == "text":
        project.save_text(row.id, value, [(0, len(value), "unclear")] if which % 2 else [])
    elif what == "state":
        project.set_line(row.id, state=value)
    elif what == "box":
        project.set_line(row.id, box=value, direction="vertical")
    elif what == "delete":
        project.delete_line(row.id)
    elif what == "split" and min(row.box[2] - row.box[0], row.box[3] - row.box[1]) > 1:
        project.split_line(row.id, value)
    elif what == "join" and len(rows) > 2:
        project.join_lines([(rows * 2)[which % len(rows) + i].id for i in range(value)])
    elif what == "order":
        ids = [row.id for row in rows]
        value.shuffle(ids)
        project.reorder(page, ids)
    elif what == "restore":
        project.restore(row.id, value % row.version + 1)


@same_project
@given(changes=CHANGES)
def test_undo_and_redo_go_all_the_way(project: Project, changes: list[tuple[str, int, Any]]) -> None:
    page = new_page(project)
    project.replace_layout(page, read_page(["abc", "日本語", "ghi"]), "tenarai", "m")
    course = [seen(project, page)]
    for what, which, value in changes:
        change(project, page, what, which, value)
        if (now := seen(project, page)) != course[-1]:
            course.append(now)
    for before in course[-2::-1]:
        project.undo(page)
        assert seen(project, page) == before
    assert project.undo(page) == []
    for after in course[1:]:
        project.redo(page)
        assert seen(project, page) == after
    assert project.redo(page) == []


def _moved(text: str, row: int, by: tuple[int, int]) -> Line:
    made = line(text, row)
    return replace(made, box=made.box.shifted(*by), polygon=tuple((x + by[0], y + by[1]) for x, y in made.polygon))


READINGS = st.lists(
    st.lists(
        st.builds(_moved, TEXTS, st.integers(0, 8), st.tuples(st.integers(-20, 20), st.integers(-30, 30))), max_size=6
    ),
    min_size=1,
    max_size=3,
)


@same_project
@given(readings=READINGS, corrections=st.lists(st.tuples(st.integers(0, 9), TEXTS), max_size=4))
def test_no_reading_changes_what_people_wrote(
    project: Project, readings: list[list[Line]], corrections: list[tuple[int, str]]
) -> None:
    page = new_page(project)
    project.replace_layout(page, read_page(["abc", "def", "ghi"]), "tenarai", "m")
    theirs: dict[int, LineRow] = {}
    for number, lines in enumerate(readings):
        rows = project.layout(page).lines
        for which, text in corrections[number::2] if rows else ():
            saved = project.save_text(rows[which % len(rows)].id, text)
            theirs |= {saved.id: saved} if saved.corrected else {}
        read = Page(WIDTH, HEIGHT, (Region(Box(0, 0, WIDTH, HEIGHT), tuple(lines)),))
        layout = project.replace_layout(page, read, "tenarai", f"m{number}")
        now = {row.id: row for row in layout.lines}
        for row in theirs.values():
            assert (now[row.id].text, now[row.id].marks, now[row.id].box) == (row.text, row.marks, row.box)
        order = [row.id for row in layout.lines if row.id in theirs]
        assert order == [row.id for row in rows if row.id in theirs], "what people wrote keeps its order"
        assert len({row.order for row in layout.lines}) == len(layout.lines)


@pytest.mark.parametrize(
    ("known", "kept"),
    [
        ([1.0, None, 2.0], {0: 1.0, 2: 2.0}),
        ([None, None], {}),
        ([3.0, 1.0, 2.0], {1: 1.0, 2: 2.0}),
        ([None, 5.0, 4.0, 6.0, None], {3: 6.0}),
        ([1.0, None, 1.0 + 1e-7], {}),
    ],
)
def test_positions_rise_and_as_many_as_can_keep_theirs(known: list[float | None], kept: dict[int, float]) -> None:
    places = placed(known)
    assert places == sorted(set(places)) and len(places) == len(known)
    assert all(places[index] == value for index, value in kept.items())


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=30))
def test_positions_always_rise(known: list[float | None]) -> None:
    places = placed(known)
    assert len(places) == len(known) and all(a < b for a, b in itertools.pairwise(places))


def test_fields_that_others_changed_stay() -> None:
    old = Content(1, 1.0, (0, 0, 9, 9), (), "horizontal", "old")
    new = replace(old, text="new", corrected=True)
    assert turned_back(replace(new, state="done"), old, new) == replace(old, state="done")
    assert turned_back(replace(new, text="other"), old, new) is None
    assert turned_back(replace(old, state="done"), replace(old, deleted=True), old) is None
