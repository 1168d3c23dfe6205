"""`tenarai dataset`: corpora into the one store, and the store looked at and split."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tenarai.cli.shared import counting, plainly

dataset_app = typer.Typer(
    help="Bring corpora into one store of Parquet files; look at it; split it.", no_args_is_help=True
)

StoreArgument = Annotated[Path, typer.Argument(help="The folder of the store.")]


@dataset_app.command()
@plainly
def standardise(
    source: Annotated[Path, typer.Argument(help="A corpus as it was downloaded: its file, folder or archive.")],
    store: Annotated[Path, typer.Argument(help="The folder of the store; made if it is new.")],
    corpus: Annotated[str | None, typer.Option("--as", help="The corpus; found by its file names if left out.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name in the store; that of the file or folder.")] = None,
    licence: Annotated[str | None, typer.Option(help="Its licence, where the corpus has not one of its own.")] = None,
    ink: Annotated[
        Literal["dark", "bright"] | None, typer.Option(help="How its pictures are, if not as the corpus is known.")
    ] = None,
    anew: Annotated[bool, typer.Option(help="Put this in the place of another source of the same name.")] = False,
    rows: Annotated[int, typer.Option(min=1, help="Samples in one Parquet file at most.")] = 8192,
) -> None:
    """Bring a corpus into a store. Run again, it changes nothing; run again after a break, it goes on."""
    from tenarai.dataset.standardise import ShardSize
    from tenarai.dataset.standardise import standardise as bring
    from tenarai.dataset.store import REFUSED

    with counting("reading") as update:
        done = bring(
            source, store, corpus, name=name, licence=licence, ink=ink, anew=anew, size=ShardSize(rows), watch=update
        )
    kept = done.source
    typer.echo(f"{done.name}: {kept.samples:,} samples, {done.new:,} of them new, {kept.refused:,} refused")
    typer.echo(
        f"{done.name}: {kept.ink} ink in the source; of {kept.looked_at:,} pictures looked at, "
        f"{kept.look_inverted:,} seem to have bright ink in the store"
    )
    if done.inverted:
        remedy = {"dark": "run this again with --anew --ink bright", "bright": "run this again with --anew --ink dark"}
        typer.echo(
            f"tenarai: most pictures of {done.name} look inverted: if dataset show --sheet confirms it, "
            f"{remedy.get(kept.ink, 'invert them')}.",
            err=True,
        )
    if kept.refused:
        typer.echo(f"tenarai: {store / REFUSED} tells why {kept.refused:,} were refused.", err=True)
        raise typer.Exit(1)


@dataset_app.command()
@plainly
def corpora() -> None:
    """List what standardise can read: name, samples, ink, licence, where to get it."""
    from tenarai.dataset.corpora import CORPORA

    for corpus in CORPORA.values():
        typer.echo(f"{corpus.name:<16} {corpus.kind:<18} {corpus.ink:<7} {corpus.licence or '-'}\n{'':17}{corpus.home}")


@dataset_app.command()
@plainly
def show(
    store: StoreArgument,
    sheet: Annotated[Path | None, typer.Option(help="Also write a contact sheet: a .png or .html file.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Samples on the sheet at most.")] = 200,
    verify: Annotated[bool, typer.Option(help="Compare every file with its checksum.")] = False,
) -> None:
    """Count what is in a store: characters, writers, splits, sources, licences."""
    from tenarai.dataset.contact import told, write_sheet
    from tenarai.dataset.store import count as counted
    from tenarai.dataset.store import open_store

    manifest = open_store(store, whole=verify)
    if sheet is not None:
        typer.echo(f"{write_sheet(store, sheet, count)} samples on {sheet}", err=True)
    typer.echo(told(counted(store)))
    for name, source in manifest.sources.items():
        if not source.complete:
            typer.echo(f"tenarai: {name} is not complete: run its dataset standardise again.", err=True)


@dataset_app.command()
@plainly
def split(
    store: StoreArgument,
    by: Annotated[Literal["writer", "page"], typer.Option(help="What is never divided.")] = "writer",
    test: Annotated[float, typer.Option(help="The part of the writers (or pages) that are for testing.")] = 0.1,
    validation: Annotated[float, typer.Option(help="The part that are for validation.")] = 0.1,
    salt: Annotated[str, typer.Option(help="Another word draws other writers.")] = "",
    force: Annotated[bool, typer.Option(help="Also where the corpus has a split of its own.")] = False,
) -> None:
    """Divide a store into training, validation and test. Writers stay in their part when others are added."""
    from tenarai.dataset.split import Rule, split_store

    counts = split_store(store, Rule(by, test, validation, salt, force))
    for part in ("train", "validation", "test"):
        typer.echo(f"{part:<10} {counts.parts[part]:>12,}")
    if counts.kept:
        typer.echo(f"{counts.kept:,} stay where their corpus puts them; --force overrules it.", err=True)
    if counts.by_name:
        typer.echo(f"{counts.by_name:,} tell no {by} and were drawn one by one: a {by} may be on both sides.", err=True)
