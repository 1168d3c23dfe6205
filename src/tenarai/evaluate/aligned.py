"""What was written beside what was read, character by character, and where on the picture each was read."""

from collections.abc import Sequence
from dataclasses import dataclass

from tenarai.page.layout import Box, Character
from tenarai.text.error_rate import align, graphemes
from tenarai.text.normalise import normalise


@dataclass(frozen=True, slots=True)
class Column:
    """One grapheme of the reference above one of the reading; "" above: invented, below: missed. `character` is what
    was read, with its place and confidence, where the model told."""

    reference: str
    hypothesis: str
    character: Character | None = None

    @property
    def right(self) -> bool:
        return self.reference == self.hypothesis


def columns(reference: str, hypothesis: str, characters: Sequence[Character], policy: str) -> list[Column]:
    """Both texts under the policy, aligned; `characters` are those of the hypothesis in order."""
    left, right = normalise(reference, policy), normalise(hypothesis, policy)
    owners = iter(_carried(hypothesis, right, _owners(hypothesis, characters)))
    return [Column(a, b, next(owners) if b else None) for a, b in align(left, right)]


def _owners(text: str, characters: Sequence[Character]) -> list[Character | None]:
    """The character that each grapheme of a text is from; spaces and ends of line between them are from none."""
    at = 0
    starts: dict[int, Character] = {}
    for character in characters:
        found = text.find(character.text, at)
        if found < 0 or not character.text:
            continue
        starts |= dict.fromkeys(range(found, found + len(character.text)), character)
        at = found + len(character.text)
    owners, place = [], 0
    for grapheme in graphemes(text):
        owners.append(starts.get(place))
        place += len(grapheme)
    return owners


def _carried(text: str, normal: str, owners: Sequence[Character | None]) -> list[Character | None]:
    """The owners of a text's graphemes for those of its normal form."""
    if text == normal:
        return list(owners)
    own, carried = iter(owners), []
    for before, after in align(text, normal):
        owner = next(own) if before else None
        if after:
            carried.append(owner)
    return carried


def places(line: Sequence[Column], vertical: bool) -> list[Box | None]:
    """Where each column stands on the picture; None where that is not known.

    A model tells the few pixels where it saw a character: its place reaches halfway to its neighbours, and half its
    height at most. What was missed lies in the gap between what was read on either side.
    """
    known = [column.character.box if column.character else None for column in line]
    before, after = _latest(known), _latest(known[::-1])[::-1]
    found: list[Box | None] = []
    for own, left, right in zip(known, before, after, strict=True):
        if own is not None:
            found.append(_cell(own, left, right, vertical))
        else:
            found.append(_gap(left, right, vertical))
    return found


def _latest(boxes: Sequence[Box | None]) -> list[Box | None]:
    """The last box before each."""
    last: Box | None = None
    found: list[Box | None] = []
    for box in boxes:
        found.append(last)
        last = box or last
    return found


def _middle(box: Box, vertical: bool) -> float:
    return box.center[1 if vertical else 0]


def _across(box: Box, vertical: bool) -> float:
    return box.width if vertical else box.height


def _along(box: Box, low: float, high: float, vertical: bool) -> Box:
    """The box with other ends along its line."""
    return Box(box.left, low, box.right, high) if vertical else Box(low, box.top, high, box.bottom)


def _follows(box: Box, other: Box, vertical: bool) -> bool:
    """Whether the other stands behind it on one line; a page has several."""
    size = _across(box, vertical)
    apart = abs(box.center[0 if vertical else 1] - other.center[0 if vertical else 1])
    return apart < size / 2 and _middle(other, vertical) >= _middle(box, vertical)


def _cell(own: Box, left: Box | None, right: Box | None, vertical: bool) -> Box:
    at, reach = _middle(own, vertical), 0.5 * _across(own, vertical)
    low, high = at - reach, at + reach
    if left is not None and _follows(left, own, vertical):
        low = max(low, (_middle(left, vertical) + at) / 2)
    if right is not None and _follows(own, right, vertical):
        high = min(high, (_middle(right, vertical) + at) / 2)
    ends = (own.top, own.bottom) if vertical else (own.left, own.right)
    return _along(own, min(low, ends[0]), max(high, ends[1]), vertical)


def _gap(left: Box | None, right: Box | None, vertical: bool) -> Box | None:
    if left is not None and right is not None and _follows(left, right, vertical):
        low, high = _middle(left, vertical), _middle(right, vertical)
        return _along(left.union(right), low + (high - low) / 4, high - (high - low) / 4, vertical)
    only = left or right
    if only is None:
        return None
    end, size = _middle(only, vertical), 0.5 * _across(only, vertical)
    return _along(only, end, end + size, vertical) if left else _along(only, end - size, end, vertical)
