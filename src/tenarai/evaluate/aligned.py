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


def place_of(line: Sequence[Column], number: int, vertical: bool) -> Box | None:
    """Where a column stands on the picture: what was read, or the gap where it was missed; None if unknown."""
    character = line[number].character
    if character is not None:
        return character.box
    before = next((c.character.box for c in reversed(line[:number]) if c.character), None)
    after = next((c.character.box for c in line[number + 1 :] if c.character), None)
    if before is None or after is None:
        only = before or after
        if only is None:
            return None
        return _edge(only, vertical, last=after is None)
    both = before.union(after)
    if vertical:
        low, high = sorted((before.bottom, after.top))
        return Box(both.left, low, both.right, high)
    low, high = sorted((before.right, after.left))
    return Box(low, both.top, high, both.bottom)


def _edge(box: Box, vertical: bool, last: bool) -> Box:
    if vertical:
        at = box.bottom if last else box.top
        return Box(box.left, at, box.right, at)
    at = box.right if last else box.left
    return Box(at, box.top, at, box.bottom)
