"""What the XML of an IAM form says: the writer, and for every line its text, words and their places.

    <form id writer-id width height> <handwritten-part> <line id text> <word id> <cmp x y width height/>

ISO-8859-1, one file a form. The database's own boxes of words and lines are the unions of these components.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from xml.sax.saxutils import unescape

from tenarai.errors import DataError
from tenarai.page.formats.document import Element, file_bytes, xml_of
from tenarai.page.layout import Box

MAX_BYTES = 20_000_000  # the largest of the set has some hundred thousand


@dataclass(frozen=True, slots=True)
class WrittenLine:
    name: str
    text: str
    words: Mapping[str, Box | None]  # None: a word without components, of which nobody knows the place

    @property
    def box(self) -> Box | None:
        boxes = [box for box in self.words.values() if box is not None]
        return reduce(Box.union, boxes) if boxes else None


@dataclass(frozen=True, slots=True)
class Form:
    """What the XML of a form says of its handwriting."""

    name: str
    writer: str
    width: int
    height: int
    lines: Mapping[str, WrittenLine]


def read_form(root: Path, name: str) -> Form:
    """The XML of a form. Raises DataError when it is missing, damaged, too large, or not of this form."""
    file = root / "xml" / f"{name}.xml"
    # The files name a DTD on a web site, which is not fetched.
    form = xml_of(file_bytes(file, MAX_BYTES), str(file))
    if form.tag != "form" or form.get("id") != name:
        raise DataError(f"{file} is not the description of form {name}.")
    try:
        lines = [_written_line(line) for line in form.iterfind("handwritten-part/line")]
        width, height = int(form.attrib["width"]), int(form.attrib["height"])
        return Form(name, str(form.attrib["writer-id"]), width, height, {line.name: line for line in lines})
    except (KeyError, ValueError, DataError) as error:
        reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error).removesuffix(".")
        raise DataError(f"{file} is not the description of a form of IAM: {reason}.") from None


def _written_line(line: Element) -> WrittenLine:
    words = {str(word.attrib["id"]): _components(word) for word in line.iterfind("word")}
    # The files were escaped twice: what the parser gives still holds &quot; for a quotation mark.
    text = unescape(str(line.attrib["text"]), {"&quot;": '"', "&apos;": "'"})
    return WrittenLine(str(line.attrib["id"]), text, words)


def _components(word: Element) -> Box | None:
    boxes = []
    for component in word.iterfind("cmp"):
        left, top, width, height = (int(component.attrib[side]) for side in ("x", "y", "width", "height"))
        boxes.append(Box(left, top, left + width, top + height))
    return reduce(Box.union, boxes) if boxes else None
