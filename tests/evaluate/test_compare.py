"""Two readers on the same lines: a reader differs from itself by nothing, and swapping two turns the sign."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tenarai.errors import DataError
from tenarai.evaluate.compare import Comparison, compare, render_comparison
from tenarai.evaluate.report import Reading

TEXTS = st.text(st.sampled_from("ab 手習"), max_size=6)
LINES = st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.none() | st.sampled_from("pqrstu")), min_size=1, max_size=14)
Rows = list[tuple[str, str, str, str | None]]


def both(rows: Rows) -> tuple[list[Reading], list[Reading]]:
    return (
        [Reading(str(i), truth, a, None, writer) for i, (truth, a, _, writer) in enumerate(rows)],
        [Reading(str(i), truth, b, None, writer) for i, (truth, _, b, writer) in enumerate(rows)],
    )


@settings(deadline=None, max_examples=40)
@given(LINES)
def test_a_reader_differs_from_itself_by_nothing(rows: Rows) -> None:
    found = compare(both(rows)[0], both(rows)[0])
    assert found.difference == 0 and found.interval == (0, 0) and found.a_better == found.b_better == 0
    assert found.worse == found.better == ()


@settings(deadline=None, max_examples=40)
@given(LINES)
def test_swapping_the_two_turns_the_sign(rows: Rows) -> None:
    a, b = both(rows)
    one, other = compare(a, b), compare(b, a)
    assert one.difference == -other.difference
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))
    assert (one.a_better, one.b_better) == (other.b_better, other.a_better)
    assert [c.name for c in one.worse] == [c.name for c in other.better] and one.worse_lines == other.better_lines
    assert one.a_better + one.b_better <= 1 and one.interval[0] <= one.interval[1]


@settings(deadline=None, max_examples=40)
@given(LINES)
def test_the_figures_of_both_are_told_in_plain_json(rows: Rows) -> None:
    found = compare(*both(rows))
    plain = found.to_json()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["b"]["cer"] - plain["a"]["cer"] == plain["difference"]
    changes = [*found.better, *found.worse]
    assert found.b.errors.edits - found.a.errors.edits == sum(c.b_edits - c.a_edits for c in changes)


def test_a_reader_that_is_always_better_is_so_in_every_resample() -> None:
    rows: Rows = [("手習い", "手羽い", "手習い", f"w{i % 6}") for i in range(30)]
    found = compare(*both(rows))
    assert found.difference == pytest.approx(-1 / 3) and found.interval == pytest.approx((-1 / 3, -1 / 3))
    assert found.b_better == 1 and found.interval_unit == "writer" and found.better_lines == 30 and not found.worse
    assert "30 better, 0 worse" in printed(found) and "-33.33 points" in printed(found)


def test_pages_are_drawn_where_writers_are_unknown() -> None:
    lines = [Reading(str(i), "ab", "ax", page=f"page {i // 2}") for i in range(10)]
    assert compare(lines, lines).interval_unit == "page"
    assert compare(lines[:8], lines[:8]).interval_unit == "line"


def test_lines_that_differ_cannot_be_compared() -> None:
    a = [Reading("1", "a", "a"), Reading("2", "b", "b")]
    for b in (a[:1], a[::-1], [a[0], Reading("2", "c", "b")]):
        with pytest.raises(DataError, match="same lines"):
            compare(a, b)
    with pytest.raises(DataError, match="no lines"):
        compare([], [])


def printed(found: Comparison) -> str:
    console = Console(width=140)
    with console.capture() as capture:
        console.print(render_comparison(found))
    return capture.get()
