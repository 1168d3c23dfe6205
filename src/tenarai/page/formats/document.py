"""Documents that strangers wrote, opened: JSON and XML without entities or network; any damage is a DataError."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from tenarai.errors import DataError

Element = etree._Element

MOST_BYTES = 200_000_000
_SPACE = re.compile(r"[ \t\r\n]*")  # between the values of JSON
_DECODER = json.JSONDecoder()


def file_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file. Raises DataError when it is missing, not a file, empty, or has more than `most`."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise DataError(f"There is no {path}: check the path.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(data) > most:
        raise DataError(f"{path} has more than {most:,} bytes: split it.")
    if not data:
        raise DataError(f"{path} is empty: write or download it again.")
    return data


def text_of(data: bytes, name: str) -> str:
    """UTF-8 text without its byte order mark. Raises DataError for another encoding."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{name} is not UTF-8 text: save it as UTF-8.") from None


def json_of(data: bytes, name: str) -> Any:
    """The value of a JSON document. Raises DataError when it is damaged."""
    values = json_values(data, name)
    if len(values) > 1:
        raise DataError(f"{name} holds {len(values):,} JSON values, one after the other: expected one.")
    return values[0]


def json_values(data: bytes, name: str) -> list[Any]:
    """The values of a JSON document, one or several: a row each, as JSON lines has them. Raises DataError when one is
    damaged."""
    values: list[Any] = []
    try:
        text = text_of(data, name)
        place = _after_space(text, 0)
        while place < len(text) or not values:
            value, place = _DECODER.raw_decode(text, place)
            values.append(value)
            place = _after_space(text, place)
        if b"\\ud" in data or b"\\uD" in data:
            # Half of a surrogate pair is allowed by JSON, but no text.
            json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "it nests too deeply" if isinstance(error, RecursionError) else error
        raise DataError(f"{name} is not valid JSON ({reason}): write or download it again.") from None
    return values


def _after_space(text: str, place: int) -> int:
    space = _SPACE.match(text, place)
    return space.end() if space else place


def xml_of(data: bytes, name: str) -> Element:
    """The root of an XML document. Raises DataError when it is damaged, too large, or declares entities."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DataError(f"{name} is not valid XML ({error}): write or download it again.") from None
    declared: Any = root.getroottree().docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise DataError(f"{name} declares XML entities, which tenarai does not expand: write it without.")
    return root


def local(element: Element) -> str:
    """The name of an element without its namespace: formats change theirs with every version."""
    return etree.QName(element).localname


def children(element: Element, *names: str) -> list[Element]:
    """The children of these names, in order."""
    return [child for child in element if local(child) in names]


def child(element: Element, name: str) -> Element | None:
    """The first child of this name."""
    return next(iter(children(element, name)), None)


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """Everything of these names below `element`, in document order."""
    return (found for found in element.iterdescendants() if local(found) in names)


def put(parent: Element, element: str, /, **values: str) -> Element:
    """A new last child of this name, in the namespace of its parent, with these attributes."""
    return etree.SubElement(parent, etree.QName(etree.QName(parent).namespace, element), values)


def xml_bytes(root: Element) -> bytes:
    """The document as indented UTF-8."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
