"""`tenarai serve` and `tenarai annotate`: the reader over HTTP, and pages to correct in the browser."""

import logging
import os
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenarai.cli.pictures import given_pictures
from tenarai.cli.shared import ModelOption
from tenarai.errors import SettingsError, TenaraiError

if TYPE_CHECKING:
    from tenarai.serve.store import Project

TOKEN = "TENARAI_TOKEN"  # in the environment: for containers, where a file is more trouble
SUFFIX = ".tenarai"

# Defaults stand in ServeSettings; None says that they hold.
ProjectOption = Annotated[Path | None, typer.Option(help="A project folder.")]
PortOption = Annotated[int | None, typer.Option(min=0, max=65535, help="Port, 8000 if left out; 0 takes a free one.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Lines read at a time.")]
DatabaseOption = Annotated[
    str | None, typer.Option(envvar="TENARAI_DATABASE", help="A PostgreSQL URL for the project.", show_envvar=True)
]


def serve(
    project: ProjectOption = None,
    model: ModelOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; this machine only if left out.")] = None,
    port: PortOption = None,
    token_file: Annotated[
        Path | None, typer.Option(help="Keeps the hash of the token that clients need; made if it is not there.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--open", help="No token, though other machines reach it: everybody may use it.")
    ] = False,
    name: Annotated[
        list[str] | None, typer.Option(help="Another host name that it is reached by, as of a proxy; may be repeated.")
    ] = None,
    proxy: Annotated[
        str | None, typer.Option(help="The address of a proxy in front of it, believed for whom it asks.")
    ] = None,
    threads: ThreadsOption = None,
    queue: Annotated[int | None, typer.Option(min=1, help="Requests of a kind that may wait, 64 if left out.")] = None,
    deadline: Annotated[float | None, typer.Option(help="Seconds for a request, 60 if left out.")] = None,
    rate: Annotated[
        float | None, typer.Option(min=0, help="Requests a second of one address, 50 if left out; 0: any number.")
    ] = None,
    database: DatabaseOption = None,
    jobs: Annotated[
        str | None, typer.Option(envvar="TENARAI_JOBS", help="A Redis or PostgreSQL URL for the project's jobs.")
    ] = None,
) -> None:
    """Read over HTTP, and correct the pages of a project in the browser."""
    from tenarai.serve.server import serve as run

    if token_file is not None and not token_file.exists():
        from tenarai.serve.token import make_token

        typer.echo(f"The token, told this once: {make_token(token_file)}", err=True)
    settings = _settings(
        project=project, model=model, host=host, port=port, token_file=token_file, open=everybody or None,
        names=tuple(name) if name else None, proxy=proxy, threads=threads, queue=queue, deadline_s=deadline, rate=rate,
        database=database, jobs=jobs,
    )  # fmt: skip
    run(settings, lambda url: typer.echo(f"tenarai listens on {url} (docs at {url}docs); Ctrl-C stops.", err=True))


def annotate(
    pictures: Annotated[list[str], typer.Argument(help="Pictures, folders of them, PDFs; or a project.")],
    project: ProjectOption = None,
    model: ModelOption = None,
    port: PortOption = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
    threads: ThreadsOption = None,
    database: DatabaseOption = None,
) -> None:
    """Make a project of pictures, read them, and correct them in the browser."""
    from tenarai.serve.server import serve as run
    from tenarai.serve.store import create_project, is_project, open_project

    first = Path(pictures[0])
    alone = len(pictures) == 1 and is_project(first)
    folder = project or (first if alone else first.absolute().with_name(first.absolute().stem + SUFFIX))
    settings = _settings(project=folder, model=model, port=port, threads=threads, database=database)
    exists = is_project(folder)
    made = open_project(folder, database) if exists else create_project(folder, first.absolute().stem, database)
    with made:
        new = [] if alone else _add(made, pictures)
        if not made.pages():
            raise SettingsError(f"There is no picture in {', '.join(pictures)}.")
    if new:
        _ask_to_read(settings, new)

    def started(url: str) -> None:
        typer.echo(f"Correct the pages of {folder} at {url}; Ctrl-C stops, and nothing is lost.", err=True)
        if browser:
            # In a thread: a browser without windows would hold up the server that it asks.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    run(settings, started, logging.WARNING)


def _settings(**given: Any) -> Any:
    from tenarai.serve.settings import ServeSettings

    return ServeSettings.of(**given, token=os.environ.get(TOKEN))


def _add(project: "Project", pictures: list[str]) -> list[int]:
    """Puts pictures into a project; the pages that are new. What is no picture is told, and the rest goes on."""
    known, new, refused = {page.id for page in project.pages()}, [], 0
    for given in given_pictures(pictures):
        try:
            data = given.picture if isinstance(given.picture, bytes) else Path(given.picture).read_bytes()
            new += [page.id for page in project.add_pictures(data, given.place.name) if page.id not in known]
        except (TenaraiError, OSError) as error:
            typer.echo(f"tenarai: {given.name}: {error}", err=True)
            refused += 1
    typer.echo(f"{len(new)} new pages{f', {refused} files refused' if refused else ''}.", err=True)
    return new


def _ask_to_read(settings: Any, pages: list[int]) -> None:
    """Leaves a job for the worker, which the server starts."""
    from tenarai.serve.jobs.keeper import Jobs
    from tenarai.serve.jobs.request import ReadRequest
    from tenarai.serve.jobs.worker import Workplace

    jobs = Jobs(Workplace(folder=settings.project, database=settings.database, model=settings.model))
    jobs.submit(ReadRequest(kind="read", pages=pages))
    jobs.close()
