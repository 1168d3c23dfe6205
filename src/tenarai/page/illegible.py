"""Characters that are not sure enough to be given as text: each becomes a mark, and what it might be stays beside it.

Japanese archives put a box, □, for every character that cannot be read, as many as there are; others put dots. But a
box or a dot can itself be written, and models read both. So the mark here is the geta, 〓, which printers set for a
type that they lack: nobody writes it, and the shipped models do not know it. It is the same in every script, so that
one search finds all that is open.
"""

from dataclasses import replace

from tenarai.errors import SettingsError
from tenarai.page.layout import Character, Line

ILLEGIBLE = "〓"  # U+3013 geta mark


def check_confidence(least: float | None) -> None:
    """Raises SettingsError for what is no confidence."""
    if least is not None and not 0 <= least <= 1:
        raise SettingsError(
            f"The least confidence is {least:g}, it must lie in 0 to 1: 0.5 leaves open what is a guess."
        )


def marked(line: Line, least: float | None) -> Line:
    """The line with a mark for every character that is less sure than `least`, in its text and in its characters, whose
    first alternative then is what was read. Confidences stay; so do spaces, and characters of unknown confidence."""
    if least is None:
        return line
    pieces, characters, at = [], [], 0
    for character in line.characters:
        start = line.text.find(character.text, at)
        if start < 0:  # not a text that its characters spell
            return line
        doubt = character.confidence is not None and character.confidence < least and not character.text.isspace()
        kept = _open(character) if doubt else character
        pieces += [line.text[at:start], kept.text]  # between them the empty cells of a sheet
        characters.append(kept)
        at = start + len(character.text)
    return replace(line, text="".join(pieces) + line.text[at:], characters=tuple(characters))


def _open(character: Character) -> Character:
    guess = (character.text, character.confidence or 0.0)
    return replace(character, text=ILLEGIBLE, alternatives=(guess, *character.alternatives))
