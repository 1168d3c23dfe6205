"""What was written beside what was read: every character keeps its place, whatever the policy makes of the text."""

from hypothesis import given
from hypothesis import strategies as st

from tenarai.evaluate.aligned import Column, columns, places
from tenarai.page.layout import Box, Character

TEXTS = st.text(st.sampled_from("ab 手がー～（－1\n"), max_size=10)


def characters(text: str, step: float = 10) -> list[Character]:
    return [
        Character(c, Box(step * i + 4, 0, step * i + 6, 20), 0.9 - i / 100) for i, c in enumerate(text) if c != "\n"
    ]


@given(TEXTS, TEXTS)
def test_joined_the_columns_are_both_texts_and_owners_go_forward(reference: str, hypothesis: str) -> None:
    found = columns(reference, hypothesis, characters(hypothesis), "nfc")
    assert "".join(c.reference for c in found) == reference and "".join(c.hypothesis for c in found) == hypothesis
    owners = [c.character for c in found if c.character]
    assert [o.box.left for o in owners] == sorted(o.box.left for o in owners)
    assert all(c.character is not None and c.character.text == c.hypothesis for c in found if c.hypothesis.strip("\n"))


@given(TEXTS)
def test_the_policy_changes_letters_not_their_owners(hypothesis: str) -> None:
    plain = {c.box.left: c.text for c in characters(hypothesis)}
    for column in columns("", hypothesis, characters(hypothesis), "standard"):
        if column.hypothesis in tuple("ab手が1"):
            assert column.character is not None and plain[column.character.box.left] == column.hypothesis


def test_width_and_dropped_spaces_keep_their_characters() -> None:
    found = columns("(手本", "（手 木", characters("（手 木"), "standard")
    assert [(c.reference, c.hypothesis, c.character and c.character.text) for c in found] == [
        ("(", "(", "（"),
        ("手", "手", "手"),
        ("本", "木", "木"),
    ]
    assert [c.right for c in found] == [True, True, False]


def test_a_place_reaches_halfway_to_its_neighbours() -> None:
    (a, b, c) = columns("abc", "abc", characters("abc"), "none")
    assert places([a, b, c], vertical=False) == [Box(-5, 0, 10, 20), Box(10, 0, 20, 20), Box(20, 0, 35, 20)]


def test_what_was_missed_lies_between_what_was_read() -> None:
    read = [Column("a", "a", Character("a", Box(0, 0, 10, 20))), Column("x", ""), Column("b", "b")]
    end = read[:2]
    read[2] = Column("b", "b", Character("b", Box(40, 0, 50, 20)))
    missed = places(read, vertical=False)[1]
    assert missed is not None and 5 < missed.left < missed.right < 45
    last = places(end, vertical=False)[1]
    assert last is not None and last.left == 5 and last.right > 10
    assert places([Column("x", "")], vertical=False) == [None]


def test_columns_run_down_and_other_lines_are_no_neighbours() -> None:
    down = [Character(c, Box(0, 30 * i, 20, 30 * i + 10)) for i, c in enumerate("ab")]
    first, second = places([Column(c.text, c.text, c) for c in down], vertical=True)
    assert (
        first is not None and second is not None and first.bottom <= second.top and (first.left, first.right) == (0, 20)
    )
    rows = [Character("a", Box(100, 0, 102, 20)), Character("b", Box(0, 40, 2, 60))]
    far = places([Column("a", "a", rows[0]), Column("x", ""), Column("b", "b", rows[1])], vertical=False)
    assert far[1] is not None and far[1].top == 0 and far[1].left >= 100
