"""`tenarai read`: pictures to text."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tenarai.cli.shared import AlphabetOption, DirectionOption, ModelOption, counting
from tenarai.errors import SettingsError, TenaraiError

if TYPE_CHECKING:
    from tenarai.page.layout import Page
    from tenarai.reader import Reader, Unread

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".jp2", ".avif", ".ppm", ".pgm", ".pdf")


def read(
    pictures: Annotated[list[str], typer.Argument(help="Pictures, folders of them, PDFs, or - for stdin.")],
    form: Annotated[Literal["text", "json"], typer.Option("--format", "-f", help="What to write.")] = "text",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for one file a page; stdout if left out.")
    ] = None,
    model: ModelOption = None,
    direction: DirectionOption = "auto",
    characters: Annotated[
        bool, typer.Option("--characters", help="Single characters, or a sheet with a cell for each: prints a table.")
    ] = False,
    alphabet: AlphabetOption = None,
    explain: Annotated[bool, typer.Option(help="Say on stderr what was done to each picture.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Lines read at a time.")] = 1,
) -> None:
    """Read pictures of handwriting and print their text."""
    from tenarai.reader import load

    reader = load(model, threads=threads)
    inputs = list(_inputs(pictures))
    if not inputs:
        raise SettingsError(f"There is no picture in {', '.join(pictures)}.")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    failed = 0
    several = len(inputs) > 1
    pages = (
        _characters(reader, inputs, alphabet)
        if characters
        else reader.read_many(inputs, direction=direction, alphabet=alphabet, explain=explain)
    )
    with counting("reading") as watch:
        for number, page in enumerate(pages, 1):
            if watch and several:
                watch(number)
            failed += not _shown(page, form, out, characters, several)
    if failed:
        typer.echo(f"tenarai: {failed} of {len(inputs)} could not be read.", err=True)
        raise typer.Exit(1)


def _shown(page: "Page | Unread", form: str, out: Path | None, characters: bool, several: bool) -> bool:
    """Prints or saves what was read; False when nothing could be, after saying why."""
    from tenarai.reader import Unread

    if isinstance(page, Unread):
        typer.echo(f"tenarai: {page.reason}", err=True)
        return False
    if page.notes:
        notes = ", ".join(
            f"{name} {value if isinstance(value, str) else round(value, 4)}" for name, value in page.notes
        )
        typer.echo(f"{page.source or 'stdin'}: {notes}", err=True)
    if form == "json":
        text = json.dumps(page.to_dict(), ensure_ascii=False)
    else:
        text = _character_table(page) if characters else page.text
    if out is not None:
        _save(out, page, text, form)
        return True
    if several and form == "text":
        typer.echo(f"# {page.source or 'stdin'}")
    typer.echo(text)
    return True


def _characters(reader: "Reader", inputs: list[str | bytes], alphabet: str | None) -> Iterator["Page | Unread"]:
    from tenarai.reader import Unread

    for picture in inputs:
        try:
            yield reader.read_characters(picture, alphabet)
        except TenaraiError as error:
            yield Unread(picture if isinstance(picture, str) else "", str(error))


def _character_table(page: "Page") -> str:
    """A row for each character: its row and place, what it is, how sure that is, what else it could be."""
    rows = ["row\tcell\tcharacter\tprobability\tother readings"]
    for number, line in enumerate(page.lines, 1):
        written = iter(line.characters)
        for place, text in enumerate(line.text, 1):
            if text != " ":
                c = next(written)
                others = " ".join(f"{other} {chance:.2f}" for other, chance in c.alternatives[:3] if chance >= 0.01)
                rows.append(f"{number}\t{place}\t{c.text}\t{c.confidence or 0.0:.2f}\t{others}")
    return "\n".join(rows)


def _save(out: Path, page: "Page", text: str, form: str) -> None:
    name, _, number = page.source.rpartition("#") if "#" in Path(page.source).name else (page.source, "", "")
    stem = Path(name or page.source or "stdin").name
    suffix = {"text": "txt", "json": "json"}[form]
    # The picture's own suffix stays in the name: scan.jpg and scan.png in one folder must not overwrite each other.
    path = out / (f"{stem}.{number}.{suffix}" if number else f"{stem}.{suffix}")
    path.write_text(text + "\n", encoding="utf-8")


def _inputs(given: list[str]) -> Iterator[str | bytes]:
    """Files as given, the pictures of folders sorted by name, `-` for the picture on stdin."""
    for item in given:
        path = Path(item)
        if item == "-":
            yield sys.stdin.buffer.read()
        elif path.is_dir():
            yield from (str(p) for p in sorted(path.rglob("*")) if p.suffix.lower() in PICTURES and p.is_file())
        else:
            yield item
