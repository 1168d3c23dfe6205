"""tenarai reads handwriting: modern Japanese, horizontal and vertical, and Latin script.

import tenarai
print(tenarai.load().read("letter.jpg").text)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenarai.errors import TenaraiError
    from tenarai.page.layout import Box, Character, Line, Page, Region
    from tenarai.reader import Reader, Unread, load

__version__ = "0.1.0"

__all__ = ["Box", "Character", "Line", "Page", "Reader", "Region", "TenaraiError", "Unread", "load"]

_ROOMS = {
    "Box": "page.layout",
    "Character": "page.layout",
    "Line": "page.layout",
    "Page": "page.layout",
    "Reader": "reader",
    "Region": "page.layout",
    "TenaraiError": "errors",
    "Unread": "reader",
    "load": "reader",
}


def __getattr__(name: str) -> Any:
    """Public names are loaded when they are first used: `import tenarai` alone costs nothing."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'tenarai' has no attribute {name!r}")
    return getattr(import_module(f"tenarai.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
