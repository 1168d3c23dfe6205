#!/usr/bin/env python3
"""Writes the texts that the shipped language models learn from, and those that are held out to measure them.

    recipes/language.py TEXTS --corpora DIR --debian DIR

The corpora folder is that of docs/train.md; DEBIAN holds the unpacked packages stardict-xmlittre, debian-handbook and
gnome-user-docs. What each is and its licence: NOTICE and docs/decoding.md.
"""

import argparse
import gzip
import html
import json
import lzma
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from wordfreq import iter_wordlist, word_frequency

from tenarai.synth.words import read_texts
from tenarai.text.alphabet import default_alphabet
from tenarai.train.maker import held_out_writers

SENTENCES, PARAGRAPHS, LATIN = 50, 200, 200  # one in so many is held out
LITTRE = 8  # one in so many of its paragraphs is taken: more of them, and other texts count for nothing
WRITERS = 16  # held out, as recipes/reader.toml holds them out
WORDS = {"fr": 60_000, "en": 30_000}
A_ROW = 12  # words
LONGEST = 400  # characters of a line
KNOWN = frozenset(default_alphabet().characters)

_TAG = re.compile(r"<[^>]*>")
_QUOTED = re.compile(r'<span foreground="#0000CD">(.*?)</span>')
_SPAN = re.compile(r"<span.*?</span>")
_PARAGRAPH = re.compile(r'<(?:p\b|title|h\d|div class="para")[^>]*>(.*?)</(?:p|title|h\d|div)>', re.S)
_LEFT_ALONE = re.compile(r"<(pre|code|script|style|cmd|file|key|keyseq|gui|guiseq)\b.*?</\1>", re.S)
_TIDY = str.maketrans("’‘“”–—\u00a0\u202f", "''\"\"--  ") | {ord("…"): "..."}


def tanaka_japanese(path: Path) -> list[str]:
    """Sentences without the spaces of their splitting, in the forms that the reader writes."""
    return list(read_texts([path], "", "".join(KNOWN)).japanese)


def tanaka_english(path: Path) -> Iterator[str]:
    """Sentences put together from lower-case tokens."""
    for row in lzma.decompress(path.read_bytes()).decode("utf-8").splitlines():
        text = re.sub(r" (?=[.,!?;:'])|(?<=[$]) ", "", row)
        text = re.sub(r"\bi\b", "I", text)
        yield text[:1].upper() + text[1:]


def copiste(path: Path, held: bool) -> Iterator[str]:
    """Lines of the writers that training holds out, or of all others. Lines that both wrote go to neither side."""
    rows = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
    writers = held_out_writers({row["writer"] for row in rows}, WRITERS)
    rows = [row for row in rows if not row["boilerplate"]]
    shared = {row["text"] for row in rows if row["writer"] in writers} & {
        row["text"] for row in rows if row["writer"] not in writers
    }
    return (row["text"] for row in rows if (row["writer"] in writers) == held and row["text"] not in shared)


def littre(path: Path) -> Iterator[str]:
    """Definitions and quotations of Littré's dictionary, from the 17th century on: what is older is left out."""
    for entry in re.split(r"<i><small>\(", gzip.decompress(path.read_bytes()).decode("utf-8")):
        modern = entry.split("<b><big>HISTORIQUE", 1)[0].split("<b><big>ÉTYMOLOGIE", 1)[0]
        for row in modern.splitlines():
            yield from _QUOTED.findall(row)
            yield _TAG.sub("", _SPAN.sub("", row))


def pages(folder: Path, pattern: str) -> Iterator[str]:
    """Paragraphs of HTML or Mallard pages, without code and buttons."""
    for path in sorted(folder.rglob(pattern)):
        body = _LEFT_ALONE.sub("", path.read_text("utf-8", "replace"))
        yield from (_TAG.sub("", paragraph) for paragraph in _PARAGRAPH.findall(body))


def words(language: str, count: int, rng: np.random.Generator) -> Iterator[str]:
    """Rows of the most frequent words, more frequent ones more often."""
    listed = [word for word, _ in zip(iter_wordlist(language), range(count), strict=False)]
    listed = [word for word in listed if KNOWN.issuperset(word) and any(map(str.isalpha, word))]
    often = np.maximum(1, np.rint([1e6 * word_frequency(word, language) for word in listed]) ** 0.5).astype(int)
    many = [word for word, times in zip(listed, often, strict=True) for _ in range(times)]
    rng.shuffle(many)
    many = [word.title() if rng.random() < 0.1 else word for word in many]
    yield from (" ".join(many[i : i + A_ROW]) for i in range(0, len(many), A_ROW))


def tidy(lines: Iterable[str]) -> Iterator[str]:
    """Single spaces, plain quotes and dashes; lines that the reader could write."""
    for line in lines:
        line = " ".join(html.unescape(line).translate(_TIDY).split())
        if len(line) > 8 and KNOWN.issuperset(line) and sum(map(str.isalpha, line)) > 0.6 * len(line):
            yield line[:LONGEST]


def write(folder: Path, name: str, lines: Iterable[str], one_in: int = 0) -> None:
    """A text, and beside it the lines that are held out of it."""
    kept, held = [], []
    for number, line in enumerate(lines):
        (held if one_in and number % one_in == 0 else kept).append(line)
    for part, rows in (("", kept), (".held-out", held)):
        if rows:
            (folder / f"{name}{part}.txt").write_text("\n".join(rows) + "\n", "utf-8")
            print(f"{name}{part}.txt: {len(rows):,} lines, {sum(map(len, rows)):,} characters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, help="folder to write the texts into")
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--debian", type=Path, required=True)
    asked = parser.parse_args()
    asked.texts.mkdir(parents=True, exist_ok=True)
    data, debian, rng = asked.corpora, asked.debian, np.random.default_rng(0)
    handbook, gnome = (debian / "usr/share" / place for place in ("doc/debian-handbook/html", "help"))
    write(asked.texts, "tanaka-ja", tanaka_japanese(data / "text/tanaka/train.ja.xz"), SENTENCES)
    write(
        asked.texts,
        "aozora",
        read_texts([data / "text/aozora/aozora_sample.txt.xz"], "", "".join(KNOWN)).japanese,
        PARAGRAPHS,
    )
    write(asked.texts, "tanaka-en", tidy(tanaka_english(data / "text/tanaka/train.en.xz")), LATIN)
    write(asked.texts, "copiste", copiste(data / "lines_copiste/train.jsonl", held=False))
    write(asked.texts, "copiste.held-out", copiste(data / "lines_copiste/train.jsonl", held=True))
    dictionary = tidy(littre(debian / "usr/share/stardict/dic/XMLittre.dict.dz"))
    write(asked.texts, "littre", islice(dictionary, 0, None, LITTRE), LATIN)
    for name, language, locale in (("fr", "fr-FR", "fr"), ("en", "en-US", "C")):
        write(asked.texts, f"handbook-{name}", tidy(pages(handbook / language, "*.html")), LATIN)
        write(asked.texts, f"gnome-{name}", tidy(pages(gnome / locale, "*.page")), LATIN)
        write(asked.texts, f"words-{name}", words(name, WORDS[name], rng))


if __name__ == "__main__":
    main()
