#!/usr/bin/env python3
"""Gathers the corpora folder that the recipes read, as docs/train.md describes it.

    recipes/corpora.py DATA CORPORA --npm node_modules --debian /usr/share/fonts

DATA holds the public training sets. Fonts come from the npm packages @fontsource/NAME (woff2, written as TrueType) and
from Debian's font packages, both installed beforehand; those that are not there are named and left out. The texts in
language/ are written by recipes/language.py.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from wordfreq import top_n_list

from tenarai.train.maker import held_out_writers

WRITERS = 16  # held out, as recipes/reader.toml holds them out
JAPANESE = "hachi-maru-pop yomogi yuji-boku yuji-syuku".split()
LATIN = (
    "alex-brush allura annie-use-your-telescope architects-daughter bad-script caveat caveat-brush cedarville-cursive "
    "coming-soon cookie corinthia courgette covered-by-your-grace crafty-girls damion dancing-script "
    "dawning-of-a-new-day delicious-handrawn delius east-sea-dokdo ephesis gaegu gamja-flower give-you-glory "
    "gloria-hallelujah gochi-hand great-vibes handlee herr-von-muellerhoff hi-melody homemade-apple indie-flower "
    "italianno itim just-me-again-down-here kalam kaushan-script kolker-brush la-belle-aurore league-script licorice "
    "loved-by-the-king mali mansalva marck-script meddon monsieur-la-doulaise montecarlo mr-de-haviland ms-madi "
    "mynerve nanum-brush-script nanum-pen-script neucha nothing-you-could-do oooh-baby over-the-rainbow parisienne "
    "patrick-hand permanent-marker pinyon-script playpen-sans playwrite-fr-moderne poor-story reenie-beanie rochester "
    "rock-salt ruthie sacramento satisfy schoolbell shadows-into-light shantell-sans short-stack smooch square-peg "
    "sriracha sue-ellen-francisco swanky-and-moo-moo tangerine the-girl-next-door vibur waiting-for-the-sunrise "
    "whisper yellowtail zeyada"
).split()
DEBIAN = {  # folder of the corpora: files of Debian's packages
    "ja": "KleeOne-* YuseiMagic-* setofont.ttf YOz*.ttf AoyagiKouzanT.ttf aoyagi-soseki.ttf kouzan-mouhitsu*.ttf",
    "latin": "dkg.ttf Breip.ttf BecauseWe* Kristi.ttf Joscelyn-* Humor-Sans.ttf TomsonTalks.ttf LeckerliOne*",
    "cursive": "KouzanBrushFontSousyo.ttf",
    "hentaigana": "ipamjm.ttf",
    "print": "ipam.ttf VL-Gothic-Regular.ttf LiberationSerif-Regular.ttf",
}
BRUSH = ("yuji-*", "AoyagiKouzanT*", "aoyagi-soseki*", "kouzan-mouhitsu*")
YOZ = 12  # of its many cuts so many, evenly along their names: five kana families over one hand of kanji


def npm_fonts(names: list[str], subset: str, weights: tuple[int, ...], packages: Path, out: Path) -> Iterator[str]:
    """Fonts of npm packages, unpacked; gives the names of those that are missing."""
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        files = [packages / "@fontsource" / name / "files" / f"{name}-{subset}-{w}-normal.woff2" for w in weights]
        files = [file for file in files if file.exists()]
        if not files:
            yield name
        for file in files:
            font = TTFont(file)
            font.flavor = None
            font.save(out / (f"{name}.ttf" if len(files) == 1 else f"{name}-{file.stem.split('-')[-2]}.ttf"))


def debian_fonts(folder: Path, out: Path) -> Iterator[str]:
    """Fonts of Debian's packages, copied; gives the patterns that nothing fits."""
    for room, patterns in DEBIAN.items():
        (out / room).mkdir(parents=True, exist_ok=True)
        for pattern in patterns.split():
            found = sorted(folder.rglob(pattern))
            if pattern.startswith("YOz"):
                found = [found[i * len(found) // YOZ] for i in range(YOZ)] if found else []
            for file in found:
                shutil.copy(file, out / room / file.name)
            if not found:
                yield pattern


def word_rows(count: int, rng: np.random.Generator) -> Iterator[str]:
    """Random rows of words of six languages, French and English twice as often as the others."""
    words = {code: top_n_list(code, 30_000) for code in ("fr", "en", "de", "es", "it", "pt")}
    codes = [*words, "fr", "en"]
    for _ in range(count):
        chosen = words[codes[int(rng.integers(len(codes)))]]
        yield " ".join(chosen[int(i)] for i in (len(chosen) ** rng.random(10)).astype(int))


def written_by_training_writers(folder: Path) -> Iterator[str]:
    rows = [json.loads(row) for row in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    held = held_out_writers({row["writer"] for row in rows}, WRITERS)
    return (row["text"] for row in rows if row["writer"] not in held and not row["boilerplate"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--npm", type=Path, required=True, help="the node_modules that holds @fontsource/...")
    parser.add_argument("--debian", type=Path, default=Path("/usr/share/fonts"))
    asked = parser.parse_args()
    out: Path = asked.corpora
    out.mkdir(parents=True, exist_ok=True)
    for name in ("text/tanaka", "text/aozora", "lines_copiste", "strokes", "kmnist_6k2k", "kuzushiji_page_boxes"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if not (out / name).exists():
            shutil.copytree(asked.data / name, out / name, copy_function=shutil.copyfile)
            (out / name).chmod(0o755)
    fonts = out / "fonts"
    lacking = [
        *npm_fonts(JAPANESE, "japanese", (400,), asked.npm, fonts / "ja"),
        *npm_fonts(LATIN, "latin", (400,), asked.npm, fonts / "latin"),
        *npm_fonts(["noto-serif-hentaigana"], "kana-extended", (300, 600), asked.npm, fonts / "hentaigana"),
        *debian_fonts(asked.debian, fonts),
    ]
    (fonts / "brush").mkdir(exist_ok=True)
    for pattern in BRUSH:
        for file in (fonts / "ja").glob(pattern):
            shutil.copy(file, fonts / "brush" / file.name)
    rows = word_rows(60_000, np.random.default_rng(1))
    (out / "text" / "words.txt").write_text("\n".join(rows) + "\n", "utf-8")
    lines = written_by_training_writers(asked.data / "lines_copiste")
    (out / "text" / "copiste.txt").write_text("\n".join(lines) + "\n", "utf-8")
    if lacking:
        print("Not installed, left out:", ", ".join(lacking))


if __name__ == "__main__":
    main()
