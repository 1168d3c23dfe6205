"""`python -m tenarai` is the `tenarai` command."""

from tenarai.cli import app

app(prog_name="tenarai")
