"""Layouts whose lines are read: which page of one belongs to a picture, in the picture's size, and the lines that are
found in its regions where it has none."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from tenarai.cli.pictures import Given
from tenarai.errors import DataError

if TYPE_CHECKING:
    from tenarai.page.layout import Line, Page, Region

# Regions in which there is no text, by their names in PAGE and ALTO.
TEXTLESS = {"image", "line drawing", "graphic", "chart", "separator", "noise", "unknown"}


def page_of(layout: "Sequence[Page]", given: Given, number: int, size: tuple[int, int]) -> "Page":
    """The page of a layout that belongs to page `number` of a picture, in the pixels of a picture of this size, width
    and height: by the last part of its name, `two.tif#2` for the second page. Where the layout or the picture has no
    name, the number decides, if one page has it.

    Raises DataError when there is none, or it is of a picture of another shape."""
    from tenarai.page.layout import picture_of
    from tenarai.page.place import fitted

    numbered = [(page, picture_of(PureWindowsPath(page.source).name)) for page in layout]
    same = [page for page, (name, place) in numbered if (name, place) == (given.place.name, number)]
    if not same and not (given.name and any(name for _, (name, _) in numbered)):
        same = [page for page, (_, place) in numbered if place == number]
        same = same if len(same) == 1 else []
    if same:
        return fitted(same[0], *size)
    described = ", ".join(PureWindowsPath(page.source).name or "no picture" for page in layout[:3])
    wanted, choose = (
        (given.place.name, "") if number == 1 else (f"{given.place.name}#{number}", "; choose with --pages")
    )
    raise DataError(f"The layout has no lines for {wanted}: it describes {described}{choose}.")


def read_lines(known: "Page", read: "Callable[..., Page]", found: "Callable[[], Page]") -> "Page":
    """A page with the regions of a layout and their lines, read by `read(lines=...)`. Where a region of text has no
    lines, it is given those of the page as it is `found` without a layout, that lie in it."""
    bare = any(map(_is_bare, known.regions))
    other = found() if bare else None
    page = other if other is not None and not known.lines else read(lines=known.lines)
    lines = iter(page.lines if known.lines else ())
    regions = [replace(region, lines=tuple(next(lines) for _ in region.lines)) for region in known.regions]
    if other is not None:
        regions = _filled(regions, [line for line in other.lines if not _is_known(line, known.lines)])
    return replace(page, regions=tuple(regions))


def _is_bare(region: "Region") -> bool:
    return not region.lines and region.kind not in TEXTLESS


def _is_known(line: "Line", lines: "Sequence[Line]") -> bool:
    """Whether half of it is within one of the lines."""
    return any(2 * line.box.intersection_area(other.box) > line.box.area for other in lines)


def _filled(regions: "Sequence[Region]", found: "Sequence[Line]") -> "list[Region]":
    """Regions of text that have no lines, with the lines found in them, in order; notes on them come right behind."""
    from tenarai.page.order import order_lines, place_of

    bare = [region for region in regions if _is_bare(region)]
    homes = [place_of(line, bare) for line in found]
    waiting = iter(
        [line for line, home in zip(found, homes, strict=True) if home == place] for place in range(len(bare))
    )
    filled = [order_lines(next(waiting), [region]) if _is_bare(region) else (region,) for region in regions]
    return [region for several in filled for region in several]


def doubts(known: "Page", size: tuple[int, int]) -> Iterator[str]:
    """What a person should know of a layout: that there is nothing to read in it, that lines lie outside of the
    picture, which has this width and height."""
    from tenarai.page.place import within

    if not known.lines and not any(map(_is_bare, known.regions)):
        yield "the layout has neither lines nor regions of text, so nothing is read"
    outside = sum(within(line.box, *size) is None for line in known.lines)
    if outside:
        yield f"of {len(known.lines)} lines of the layout, {outside} outside of the picture cannot be read"
