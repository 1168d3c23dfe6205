"""A layout of the store as a tenarai Page, for the page formats."""

from itertools import groupby

from tenarai.page.layout import Box, Character, Line, Page, Region
from tenarai.serve.store.rows import Layout, LineRow


def page_of(layout: Layout) -> Page:
    """Lines of one region that follow one another stand in it together; a region may come twice."""
    known = {region.id: region for region in layout.regions}
    regions = []
    for number, group in groupby(layout.lines, key=lambda line: line.region):
        region = known[number]
        regions.append(Region(Box(*region.box), tuple(map(_line, group)), region.direction, region.kind))
    return Page(layout.page.width, layout.page.height, tuple(regions), source=layout.page.name)


def _line(line: LineRow) -> Line:
    characters = tuple(
        Character(text, Box(*box), confidence, alternatives) for text, confidence, box, alternatives in line.characters
    )
    source = line.author if line.corrected or not line.model else line.model
    return Line(Box(*line.box), line.direction, line.text, line.confidence, characters, line.polygon, source)
