"""One server at a time on a project: a lock that the operating system lets go when its holder ends, however it ends."""

import os
import socket
from pathlib import Path
from typing import IO

from tenarai.serve.store.errors import Locked
from tenarai.serve.store.files import disk_error

NAME = "server.lock"


class ServerLock:
    """Held from when it is made until `release`. Raises Locked when another process, or another Project, holds it."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        try:
            self._file: IO[str] | None = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise disk_error(error, path) from error
        if not _taken(self._file):
            self._file.seek(0)
            holder = self._file.read(200).strip() or "another process"
            self._file.close()
            raise Locked(f"{folder} is already being served by {holder}: use that server, or stop it first.")
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()} on {socket.gethostname()}")
        self._file.flush()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()  # which lets the lock go
            self._file = None


def _taken(file: IO[str]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(1 << 20)  # a byte that nobody reads: Windows locks keep others from reading too
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
