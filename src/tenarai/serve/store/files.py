"""Pictures and models on disk, named by the SHA-256 of what they hold. A file is there whole, or not at all.

No name that a person or an archive gives is ever used as a path.
"""

import errno
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path

from PIL import Image

from tenarai.image.read import FORMATS
from tenarai.serve.store.errors import Damaged, Full, Missing, StoreError

DATABASE, SETTINGS, PICTURES, MODELS = "project.db", "project.toml", "pictures", "models"
UNFINISHED = ".unfinished-"
_SUFFIXES = {"JPEG": "jpg", "JPEG2000": "jp2", "TIFF": "tif", "MPO": "jpg"}
_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"[a-z0-9]{1,8}")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def suffix_of(data: bytes) -> str:
    """By what the file holds, never by its name."""
    if b"%PDF-" in data[:1024]:
        return "pdf"
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            kind = image.format or ""
    except (OSError, ValueError, Image.DecompressionBombError):
        return "bin"
    return _SUFFIXES.get(kind, kind.lower()) or "bin"


def picture_path(folder: Path, sha256: str, suffix: str) -> Path:
    """Where a picture lies: pictures/ab/cdef....jpg. Raises Damaged for what is no hash or suffix."""
    if not (_HASH.fullmatch(sha256) and _SUFFIX.fullmatch(suffix)):
        raise Damaged(f"{sha256[:80]!r} with suffix {suffix[:20]!r} names no picture: restore a backup.")
    return folder / PICTURES / sha256[:2] / f"{sha256[2:]}.{suffix}"


def model_path(folder: Path, sha256: str) -> Path:
    if not _HASH.fullmatch(sha256):
        raise Damaged(f"{sha256[:80]!r} names no model file: restore a backup.")
    return folder / MODELS / f"{sha256}.model"


def keep(path: Path, data: bytes) -> None:
    """Writes a file that is on disk when this returns; one of the same size that is there is the same. Raises Full."""
    try:
        if path.is_file() and path.stat().st_size == len(data):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for above in (path.parent, path.parent.parent):
            sync_folder(above)
    except OSError as error:
        raise disk_error(error, path) from error


def sync_folder(folder: Path) -> None:
    """The names in a folder on disk too; Windows does that by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def disk_error(error: OSError, path: Path) -> StoreError:
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Full(f"{path} cannot be written ({reason}): nothing was changed, make room.")
    return StoreError(f"{path} cannot be written ({reason}): check the folder's permissions.")


def fetch(path: Path) -> bytes:
    """Raises Missing when the file is gone."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Missing(f"{path} is gone: run tenarai project check, and restore a backup.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror or error}): check its permissions.") from error
