"""What is not sure enough becomes a mark, one for each character, and nothing is lost by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import SettingsError
from tenarai.page.illegible import ILLEGIBLE, check_confidence, marked
from tenarai.page.layout import Box, Character, Line

BOX = Box(0, 0, 9, 9)
WRITTEN = st.lists(st.tuples(st.sampled_from("ab手習 "), st.none() | st.floats(0, 1)), max_size=10)


def line_of(written: list[tuple[str, float | None]], text: str | None = None) -> Line:
    characters = tuple(Character(c, BOX, sure, (("x", 0.1),)) for c, sure in written)
    return Line(BOX, "horizontal", "".join(c for c, _ in written) if text is None else text, 0.5, characters)


@given(WRITTEN, st.floats(0, 1))
def test_each_doubt_is_one_mark_and_its_guess_stays(written: list[tuple[str, float | None]], least: float) -> None:
    line = line_of(written)
    found = marked(line, least)
    assert len(found.text) == len(line.text) and found.confidence == line.confidence
    assert found.text == "".join(c.text for c in found.characters)
    for before, after in zip(line.characters, found.characters, strict=True):
        doubt = before.confidence is not None and before.confidence < least and before.text != " "
        assert after.text == (ILLEGIBLE if doubt else before.text)
        assert (after.box, after.confidence) == (before.box, before.confidence)
        guess = ((before.text, before.confidence),) if doubt else ()
        assert after.alternatives == guess + before.alternatives


def test_no_threshold_leaves_the_line_as_it_is() -> None:
    line = line_of([("a", 0.0)])
    assert marked(line, None) is line and marked(line, 0.0) == line


def test_empty_cells_between_characters_stay() -> None:
    assert marked(line_of([("あ", 0.2), ("い", 0.9)], " あ  い "), 0.5).text == f" {ILLEGIBLE}  い "


def test_characters_that_do_not_spell_the_text_change_nothing() -> None:
    line = line_of([("a", 0.1)], "xyz")
    assert marked(line, 0.9) == line


@pytest.mark.parametrize("least", [-0.1, 1.5, float("nan")])
def test_what_is_no_confidence_is_refused(least: float) -> None:
    with pytest.raises(SettingsError, match="0 to 1"):
        check_confidence(least)
