#!/usr/bin/env python3
"""Writes lines put together anew of the words of each writer: the hand stays, the sentence does not.

    recipes/recombine.py MODEL CORPORA/lines_copiste/train.jsonl CORPORA/lines_copiste/recombined.jsonl

A model that reads the lines says where their words stand. Writers that training holds out are left out.
"""

import argparse
import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.progress import track

from tenarai.dataset.pairs import read_pairs
from tenarai.image.clean import clean
from tenarai.image.line import straighten
from tenarai.image.read import read_picture
from tenarai.model.export import read_network
from tenarai.model.recogniser import Recogniser
from tenarai.train.cuttings import Cuttings, cut_line, recombined
from tenarai.train.maker import TrainingLine, held_out_writers

WRITERS = 16  # held out, as recipes/reader.toml holds them out
HEIGHT = 56  # pixels, as the lines that they are made of


def words_of(model: Path, lines: Path) -> dict[str, list[Cuttings]]:
    """The lines of every writer, cut between words."""
    network, header = read_network(model)
    if not isinstance(network, Recogniser):
        raise SystemExit(f"{model} reads no lines.")
    pairs = [pair for pair in read_pairs(lines) if not pair.boilerplate and pair.writer is not None]
    held = held_out_writers({pair.writer or "" for pair in pairs}, WRITERS)
    found: dict[str, list[Cuttings]] = {}
    for pair in track(pairs):
        if pair.writer in held:
            continue
        picture = clean(read_picture(pair.load())).picture
        plain = straighten(picture, header.standard.height, vertical=False, cleaned=True).picture
        cut = cut_line(TrainingLine(plain, pair.text), network.eval(), header.alphabet, header.standard)
        if cut is not None:
            found.setdefault(pair.writer or "", []).append(cut)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("lines", type=Path)
    parser.add_argument("out", type=Path, help="a .jsonl file; the pictures go into a zip of the same name")
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    words = words_of(chosen.model, chosen.lines)
    writers = [writer for writer, lines in words.items() for _ in lines]  # as often as they wrote
    rows = []
    with zipfile.ZipFile(chosen.out.with_suffix(".zip"), "w", zipfile.ZIP_STORED) as archive:
        for number in track(range(chosen.count)):
            writer = writers[int(rng.integers(len(writers)))]
            line = recombined(words[writer], rng)
            height, width = line.ink.shape
            size = (round(width * HEIGHT / height), HEIGHT)
            held = io.BytesIO()
            Image.fromarray(255 - cv2.resize(line.ink, size, interpolation=cv2.INTER_CUBIC)).save(held, "PNG")
            archive.writestr(f"{number:05}.png", held.getvalue())
            rows.append({"file": f"{number:05}.png", "text": line.text, "writer": writer, "part": "train"})
    chosen.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    print(f"{len(rows)} lines of {len(words)} writers")


if __name__ == "__main__":
    main()
