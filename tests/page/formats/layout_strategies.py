"""Pages that every format can hold: boxes on quarter pixels, polygons that are more than their box, any text."""

from typing import Any

from hypothesis import strategies as st

from tenarai.page.layout import Box, Character, Line, Page, Region

# What XML 1.0 can hold, less the carriage returns that its parsers turn into new lines.
XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], include_characters="\t\n"), max_size=12
)
JSON_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
DIRECTIONS = st.sampled_from(["horizontal", "vertical"])
SHARES = st.none() | st.floats(0, 1)


def sides(step: float) -> st.SearchStrategy[float]:
    return st.integers(0, 4000).map(lambda n: n * step)


@st.composite
def boxes(draw: st.DrawFn, step: float) -> Box:
    left, top = draw(sides(step)), draw(sides(step))
    return Box(left, top, left + draw(sides(step)) + step, top + draw(sides(step)) + step)


@st.composite
def lines(draw: st.DrawFn, step: float, text: st.SearchStrategy[str], others: bool) -> Line:
    box = draw(boxes(step))
    polygon: Any = ()
    if draw(st.booleans()):
        # A pentagon that touches every side of its box.
        middle = box.left + step * draw(st.integers(0, int(box.width / step)))
        polygon = ((middle, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
        polygon = (*polygon, (box.left, box.bottom - step))
        if len(set(polygon)) < 5:
            polygon = ()
    said = draw(text)
    alternatives = st.lists(st.tuples(text, st.floats(0, 1)), max_size=2).map(tuple) if others else st.just(())
    characters = [Character(c, draw(boxes(step)), draw(SHARES), draw(alternatives)) for c in said if c != " "]
    # All of them, all but the first, which then do not spell the line, or none.
    own = draw(st.sampled_from((tuple(characters), tuple(characters[1:]), ())))
    return Line(box, draw(DIRECTIONS), said, draw(SHARES), own, polygon)


def pages(
    step: float = 0.25, text: st.SearchStrategy[str] = JSON_TEXT, others: bool = False
) -> st.SearchStrategy[Page]:
    several = st.lists(lines(step, text, others), max_size=3).map(tuple)
    kinds = st.just("text") | st.sampled_from(["paragraph", "heading"]) | text.filter(str.strip)
    regions = st.builds(Region, boxes(step), several, DIRECTIONS, kinds)
    size = st.integers(1, 10**6)
    return st.builds(Page, size, size, st.lists(regions, max_size=3).map(tuple), text.map(lambda t: t.strip() + ".png"))
