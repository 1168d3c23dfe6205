"""The models that come along, by name, and which of them stands beside a model of one's own."""

from importlib.resources import files
from pathlib import Path

from tenarai.model.file import Header
from tenarai.text.alphabet import HIRAGANA

# What a model for lines may be called instead of its file: the name in weights/.
NAMES = {"default": "reader", "shipped": "reader", "classical": "classical"}


def shipped_model(name: str = "reader") -> Path:
    """A model file inside the package: "reader" for lines, "classical" for columns of old books, "characters" for
    single ones, "pages" for whole pages, "print" for what is not written by hand."""
    return Path(str(files("tenarai") / "weights" / f"{name}.model"))


def model_file(model: str | Path) -> Path:
    """The file of a model for lines: a shipped one by its name - default or shipped, classical - or that of a path.

    A name means the same in every folder: a file that is called so is given as `./default`, or as a Path.
    """
    return shipped_model(NAMES[model]) if isinstance(model, str) and model in NAMES else Path(model)


def classical_beside(header: Header) -> Path | None:
    """The shipped model of classical columns, for a model of modern Japanese that leaves to it what it is doubtful of;
    None for one that reads them itself, and for one that reads no Japanese."""
    japanese = any(c in header.alphabet for c in HIRAGANA)
    return shipped_model("classical") if japanese and not header.classical else None
