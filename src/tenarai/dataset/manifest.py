"""What a store says of itself: its sources and their shards, as manifest.json."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from tenarai.errors import DataError

VERSION = 1
MANIFEST = "manifest.json"
Ink = Literal["dark", "bright", "either"]
DATA = "data"  # the folder of the shards: nothing else lies in it, so that other programs open it as one table
SHARD = r"[\w.-]+-\d{5}-[0-9a-f]{8}\.parquet"


@dataclass(frozen=True, slots=True)
class Shard:
    """One Parquet file: `rows` samples from the next `items` that the corpus reader gave, refused ones among them."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: Annotated[str, StringConstraints(pattern=f"^{DATA}/{SHARD}$")]
    rows: int
    items: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """What one run of `tenarai dataset standardise` brings into the store.

    `identity` is a checksum of everything the shards depend on. `ink` says whether the corpus has dark ink or bright,
    or its reader finds it for every picture. Of `looked_at` finished pictures, `look_inverted` seem to have bright ink
    still. `refused` counts the refusals.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    corpus: str
    identity: str
    ink: Ink
    complete: bool = False
    samples: int = 0
    refused: int = 0
    looked_at: int = 0
    look_inverted: int = 0
    shards: tuple[Shard, ...] = ()

    @property
    def items(self) -> int:
        return sum(shard.items for shard in self.shards)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The sources by name; `pending` are those under way that will take the place of the source of the same name."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    version: int = VERSION
    sources: dict[str, Source] = field(default_factory=dict)
    pending: dict[str, Source] = field(default_factory=dict)

    def shards(self) -> Iterator[Shard]:
        """Those of which readers know."""
        for source in self.sources.values():
            yield from source.shards

    def files(self) -> set[str]:
        return {shard.file for part in (self.sources, self.pending) for one in part.values() for shard in one.shards}


_MANIFEST = TypeAdapter(Manifest)


def read_manifest(store: Path) -> Manifest:
    """The manifest of a store. Raises DataError where there is none, or one that is damaged or of another version."""
    path = store / MANIFEST
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{store} is not a store: it has no {MANIFEST}; name one, or make it by standardise.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        version = json.loads(raw)["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{path} is damaged or not of a store: standardise the corpora into a new folder.") from None
    if version != VERSION:
        raise DataError(
            f"{store} is a store of version {version!r}, and this tenarai knows version {VERSION}: standardise the "
            f"corpora into a new folder."
        )
    try:
        manifest = _MANIFEST.validate_json(raw)
        for source in (*manifest.sources.values(), *manifest.pending.values()):
            if source.samples != sum(shard.rows for shard in source.shards):
                raise ValueError
    except ValueError as error:
        where = f" at {'.'.join(map(str, error.errors()[0]['loc']))}" if isinstance(error, ValidationError) else ""
        raise DataError(f"{path} is damaged{where}: standardise the corpora into a new folder.") from None
    return manifest


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder last; Windows does so by itself."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def write_manifest(store: Path, manifest: Manifest) -> None:
    """Puts another manifest in the place of the store's, whole or not at all."""
    raw = _MANIFEST.dump_json(manifest, indent=1) + b"\n"
    part = store / f".{MANIFEST}.part"
    with part.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    part.replace(store / MANIFEST)
    sync_folder(store)
