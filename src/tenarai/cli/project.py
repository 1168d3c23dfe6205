"""`tenarai project`: a project as one file, a copy of it, and whether it is whole."""

from pathlib import Path
from typing import Annotated

import typer

from tenarai.cli.shared import plainly

project_app = typer.Typer(help="Export, import, back up and check a project of corrected pages.", no_args_is_help=True)

ProjectArgument = Annotated[Path, typer.Argument(help="The folder of the project.")]
DatabaseOption = Annotated[
    str | None,
    typer.Option(help="A PostgreSQL URL; what the folder says, or SQLite in it, if left out."),
]


@project_app.command()
@plainly
def export(
    project: ProjectArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The ZIP file to write.")],
    database: DatabaseOption = None,
) -> None:
    """Write a whole project - pages, lines, every version, pictures, models - as one file."""
    from tenarai.errors import SettingsError
    from tenarai.serve.store import open_project

    if out.is_dir():
        raise SettingsError(f"{out} is a folder: name the ZIP file to write.")
    with open_project(project, database) as opened:
        opened.export_archive(out)
        counts = opened.info().counts
    typer.echo(f"{out}: {counts.pages:,} pages, {counts.lines:,} lines, {counts.corrected:,} of them corrected")


@project_app.command(name="import")
@plainly
def import_(
    archive: Annotated[Path, typer.Argument(help="A file that tenarai project export wrote.")],
    project: Annotated[Path, typer.Argument(help="The folder of the new project.")],
    database: DatabaseOption = None,
) -> None:
    """Make a project of an exported file, in SQLite or in PostgreSQL."""
    from tenarai.serve.store import import_archive

    with import_archive(archive, project, database) as opened:
        info = opened.info()
    typer.echo(f"{project}: {info.name}, {info.counts.pages:,} pages, {info.counts.lines:,} lines")


@project_app.command()
@plainly
def backup(
    project: ProjectArgument,
    to: Annotated[Path, typer.Argument(help="A folder elsewhere; an earlier backup in it is brought up to date.")],
    database: DatabaseOption = None,
) -> None:
    """Copy a project, also while it is in use, to a folder that opens as a project of its own."""
    from tenarai.serve.store import open_project

    with open_project(project, database) as opened:
        opened.backup(to)
    typer.echo(f"{to}: a copy of {project}")


@project_app.command()
@plainly
def check(project: ProjectArgument, database: DatabaseOption = None) -> None:
    """Look whether database, history, pictures and models are whole. Exit code 1 when something is wrong."""
    from tenarai.serve.store import open_project

    with open_project(project, database) as opened:
        wrong = opened.check()
    for sentence in wrong:
        typer.echo(sentence)
    if wrong:
        raise typer.Exit(1)
    typer.echo(f"{project}: all is well")
