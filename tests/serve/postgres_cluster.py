"""A PostgreSQL server of its own for tests: from the installed binaries, in a temporary folder, gone afterwards."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

OWNER = "postgres"  # PostgreSQL refuses to run as root


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl, of the newest version that is installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which("pg_ctl")
    return None if found is None else Path(found).resolve().parent


def _as_owner(*command: str | Path) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        runuser = shutil.which("runuser", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))
        words = [runuser or "runuser", "-u", OWNER, "--", *words]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-500:]}{done.stderr[-500:]}")


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """The URL of a running server with fsync on, reached by a Unix socket only; its database is `postgres`."""
    programs = binaries()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed.")
    room = Path(tempfile.mkdtemp(prefix="tenarai-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(room, OWNER)
        data = room / "data"
        _as_owner(programs / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        settings = f"-c listen_addresses= -c unix_socket_directories={room} -c fsync=on -c shared_buffers=32MB"
        _as_owner(programs / "pg_ctl", "-D", data, "-l", room / "log", "-w", "-o", settings, "start")
        try:
            yield f"postgresql://{OWNER}@/postgres?host={room}"
        finally:
            _as_owner(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(room, ignore_errors=True)


def new_place(server: str) -> str:
    """The URL of a new, empty schema on a server: quicker than a database, and as separate."""
    import psycopg

    name = f"tenarai_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create schema {name}")
    return f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{name}"
