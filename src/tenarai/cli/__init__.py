"""The command line: each command parses, calls, prints. Progress and complaints go to stderr, results to stdout.

Exit codes: 0 all done, 1 some inputs failed (each named), 2 the command was misused or could not start.
"""

from typing import Annotated

import typer

from tenarai import __version__
from tenarai.cli.convert import convert
from tenarai.cli.dataset import dataset_app
from tenarai.cli.evaluate import compare, evaluate
from tenarai.cli.language import language_app
from tenarai.cli.learn import learn
from tenarai.cli.project import project_app
from tenarai.cli.read import read
from tenarai.cli.serve import annotate, serve
from tenarai.cli.shared import plainly
from tenarai.cli.train import average, compact, show, synth, train

app = typer.Typer(
    help="tenarai reads handwriting: Japanese, horizontal and vertical, and Latin script.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
model_app = typer.Typer(help="Look at model files, make them small.", no_args_is_help=True)

for command in (read, annotate, serve, convert, evaluate, compare, learn, synth, train):
    app.command()(plainly(command))
model_app.command()(plainly(show))
model_app.command()(plainly(compact))
model_app.command()(plainly(average))
app.add_typer(model_app, name="model")
app.add_typer(dataset_app, name="dataset")
app.add_typer(language_app, name="language")
app.add_typer(project_app, name="project")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"tenarai {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
