"""What the commands read: files, patterns, folders, stdin, pages of them, and folders that are watched."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from tenarai.cli.outputs import PICTURES, is_output
from tenarai.errors import SettingsError

ONE_PAGE = (".png", ".jpg", ".jpeg", ".bmp", ".jp2", ".ppm", ".pgm")
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Given:
    """A picture to read, and under which name its outputs lie below their folder."""

    picture: str | bytes
    place: Path

    @property
    def name(self) -> str:
        return self.picture if isinstance(self.picture, str) else ""


def given_pictures(arguments: list[str]) -> list[Given]:
    """Files as given, those that patterns match, the pictures of folders sorted by name, `-` for the picture on stdin.
    Raises SettingsError for two whose outputs would have one name."""
    found: dict[Path, Given] = {}
    for argument in expanded(arguments):
        path = Path(argument)
        if argument == "-":
            several = [Given(sys.stdin.buffer.read(), Path("stdin"))]
        elif path.is_dir():
            several = [Given(str(p), p.relative_to(path)) for p in sorted(path.rglob("*")) if is_picture(p)]
        else:
            several = [Given(argument, Path(path.name))]
        for given in several:
            other = found.setdefault(given.place, given)
            if other.picture != given.picture:
                raise SettingsError(f"{other.name} and {given.name} have one name: read them one after the other.")
    return list(found.values())


def expanded(arguments: Iterable[str]) -> Iterator[str]:
    """Arguments, patterns among them (`*.png`, which the shells of Windows leave to us) as the sorted files that they
    match. What is there under that very name is no pattern; one that matches nothing stays, for an error to name it."""
    for argument in arguments:
        is_pattern = any(c in argument for c in "*?[") and not Path(argument).exists()
        # Path.glob takes no absolute pattern, and hidden files for matches.
        matches = sorted(glob(argument, recursive=True)) if is_pattern else []  # noqa: PTH207
        yield from matches or [argument]


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.name.startswith(".") and not is_output(path) and path.is_file()


def chosen_pages(text: str | None) -> frozenset[int] | None:
    """The pages of `1-3,5`, from 1; None for all. Raises SettingsError for anything else."""
    if text is None:
        return None
    pages: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            numbers = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            numbers = range(0)
        if not numbers or numbers[0] < 1 or numbers[-1] > MOST_PAGES:
            raise SettingsError(f"{part.strip()!r} is no range of pages: give them as in --pages 1-3,5.")
        pages.update(numbers)
    return frozenset(pages)


def arriving(folder: Path, every: float = 1.0) -> Iterator[Given]:
    """The pictures of a folder, and those that come into it, once they have kept their size for `every` seconds. Goes
    on until it is stopped. A picture that is replaced comes again."""
    waiting: dict[Path, tuple[int, int]] = {}
    done: dict[Path, tuple[int, int]] = {}
    while True:
        for path in sorted(path for path in folder.rglob("*") if is_picture(path)):
            try:
                about = path.stat()
            except OSError:  # taken away again
                continue
            now = (about.st_size, about.st_mtime_ns)
            if done.get(path) != now and waiting.get(path) == now and now[0] > 0:
                done[path] = now
                yield Given(str(path), path.relative_to(folder))
            waiting[path] = now
        time.sleep(every)
