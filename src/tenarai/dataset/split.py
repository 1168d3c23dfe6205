"""Training, validation and test parts of a store: by writer or by page, so that nobody is on two sides.

A checksum of the writer decides, so that a writer stays where he is however many others come. The part that a corpus
itself assigns (`corpus_split`) goes before, unless it is overruled.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tenarai.dataset.manifest import Manifest, Shard, write_manifest
from tenarai.dataset.sample import Split
from tenarai.dataset.store import (
    open_store,
    publish,
    read_rows,
    read_shard,
    saving,
    sweep,
    with_split,
    write_shard,
    writing,
)
from tenarai.errors import DataError, SettingsError

Group = tuple[str, str]  # source and writer, or source and page
Followed = Mapping[Group, Split]


@dataclass(frozen=True, slots=True)
class Rule:
    """`test` and `validation` are the parts of the writers (or pages) in [0, 1); another `salt` draws others.

    `force` overrules the parts that the corpora assign.
    """

    by: Literal["writer", "page"] = "writer"
    test: float = 0.1
    validation: float = 0.1
    salt: str = ""
    force: bool = False

    def __post_init__(self) -> None:
        if not (self.test >= 0 and self.validation >= 0 and self.test + self.validation < 1):
            raise SettingsError(
                f"test and validation are parts of the whole, as 0.1, and leave some for training; they are "
                f"{self.test} and {self.validation}."
            )

    def drawn(self, group: str) -> Split:
        """The part of a writer, a page or a name. Test is taken from the low end and validation from the high one:
        changing how much the one takes leaves the other as it is."""
        digest = hashlib.sha256(f"{self.salt}\0{group}".encode()).digest()
        place = int.from_bytes(digest[:7]) / 2**56
        if place < self.test:
            return "test"
        return "validation" if place >= 1 - self.validation else "train"


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """`parts` counts the samples of each part; `kept` those that are where their corpus puts them, `by_name` those
    that tell no writer (or page) and were drawn each by its name."""

    parts: Counter[Split]
    kept: int
    by_name: int


def split_store(store: Path, rule: Rule) -> SplitCounts:
    """Writes the column `split` of every shard. All shards change together or, when it is interrupted, none.

    Takes the disk space of the store once more while it works.
    Raises DataError as `open_store` does, and when the store cannot be written.
    """
    open_store(store)  # a folder that is none must not become one
    with writing(store) as manifest:
        if not manifest.sources:
            raise DataError(f"{store} is empty: standardise a corpus into it first.")
        followed = {} if rule.force else _followed(store, rule)
        counts = SplitCounts(Counter(), 0, 0)
        parts: list[tuple[Path, Shard]] = []
        sources = {}
        try:
            for name, source in manifest.sources.items():
                shards = []
                for number, shard in enumerate(source.shards):
                    rows = read_shard(store, shard)
                    split, counts = _parts(rows, rule, followed, counts)
                    if split != rows.column("split").to_pylist():
                        with saving(store):
                            part, shard = write_shard(store, name, number, with_split(rows, split), shard.items)
                        parts.append((part, shard))
                    shards.append(shard)
                sources[name] = replace(source, shards=tuple(shards))
        except BaseException:
            for part, _ in parts:
                part.unlink(missing_ok=True)
            raise
        with saving(store):
            publish(store, parts)
            after = Manifest(sources=sources, pending=manifest.pending)
            write_manifest(store, after)
            sweep(store, after)
    return counts


def _followed(store: Path, rule: Rule) -> Followed:
    """Where the corpus puts some of a writer's samples, the rest goes there too. A writer whom it puts into several
    parts goes into training with the rest: that adds nothing of a trained hand to the test."""
    parts: dict[Group, Split] = {}
    for batch in read_rows(store, ["source", rule.by, "corpus_split"]):
        for source, group, part in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if group is not None and part is not None:
                parts[source, group] = part if parts.get((source, group), part) == part else "train"
    return parts


def _parts(rows: Any, rule: Rule, followed: Followed, counts: SplitCounts) -> tuple[list[Split], SplitCounts]:
    """The column `split` of a shard, and the counts with it."""
    kept, by_name = 0, 0
    split: list[Split] = []
    for source, name, group, part in _told(rows, rule):
        if part is not None and not rule.force:
            kept += 1
        elif group is None:
            by_name += 1
            part = rule.drawn(f"{source}\0{name}")
        else:
            part = followed.get((source, group)) or rule.drawn(group)
        split.append(part)
    counted = SplitCounts(counts.parts + Counter(split), counts.kept + kept, counts.by_name + by_name)
    return split, counted


def _told(rows: Any, rule: Rule) -> Iterator[tuple[str, str, str | None, Split | None]]:
    columns = ("source", "name", rule.by, "corpus_split")
    return zip(*(rows.column(column).to_pylist() for column in columns), strict=True)
