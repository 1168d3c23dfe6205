"""Reading order: lines of a page, wherever they were found, as regions with their lines in the order one reads them.

Vertical writing is turned a quarter to the left, so that columns from right to left are rows from top to bottom and the
upper block (dan) of a page is its left column; `page.xycut` orders rows. Every threshold counts in line sizes, so that
the order is the same for the page moved, scaled, or given in another order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError
from tenarai.page.layout import Box, Direction, Line, Region
from tenarai.page.place import around
from tenarai.page.xycut import Groups, Indices, Rectangles, shared, xy_cut

NOTE = 0.62  # of the size of a line: what is this small and beside it is a note on it (a row of low letters is 0.7)
BESIDE = 0.6  # of the size of its line: how far off a note may be
INLINE = 0.4  # of the size of a line: how far from its middle the halves of a double line are that goes on from it
MARGINAL = 0.8  # of the size of the body: what is smaller and beyond the body's lines is marginalia
MARGINAL_PART = 0.35  # of the writing of a page: more of it is no marginalia

TINY = 1e-6  # pixels: what a line without height or length counts as


@dataclass(frozen=True, slots=True)
class _Geometry:
    """Lines without their skew: `boxes (n, 4)`, `vertical (n,) bool`."""

    boxes: Rectangles
    vertical: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Self:
        boxes = np.array([(b.left, b.top, b.right, b.bottom) for b in (line.box for line in lines)]).reshape(-1, 4)
        vertical = np.array([line.direction == "vertical" for line in lines], bool)
        return cls(_levelled(lines, boxes), vertical)

    @property
    def sizes(self) -> npt.NDArray[np.float64]:
        """The thickness of each line, (n,) pixels."""
        width, height = (self.boxes[:, 2:] - self.boxes[:, :2]).T
        return np.asarray(np.maximum(np.where(self.vertical, width, height), TINY), np.float64)

    @property
    def lengths(self) -> npt.NDArray[np.float64]:
        width, height = (self.boxes[:, 2:] - self.boxes[:, :2]).T
        return np.asarray(np.maximum(np.where(self.vertical, height, width), TINY), np.float64)

    def some(self, chosen: Indices) -> "_Geometry":
        return _Geometry(self.boxes[chosen], self.vertical[chosen])

    def mostly_vertical(self) -> bool:
        """Whether more of the writing, by length, runs from top to bottom."""
        return float(self.lengths[self.vertical].sum()) > float(self.lengths[~self.vertical].sum())

    def size(self, vertical: bool) -> float:
        """The usual thickness of the lines of one direction, weighted by their length."""
        chosen = self.vertical == vertical
        return _weighted_median(self.sizes[chosen], self.lengths[chosen]) if chosen.any() else 0.0


def order_lines(lines: Iterable[Line], regions: Iterable[Region] = ()) -> tuple[Region, ...]:
    """The lines in reading order, in regions in reading order.

    Horizontal lines run from top to bottom, left columns first; vertical ones from right to left, upper blocks first;
    each line has its own direction. Small lines close beside a larger one (furigana, interlinear notes) come in a
    region of kind "note" right after that of their lines, which `note_hosts` names; marginalia come last, in regions
    of kind "margin". Lines with polygons are ordered without the skew that they have in common.

    `regions` are known places: each keeps its box and kind and gets the lines that lie in it; regions without lines
    (figures) stay, in their place. Lines in no region form regions of their own. In a form whose labels and values
    stand as far apart as its rows, the cells or rows should be given: nothing else tells them from columns.

    Raises DataError for what is no Line or Region.
    """
    lines, places = list(lines), list(regions)
    if not all(isinstance(line, Line) for line in lines) or not all(isinstance(place, Region) for place in places):
        raise DataError("order_lines takes Line objects, and Region objects as known regions.")
    lines.sort(key=_key)
    geometry = _Geometry.of(lines)
    hosts = _hosts(geometry)
    inside = np.array([place_of(line, places) for line in lines], np.int64)
    texts = np.flatnonzero(hosts < 0)
    for note in np.flatnonzero(hosts >= 0):
        inside[note] = inside[hosts[note]]
    loose = texts[inside[texts] < 0]
    marginal = loose[_is_marginal(geometry.some(loose))] if not places else loose[:0]
    body = np.setdiff1d(loose, marginal)

    parts: list[tuple[Box, list[Region]]] = []
    for number, place in enumerate(places):
        own = texts[inside[texts] == number]
        ordered = [i for group in _arranged(geometry, own) for i in group]
        direction = _direction(geometry.some(own)) if ordered else place.direction
        region = replace(place, lines=tuple(lines[i] for i in ordered), direction=direction)
        parts.append((place.box, [region, *_notes(lines, hosts, ordered)]))
    for group in _arranged(geometry, body):
        region = _region(lines, group, "text")
        parts.append((region.box, [region, *_notes(lines, hosts, group)]))
    if places:
        parts = _ordered_parts(parts, geometry)
    found = [region for _, several in parts for region in several]
    for group in _arranged(geometry, marginal):
        found += [_region(lines, group, "margin"), *_notes(lines, hosts, group)]
    return tuple(found)


def note_hosts(lines: Sequence[Line]) -> tuple[int | None, ...]:
    """For each line the index of the larger line beside which it stands as a note (furigana), None if it is no note."""
    return tuple(int(host) if host >= 0 else None for host in _hosts(_Geometry.of(lines)))


def _key(line: Line) -> tuple[Any, ...]:
    """A total order of unequal lines, so that nothing depends on the order in which they come."""
    box = line.box
    return box.top, box.left, box.bottom, box.right, line.direction, line.text, line.source, repr(line)


def _weighted_median(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order])
    return float(values[order][min(np.searchsorted(mass, mass[-1] / 2), len(values) - 1)])


def _levelled(lines: Sequence[Line], boxes: Rectangles) -> Rectangles:
    """The boxes of the lines turned back by the skew that most of their polygons show."""
    angles, weights = [], []
    for line in lines:
        points = np.array(line.polygon, np.float64).reshape(-1, 2)
        if len(points) < 4 or max(line.box.width, line.box.height) < 3 * min(line.box.width, line.box.height):
            continue
        away = points - points.mean(axis=0)
        along = np.linalg.eigh(away.T @ away)[1][:, 1]
        # The angle from the line's own direction, within a quarter turn of it.
        angle = float(np.arctan2(along[1], along[0])) - (np.pi / 2 if line.direction == "vertical" else 0.0)
        angles.append((angle + np.pi / 2) % np.pi - np.pi / 2)
        weights.append(max(line.box.width, line.box.height))
    skew = _weighted_median(np.array(angles), np.array(weights)) if angles else 0.0
    if abs(skew) < 0.003 or abs(skew) > 0.5:
        return boxes
    cos, sin = np.cos(-skew), np.sin(-skew)
    turn = np.array([[cos, -sin], [sin, cos]])
    level = boxes.copy()
    for number, line in enumerate(lines):
        if len(line.polygon) >= 4:
            points = np.array(line.polygon, np.float64) @ turn.T
            level[number] = (*points.min(axis=0), *points.max(axis=0))
        else:
            middle = turn @ ((boxes[number, :2] + boxes[number, 2:]) / 2)
            half = (boxes[number, 2:] - boxes[number, :2]) / 2
            level[number] = (*(middle - half), *(middle + half))
    return level


def _turned(boxes: Rectangles) -> Rectangles:
    """A quarter to the left: what was on the right is on top."""
    left, top, right, bottom = boxes.T
    return np.stack((top, -right, bottom, -left), axis=1)


def _hosts(geometry: _Geometry) -> Indices:
    """(n,) index of the line on which each is a note, -1 for lines that are none."""
    count = len(geometry.boxes)
    hosts = np.full(count, -1)
    for vertical in (False, True):
        own = np.flatnonzero(geometry.vertical == vertical)
        boxes = _turned(geometry.boxes[own]) if vertical else geometry.boxes[own]
        size, length = geometry.sizes[own], geometry.lengths[own]
        across, down = shared(boxes, 0), shared(boxes, 1)
        with_it = across >= 0.6 * np.minimum(length[:, None], length)
        beside = across >= 0.6 * length[:, None]
        smaller = size[:, None] <= NOTE * size
        near = (-down <= BESIDE * size) & (-down >= -0.5 * size[:, None])
        # A small line next to another of its size is running text under a heading.
        alike = (size[:, None] < 1.35 * size) & (size < 1.35 * size[:, None]) & ~np.eye(len(own), dtype=bool)
        running = np.any(alike & with_it & (-down <= 1.2 * size[:, None]) & (-down > -0.3 * size[:, None]), axis=1)
        # One that a large line leads to, or that leads to one, goes on in that row: half-size double lines (warichu).
        middle = (boxes[:, 1] + boxes[:, 3]) / 2
        apart = np.abs(middle[:, None] - middle)
        continued = smaller & (apart < INLINE * size) & (across < 0.3 * size) & (-across < 1.2 * size)
        running |= continued.any(axis=1) | continued.any(axis=0)
        candidate = beside & smaller & near & ~np.asarray(running)[:, None]
        # Notes stand over or to the right of their line: between two, the one below it is meant.
        distance = np.where(candidate, apart * np.where(middle[:, None] < middle, 1.0, 1.3), np.inf)
        for number in np.flatnonzero(candidate.any(axis=1)):
            hosts[own[number]] = own[int(np.argmin(distance[number]))]
    # A note on a note belongs to the line below both.
    while bool(np.any(further := (hosts >= 0) & (hosts[hosts] >= 0))):
        hosts = np.where(further, hosts[hosts], hosts)
    return hosts


def _is_marginal(geometry: _Geometry) -> npt.NDArray[np.bool_]:
    """Which lines (n,) are small and stand beyond the ends of the lines of the body."""
    vertical = geometry.mostly_vertical()
    size = geometry.size(vertical)
    boxes = _turned(geometry.boxes) if vertical else geometry.boxes
    small = geometry.sizes < MARGINAL * size
    if small.all() or not small.any():
        return np.zeros(len(boxes), bool)
    low, high = boxes[~small, 0].min(), boxes[~small, 2].max()
    width = boxes[:, 2] - boxes[:, 0]
    found = small & (np.minimum(boxes[:, 2], high) - np.maximum(boxes[:, 0], low) < 0.2 * width)
    part = (geometry.sizes * geometry.lengths)[found].sum() / max((geometry.sizes * geometry.lengths).sum(), 1e-9)
    return found if part < MARGINAL_PART else np.zeros(len(boxes), bool)


def _arranged(geometry: _Geometry, chosen: Indices) -> Groups:
    """The chosen lines in groups that are read one after the other, as indices."""
    if not len(chosen):
        return []
    own = geometry.some(chosen)
    vertical = own.mostly_vertical()
    items: list[Indices] = [np.array([i]) for i in np.flatnonzero(own.vertical == vertical)]
    # Lines of the other direction are read as blocks, each by itself.
    items += _blocks(own, np.flatnonzero(own.vertical != vertical))
    boxes = np.array([(*own.boxes[item, :2].min(axis=0), *own.boxes[item, 2:].max(axis=0)) for item in items])
    groups: Groups = []
    for group in xy_cut(_turned(boxes) if vertical else boxes, np.arange(len(items)), own.size(vertical)):
        kept: list[int] = []
        for number in group:
            item = items[number]
            if own.vertical[item[0]] == vertical:
                kept.append(int(chosen[item[0]]))
                continue
            groups += [kept] if kept else []
            kept = []
            groups += _arranged(geometry, chosen[item])
        groups += [kept] if kept else []
    return groups


def _blocks(geometry: _Geometry, chosen: Indices) -> list[Indices]:
    """The chosen lines linked where they are closer than two of their sizes."""
    boxes, reach = geometry.boxes[chosen], geometry.sizes[chosen]
    gap = -np.minimum(shared(boxes, 0), shared(boxes, 1))
    near = gap < 2 * np.minimum(reach[:, None], reach)
    label = np.arange(len(chosen))
    for _ in range(len(chosen)):
        lowest = np.where(near, label, len(chosen)).min(axis=1, initial=len(chosen))
        if (lowest == label).all():
            break
        label = lowest
    return [chosen[label == one] for one in np.unique(label)]


def place_of(line: Line, places: Sequence[Region]) -> int:
    """The index of the region that covers most of the line, the smallest of several; -1 when none covers half."""
    shares = [line.box.intersection_area(place.box) / line.box.area if line.box.area else 0.0 for place in places]
    best = max(range(len(places)), key=lambda i: (round(shares[i], 3), -places[i].box.area), default=-1)
    return best if best >= 0 and shares[best] >= 0.5 else -1


def _direction(geometry: _Geometry) -> Direction:
    return "vertical" if geometry.mostly_vertical() else "horizontal"


def _region(lines: Sequence[Line], group: Sequence[int], kind: str) -> Region:
    own = tuple(lines[i] for i in group)
    return Region(around(own), own, own[0].direction, kind)


def _notes(lines: Sequence[Line], hosts: Indices, group: Sequence[int]) -> list[Region]:
    """The notes on the lines of a group as one region for each direction, line by line, each from its start."""
    notes = []
    for host in group:
        start = (lambda i: lines[i].box.top) if lines[host].direction == "vertical" else (lambda i: lines[i].box.left)
        notes += sorted((int(i) for i in np.flatnonzero(hosts == host)), key=start)
    return [_region(lines, notes, "note")] if notes else []


def _ordered_parts(parts: list[tuple[Box, list[Region]]], geometry: _Geometry) -> list[tuple[Box, list[Region]]]:
    """Regions in order among each other, each taken as one row of the page."""
    vertical = geometry.mostly_vertical()
    parts = sorted(parts, key=lambda part: (part[0].top, part[0].left, part[0].bottom, part[0].right))
    boxes = np.array([(box.left, box.top, box.right, box.bottom) for box, _ in parts])
    groups = xy_cut(_turned(boxes) if vertical else boxes, np.arange(len(parts)), geometry.size(vertical))
    return [parts[i] for group in groups for i in group]
