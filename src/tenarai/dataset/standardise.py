"""A corpus into the store: the same source gives the same bytes, and an interrupted run goes on where it was.

A run takes what the corpus reader gives, in its order, and writes a shard whenever it has enough. The manifest counts
how many items lie in finished shards; a run that goes on reads past that many and writes the rest. So nothing but the
shard under way can be lost, and the shards come out as if nobody had interrupted.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from tenarai.dataset import corpora
from tenarai.dataset.manifest import VERSION, Ink, Manifest, Source, write_manifest
from tenarai.dataset.sample import UNWRITTEN, Refused, Sample
from tenarai.dataset.store import (
    REFUSED,
    publish,
    read_rows,
    row_of,
    saving,
    sweep,
    table,
    write_shard,
    writing,
)
from tenarai.errors import DataError, TenaraiError
from tenarai.image.clean import find_inverted

LOOKED_AT = 32  # the polarity of so many pictures of a shard is looked at, and of one in so many of the others
LEAST_LOOKED_AT = 8  # fewer finished pictures than this say nothing about a corpus

Item = Sample | Refused


@dataclass(frozen=True, slots=True)
class ShardSize:
    """What a shard holds at most: `rows`, and `bytes` of pictures."""

    rows: int = 8192
    bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Standardised:
    """What a run did: the `source` as the store now has it under `name`, and how many samples are `new`."""

    name: str
    source: Source
    new: int

    @property
    def inverted(self) -> bool:
        """Most of the finished pictures look as if their ink were bright: the corpus is not what it was taken for."""
        return self.source.looked_at >= LEAST_LOOKED_AT and 2 * self.source.look_inverted > self.source.looked_at


def standardise(
    source: Path,
    store: Path,
    corpus: str | None = None,
    *,
    name: str | None = None,
    licence: str | None = None,
    ink: Ink | None = None,
    anew: bool = False,
    size: ShardSize | None = None,
    watch: Callable[[int], None] | None = None,
) -> Standardised:
    """Brings a corpus into a store, which is made where there is none.

    `corpus` is a name in `corpora.CORPORA`; None finds it by what the files are called. `name` is that of the source
    in the store, by default that of the file or folder, with that of a published corpus before it. `licence` and `ink`
    stand in for what the corpus says. `anew` puts what is read now in the place of a source of the same name. `watch`
    is told how many items are done.
    Raises DataError when the source is of no known corpus, is in the store with other content, or ends in damage; and
    when the store is none or cannot be written. What was finished stays.
    """
    chosen = corpora.find(source, corpus)
    if ink is not None and chosen.ink == "either":
        raise DataError(f"Of {chosen.name} the polarity is found for every picture: leave --ink out.")
    if store.resolve().is_relative_to(source.resolve()):
        raise DataError(f"The store {store} lies inside its source {source}: name a folder outside.")
    name = name or _name(chosen, source)
    start = Source(chosen.name, _identity(source, chosen.name, licence, ink), ink or chosen.ink)
    items = _items(chosen, source, name, licence, ink)
    first = list(islice(items, 1))  # a file of another type is refused here, before a store is made
    return add(store, name, start, chain(first, items), anew=anew, size=size, watch=watch)


def add(
    store: Path,
    name: str,
    start: Source,
    items: Iterable[Item],
    *,
    anew: bool = False,
    size: ShardSize | None = None,
    watch: Callable[[int], None] | None = None,
) -> Standardised:
    """Brings `items` into the store as the source `name`; `start` names their corpus and identity.

    Items must come in the same order whenever the identity is the same. Otherwise as `standardise`.
    """
    with writing(store) as manifest:
        place, known = manifest.sources, manifest.sources.get(name)
        if known is not None and known.samples and (anew or known.identity != start.identity):
            if not anew:
                raise DataError(
                    f"The store {store} has another {name}, or this one as it was before: give --anew to take this in "
                    f"its place, or --name for a name of its own."
                )
            place, known = manifest.pending, manifest.pending.get(name)
        if known is not None and known.identity != start.identity:
            known = None
        if known is None or not known.complete:
            place[name] = known or start
            _Filling(store, manifest, place, name, size or ShardSize()).take(items, watch)
            if place is manifest.pending:
                manifest.sources[name] = manifest.pending.pop(name)
            with saving(store):
                write_manifest(store, manifest)
                sweep(store, manifest)
        done = manifest.sources[name]
    return Standardised(name, done, done.samples - (known.samples if known else 0))


class _Filling:
    """The shards of one source as they are written: rows gather until they make a shard."""

    def __init__(self, store: Path, manifest: Manifest, place: dict[str, Source], name: str, size: ShardSize) -> None:
        self.store, self.manifest, self.place, self.name, self.size = store, manifest, place, name, size
        self.elsewhere: dict[str, set[str]] = {}  # names of samples in other sources, by corpus
        self.first = ""  # the first refusal, for a source that gives nothing else
        self._begin()

    def _begin(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.refusals: list[bytes] = []
        self.bytes = self.items = self.refused = self.looked_at = self.look_inverted = 0

    @property
    def source(self) -> Source:
        return self.place[self.name]

    def take(self, items: Iterable[Item], watch: Callable[[int], None] | None) -> None:
        """Every item behind those of the finished shards. Where the reader stops, what it gave before is saved."""
        behind = self.source.items
        try:
            for number, item in enumerate(islice(items, behind, None), behind + 1):
                self._put(item)
                if len(self.rows) >= self.size.rows or self.bytes >= self.size.bytes:
                    self._flush()
                if watch is not None and not number % 256:
                    watch(number)
        except TenaraiError:
            self._flush()
            raise
        refused = self.source.refused + self.refused
        self._flush()
        if not self.source.samples:
            told = f"all {refused} were refused, {self.first}" if refused else "it is empty"
            raise DataError(f"{self.name} gives no sample: {told}")
        self.place[self.name] = replace(self.source, refused=refused, complete=True)

    def _put(self, item: Item) -> None:
        self.items += 1
        reason = item.reason if isinstance(item, Refused) else _fault(item) or self._double(item)
        if reason is not None or isinstance(item, Refused):
            self._refuse(item.name, reason or "")
            return
        row = row_of(item)
        if len(self.rows) < LOOKED_AT or not len(self.rows) % LOOKED_AT:
            self.looked_at += 1
            self.look_inverted += find_inverted(item.picture)
        self.rows.append(row)
        self.bytes += len(row["picture"]["bytes"])

    def _refuse(self, name: str, reason: str) -> None:
        self.refused += 1
        self.first = self.first or f"{name} because: {reason}"
        run, shard = self.source.identity[:8], len(self.source.shards)
        line = {"source": self.name, "run": run, "shard": shard, "name": name, "reason": reason}
        self.refusals.append(json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        if len(self.refusals) >= 1024:  # a corpus that is all damage must not fill the memory
            self._record()

    def _record(self) -> None:
        with saving(self.store), (self.store / REFUSED).open("ab") as file:
            file.writelines(self.refusals)
        self.refusals = []

    def _flush(self) -> None:
        if self.refusals:
            self._record()
        if not self.rows:
            return
        with saving(self.store):
            part, shard = write_shard(self.store, self.name, len(self.source.shards), table(self.rows), self.items)
            publish(self.store, [(part, shard)])
            self.place[self.name] = replace(
                self.source,
                samples=self.source.samples + shard.rows,
                refused=self.source.refused + self.refused,
                looked_at=self.source.looked_at + self.looked_at,
                look_inverted=self.source.look_inverted + self.look_inverted,
                shards=(*self.source.shards, shard),
            )
            write_manifest(self.store, self.manifest)
        self._begin()

    def _double(self, sample: Sample) -> str | None:
        """Two sources of one corpus may overlap: a file of it, and later the folder with that file."""
        if sample.source not in self.elsewhere:
            others = [one for name, one in self.manifest.sources.items() if name != self.name]
            files = [shard.file for one in others for shard in one.shards]
            batches = read_rows(self.store, ["name"], files=files, sources=[sample.source])
            self.elsewhere[sample.source] = {name for batch in batches for name in batch.column("name").to_pylist()}
        return "The store has it from another source." if sample.name in self.elsewhere[sample.source] else None


def _fault(sample: Sample) -> str | None:
    """Why a sample cannot be a row, if it cannot."""
    if not sample.text:
        return UNWRITTEN
    if sample.picture.ndim != 2 or sample.picture.dtype != np.uint8 or not sample.picture.size:
        return "Its picture is not gray, or empty."
    try:
        f"{sample.name}{sample.text}{sample.writer}{sample.page}".encode()
    except UnicodeEncodeError:
        return "Its name or text is not valid Unicode."
    return None


def _name(corpus: corpora.Corpus, source: Path) -> str:
    own = source.resolve().name
    return f"{corpus.name}-{own}" if corpus.published and not own.lower().startswith(corpus.name) else own


def _identity(source: Path, corpus: str, licence: str | None, ink: Ink | None) -> str:
    """SHA-256 of all that the shards depend on: the bytes of every file, not their dates. With a single file go those
    beside it that differ in the suffix."""
    digest = hashlib.sha256(json.dumps([VERSION, corpus, licence, ink]).encode())
    try:
        folder = source if source.is_dir() else source.parent
        found = folder.rglob("*") if source.is_dir() else [p for p in folder.iterdir() if p.stem == source.stem]
        for path in sorted(path for path in found if path.is_file()):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
            digest.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0" + content)
    except OSError as error:
        raise DataError(f"{error.filename or source} cannot be read: {error.strerror}.") from None
    return digest.hexdigest()


def _items(corpus: corpora.Corpus, source: Path, name: str, licence: str | None, ink: Ink | None) -> Iterator[Item]:
    """What the reader gives; a collection of one's own is called as its source, for its samples to be told apart."""
    turned = ink is not None and ink != corpus.ink  # the reader has put right what was not wrong, or the reverse
    given = not corpus.published or licence is not None or turned
    for item in corpus.read(source):
        if given and isinstance(item, Sample):
            item = replace(
                item,
                picture=255 - item.picture if turned else item.picture,
                source=item.source if corpus.published else name,
                licence=item.licence if licence is None else licence,
            )
        yield item
