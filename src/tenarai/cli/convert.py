"""`tenarai convert`: page layouts from one format into others."""

from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Annotated

import typer

from tenarai.cli.outputs import Form, make_folder, output_path, write_output
from tenarai.cli.pictures import expanded
from tenarai.errors import DataError, SettingsError, TenaraiError

if TYPE_CHECKING:
    from tenarai.page.formats.pdf import Picture
    from tenarai.page.layout import Page

LAYOUTS = (".xml", ".json", ".csv", ".hocr", ".html", ".tsv")  # of a folder; texts there may be anything


def convert(
    layouts: Annotated[
        list[str],
        typer.Argument(
            help="Layouts, or folders of them: PAGE, ALTO, hOCR, VIA, COCO, VOC, IIIF, JSON, TSV, plain text (.txt)."
        ),
    ],
    form: Annotated[list[Form], typer.Option("--format", "-f", help="What to write; may be repeated with -o.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for one file a page; all in one to stdout if left out.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Where the pictures lie that a PDF shows; beside their layout if left out.")
    ] = None,
    dpi: Annotated[
        float | None, typer.Option(min=1, help="Resolution of the scan, for ALTO in units of length.")
    ] = None,
) -> None:
    """Convert page layouts from one format into others."""
    forms = tuple(dict.fromkeys(form))
    if out is None and len(forms) > 1:
        raise SettingsError("Only one format at a time goes to stdout: give a folder with -o.")
    if out is not None:
        make_folder(out)
    from tenarai.page.formats import read_layout, write_layout

    failed = 0
    found: list[tuple[Page, Path]] = []
    for path in _files(layouts):
        try:
            found += [(page, path) for page in read_layout(path, dpi)]
        except TenaraiError as error:
            failed += _said(error)
    if out is not None:
        failed += _each(found, forms, out, pictures)
    elif found:
        shown = [_picture(page, path, pictures) if forms[0] == "pdf" else None for page, path in found]
        typer.echo(write_layout([page for page, _ in found], forms[0], shown), nl=False)
    if failed:
        typer.echo(f"tenarai: {failed} could not be converted.", err=True)
        raise typer.Exit(1)


def _files(arguments: list[str]) -> Iterator[Path]:
    """Files as given, and the layouts of folders, sorted by name. Raises SettingsError for a folder without any."""
    for argument in expanded(arguments):
        path = Path(argument)
        if not path.is_dir():
            yield path
            continue
        several = sorted(file for file in path.iterdir() if file.suffix.lower() in LAYOUTS and file.is_file())
        if not several:
            raise SettingsError(f"There is no layout in {path}: expected {', '.join(LAYOUTS)}.")
        yield from several


def _each(found: "list[tuple[Page, Path]]", forms: tuple[Form, ...], out: Path, pictures: Path | None) -> int:
    """Writes a file for each page and format; how many pages could not be written."""
    from tenarai.page.formats import write_layout
    from tenarai.page.layout import picture_of

    failed = 0
    taken: set[Path] = set()
    for page, path in found:
        # A page is called as its picture is, or else as the file that it comes from.
        name, number = picture_of(PureWindowsPath(page.source).name)
        place = Path(name or path.name)
        try:
            for form in forms:
                target = output_path(out, place, number, form)
                if target in taken:
                    raise DataError(f"{path} has another page of the name {place}: convert them one after the other.")
                data = write_layout(page, form, _picture(page, path, pictures) if form == "pdf" else None)
                write_output(target, data)
                taken.add(target)
        except TenaraiError as error:
            failed += _said(error)
    return failed


def _picture(page: "Page", path: Path, pictures: Path | None) -> "Picture | None":
    """The picture of a page: beside its layout, or in the folder that is named. Raises DataError if it is not there."""
    from tenarai.dataset.pages import page_picture
    from tenarai.image.read import read_picture

    found, frame = page_picture(pictures or path.parent, page.source)
    return read_picture(found, frame) if frame else found


def _said(error: TenaraiError) -> int:
    typer.echo(f"tenarai: {error}", err=True)
    return 1
