"""The one store: every corpus as Parquet files, which open without tenarai.

    STORE/manifest.json                          the sources, their shards with checksums and counts
    STORE/refused.jsonl                          what of the sources gave no sample, and why
    STORE/data/ETL9G_01-00000-1f6c0a9b.parquet   a shard: source, number, the first of its SHA-256

A shard is written under a hidden name, synced, and renamed; then the manifest is replaced in one step. Whenever the
power goes, the manifest therefore tells of whole shards only, and the next run sweeps up what it does not list.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tenarai.dataset.manifest import (
    DATA,
    MANIFEST,
    SHARD,
    Manifest,
    Shard,
    read_manifest,
    sync_folder,
    write_manifest,
)
from tenarai.dataset.sample import Sample, Split
from tenarai.errors import DataError

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset
    import pyarrow.parquet as pq
except ModuleNotFoundError:
    raise DataError('The store needs the package pyarrow: run pip install "tenarai[dataset]".') from None

try:
    import fcntl
except ModuleNotFoundError:  # Windows: two runs at once on one store are then the user's own care
    fcntl = None  # type: ignore[assignment]

REFUSED = "refused.jsonl"
_PART = re.compile(r"\..*\.part")
ROW_GROUP = 1024  # rows that a reader has in memory at a time

_TEXTS = ("text", "kind", "direction", "writer", "page", "source", "name", "split", "corpus_split", "licence")
_FEATURES = {
    "picture": {"_type": "Image"},
    **{name: {"dtype": "string", "_type": "Value"} for name in _TEXTS},
    # "Sequence" is the name of a list that every version of HuggingFace datasets reads.
    "box": {"feature": {"dtype": "int32", "_type": "Value"}, "_type": "Sequence"},
}
SCHEMA = pa.schema(
    [
        pa.field("picture", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        pa.field("box", pa.list_(pa.int32())),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)
_PLAIN = [*_TEXTS, "box.list.element", "picture.path"]  # the Parquet columns beside the PNG files


@dataclass(frozen=True, slots=True)
class Counts:
    """How many samples there are of each: `characters` counts every character of every text, `writers` are (source,
    writer), and None stands for samples that tell none."""

    samples: int
    characters: Counter[str]
    kinds: Counter[str]
    writers: Counter[tuple[str, str | None]]
    splits: Counter[str | None]
    sources: Counter[str]
    licences: Counter[str]


def open_store(store: Path, *, whole: bool = False) -> Manifest:
    """What the store says of itself; `whole` also compares every shard with its checksum.

    Raises DataError when it is no store, of another version, or its manifest or a shard is missing or damaged.
    """
    manifest = read_manifest(store)
    for shard in manifest.shards():
        path = store / shard.file
        try:
            sound = path.stat().st_size == shard.bytes and (not whole or _sha256(path) == shard.sha256)
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}): standardise its corpus again.") from None
        if not sound:
            raise DataError(f"{path} is not as it was written: remove the store and standardise its corpora again.")
    return manifest


def read_store(
    store: Path, *, splits: Sequence[Split] = (), sources: Sequence[str] = (), kinds: Sequence[str] = ()
) -> Iterator[Sample]:
    """The samples of a store in its order, one row group in memory at a time; () chooses all.

    Raises DataError as `open_store` does, and at a shard or picture that is damaged.
    """
    for batch in read_rows(store, SCHEMA.names, splits=splits, sources=sources, kinds=kinds):
        for row in batch.to_pylist():
            yield _sample(store, row)


def read_rows(
    store: Path,
    columns: Sequence[str],
    *,
    files: Sequence[str] | None = None,
    splits: Sequence[str] = (),
    sources: Sequence[str] = (),
    kinds: Sequence[str] = (),
) -> Iterator[Any]:
    """The rows chosen as in `read_store`, of `files` where given, as pyarrow record batches of `columns`."""
    if files is None:
        files = [shard.file for shard in open_store(store).shards()]
    chosen = None
    for column, values in (("split", splits), ("source", sources), ("kind", kinds)):
        if values:
            wanted = pc.field(column).isin(list(values))
            chosen = wanted if chosen is None else chosen & wanted
    if not files:
        return
    with _reading(store):
        rows = pa.dataset.dataset([store / file for file in files], SCHEMA, format="parquet")
        # Reading ahead would hold several shards in memory.
        yield from rows.to_batches(
            columns=list(columns), filter=chosen, batch_size=256, batch_readahead=1, fragment_readahead=1
        )


def count(store: Path) -> Counts:
    """What is in a store, from its small columns."""
    columns = ("text", "kind", "writer", "split", "source", "licence")
    whole = Counts(0, *(Counter() for _ in range(6)))
    samples = 0
    for batch in read_rows(store, columns):
        samples += len(batch)
        text, kind, writer, split, source, licence = (batch.column(name).to_pylist() for name in columns)
        for characters, times in Counter(text).items():
            for character in characters:
                whole.characters[character] += times
        whole.kinds.update(kind)
        whole.writers.update(zip(source, writer, strict=True))
        whole.splits.update(split)
        whole.sources.update(source)
        whole.licences.update(licence)
    return Counts(samples, whole.characters, whole.kinds, whole.writers, whole.splits, whole.sources, whole.licences)


def evenly(store: Path, count: int) -> list[Sample]:
    """Up to `count` samples from all over the store, reading few row groups."""
    groups = [
        (shard.file, group) for shard in open_store(store).shards() for group in range(-(-shard.rows // ROW_GROUP))
    ]
    if not groups:
        return []
    samples = []
    places = np.unique(np.linspace(0, len(groups) - 1, min(24, len(groups))).astype(int))
    for number, place in enumerate(places):
        file, group = groups[place]
        with _reading(store):
            rows = pq.ParquetFile(store / file).read_row_group(group)
        wanted = (number + 1) * count // len(places) - number * count // len(places)
        chosen = np.unique(np.linspace(0, len(rows) - 1, min(wanted, len(rows))).astype(int))
        samples += [_sample(store, row) for row in rows.take(chosen).to_pylist()]
    return samples


def row_of(sample: Sample) -> dict[str, Any]:
    """The row of SCHEMA that a sample becomes, its picture a gray PNG."""
    png = cv2.imencode(".png", sample.picture, _PNG)[1].tobytes()
    row = {name: getattr(sample, name) for name in _TEXTS if name != "corpus_split"}
    return row | {"picture": {"bytes": png, "path": None}, "corpus_split": sample.split, "box": sample.box}


def table(rows: Sequence[dict[str, Any]]) -> Any:
    """The pyarrow table of such rows."""
    return pa.Table.from_pylist(rows, SCHEMA)


def with_split(rows: Any, split: Sequence[str]) -> Any:
    """The table with another column `split`."""
    place = SCHEMA.get_field_index("split")
    return rows.set_column(place, SCHEMA.field(place), pa.array(split, pa.string()))


def read_shard(store: Path, shard: Shard) -> Any:
    """The pyarrow table of one shard."""
    with _reading(store):
        return pq.read_table(store / shard.file, schema=SCHEMA)


# Without filters and by run lengths: over twice as fast as the default and smaller, on characters and lines alike.
_PNG = [
    *(cv2.IMWRITE_PNG_COMPRESSION, 1),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
    *(getattr(cv2, "IMWRITE_PNG_FILTER", 19), 8),  # no filter; OpenCV before 4.12 does not know it and passes it over
]


def _sample(store: Path, row: dict[str, Any]) -> Sample:
    png = np.frombuffer(row["picture"]["bytes"] or b"", np.uint8)
    picture = cv2.imdecode(png, cv2.IMREAD_GRAYSCALE) if len(png) else None
    if picture is None:
        raise DataError(f"{store}: the picture of {row['source']} {row['name']} is damaged: standardise it again.")
    told = {name: row[name] for name in _TEXTS if name != "corpus_split"}
    return Sample(picture=np.asarray(picture, np.uint8), box=None if row["box"] is None else tuple(row["box"]), **told)


@contextmanager
def _reading(store: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        told = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"{store} has a damaged shard ({told}): remove the store and standardise again.") from None


# Writing: what standardise and split do it with.


@contextmanager
def writing(store: Path) -> Iterator[Manifest]:
    """The store, made if it is new, swept of what an interrupted run left, and kept from other runs meanwhile."""
    with ExitStack() as stack:
        with saving(store):
            store.mkdir(parents=True, exist_ok=True)
            if fcntl is not None:
                folder = os.open(store, os.O_RDONLY)
                stack.callback(os.close, folder)
                try:
                    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise DataError(f"Another run is writing {store}: wait until it is done.") from None
            if not (store / MANIFEST).exists():
                if any(not _PART.fullmatch(path.name) for path in store.iterdir()):
                    raise DataError(f"{store} holds other files and no {MANIFEST}: name a new folder for the store.")
                write_manifest(store, Manifest())
            (store / DATA).mkdir(exist_ok=True)
            manifest = open_store(store)
            sweep(store, manifest)
        yield manifest


@contextmanager
def saving(store: Path) -> Iterator[None]:
    """A full disk or a forbidden folder becomes one sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(
            f"{store} cannot be written ({reason}): see to it and run the same again; what was finished is kept."
        ) from None


def write_shard(store: Path, name: str, number: int, rows: Any, items: int) -> tuple[Path, Shard]:
    """A shard under a hidden name, synced; `publish` gives it its name."""
    safe = re.sub(r"[^\w.-]", "_", name)
    stem = f"{safe}-{number:05d}"
    part = store / DATA / f".{stem}.part"
    try:
        with part.open("wb") as file:
            compression = dict.fromkeys(_PLAIN, "zstd") | {"picture.bytes": "none"}  # a PNG is compressed already
            # Statistics of the pictures would put two whole PNGs of every row group into the footer.
            pq.write_table(
                rows, file, ROW_GROUP, compression=compression, use_dictionary=_PLAIN, write_statistics=_PLAIN
            )
            file.flush()
            os.fsync(file.fileno())
        digest = _sha256(part)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return part, Shard(f"{DATA}/{stem}-{digest[:8]}.parquet", len(rows), items, part.stat().st_size, digest)


def publish(store: Path, parts: Sequence[tuple[Path, Shard]]) -> None:
    """Gives shards their names, for a manifest that lists them to follow."""
    for part, shard in parts:
        part.replace(store / shard.file)
    sync_folder(store / DATA)


def sweep(store: Path, manifest: Manifest) -> None:
    """Removes shards that the manifest does not list and the refusals of what was not finished."""
    listed = manifest.files()
    for path in (*store.iterdir(), *(store / DATA).iterdir()):
        shard = path.parent.name == DATA and re.fullmatch(SHARD, path.name)
        if _PART.fullmatch(path.name) or (shard and f"{DATA}/{path.name}" not in listed):
            path.unlink()
    path = store / REFUSED
    part = store / f".{REFUSED}.part"
    if path.exists():
        with path.open("rb") as old, part.open("wb") as new:
            new.writelines(_finished(old, manifest))
        if part.stat().st_size == path.stat().st_size:
            part.unlink()
        else:
            part.replace(path)


def _finished(lines: Iterable[bytes], manifest: Manifest) -> Iterator[bytes]:
    runs = [*manifest.sources.items(), *manifest.pending.items()]
    done = {(name, one.identity[:8]): float("inf") if one.complete else len(one.shards) for name, one in runs}
    for line in lines:
        try:
            row = json.loads(line)
            if row["shard"] < done.get((row["source"], row["run"]), 0):
                yield line
        except (ValueError, KeyError, TypeError):
            continue  # the line at which an interrupted run stopped


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
