"""A look at a store: its counts in words, and a contact sheet of pictures as PNG or as one HTML file."""

import base64
import html
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tenarai.dataset.sample import Sample
from tenarai.dataset.store import Counts, evenly, saving
from tenarai.errors import DataError, SettingsError

WIDTH = 1200  # pixels of a PNG sheet
HEIGHT = 64  # pixels to which a picture is reduced on it
GAP, LABEL = 8, 16  # pixels between pictures and for the text under them
SHOWN = 10  # of the most frequent and of the rarest


def told(counts: Counts) -> str:
    """The counts as lines of text."""
    writers = Counter({f"{source} {writer}": n for (source, writer), n in counts.writers.items() if writer is not None})
    nobody = sum(n for (_, writer), n in counts.writers.items() if writer is None)
    lines = [
        f"samples   {counts.samples:>12,}",
        *_listed("kinds", counts.kinds),
        *_listed("sources", counts.sources),
        *_listed("licences", counts.licences),
        *_listed("splits", counts.splits),
        f"writers   {len(writers):>12,}" + (f"; {nobody:,} samples name none" if nobody else ""),
        *_ends(writers),
        f"characters{len(counts.characters):>12,}",
        *_ends(counts.characters),
    ]
    return "\n".join(lines)


def write_sheet(store: Path, out: Path, count: int = 200) -> int:
    """A contact sheet of up to `count` samples from evenly all over the store; the suffix of `out`, .png or .html, says
    which. Returns how many are on it.

    The HTML file shows every text under its picture. The PNG shows Latin text, and of a single other character its
    code point, because Pillow brings no font for more.
    Raises SettingsError for another suffix, DataError as `open_store` does and when `out` cannot be written.
    """
    suffix = out.suffix.lower()
    if suffix not in (".png", ".html"):
        raise SettingsError(f"A contact sheet is a .png or an .html file, not {out.name}.")
    samples = evenly(store, count)
    if not samples:
        raise DataError(f"{store} is empty: standardise a corpus into it first.")
    with saving(out.parent):
        if suffix == ".html":
            out.write_text(_page(store.name, samples), "utf-8")
        else:
            _sheet(samples).save(out)
    return len(samples)


def _listed(title: str, counted: Mapping[Any, int]) -> list[str]:
    rows = sorted(counted.items(), key=lambda row: (-row[1], str(row[0])))
    heads = [title] + [""] * len(rows)
    return [f"{head:<10}{number:>12,}  {name or 'none'}" for head, (name, number) in zip(heads, rows, strict=False)]


def _ends(counted: Mapping[str, int]) -> list[str]:
    """The most frequent and the rarest; all where they are few."""
    rows = sorted(counted.items(), key=lambda row: (-row[1], str(row[0])))
    if len(rows) <= 2 * SHOWN:
        return [f"  {_several(rows)}"] if rows else []
    return [f"  most      {_several(rows[:SHOWN])}", f"  least     {_several(rows[-SHOWN:])}"]


def _several(rows: list[tuple[str, int]]) -> str:
    return ", ".join(f"{name if name.strip() else '␣'} {number:,}" for name, number in rows)


def _reduced(sample: Sample) -> Image.Image:
    picture = Image.fromarray(sample.picture)
    scale = min(1.0, HEIGHT / picture.height, (WIDTH - 2 * GAP) / picture.width)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS) if scale < 1 else picture


def _sheet(samples: list[Sample]) -> Image.Image:
    """Rows of pictures from left to right, each with its label under it."""
    font = ImageFont.load_default(11)
    placed, x, y = [], GAP, GAP
    for sample in samples:
        picture, label = _reduced(sample), _label(sample.text)
        width = max(picture.width, 56)  # in which U+2000B fits
        while font.getlength(label) > width:
            label = label[:-1]
        if x > GAP and x + width + GAP > WIDTH:
            x, y = GAP, y + HEIGHT + LABEL + GAP
        placed.append((x, y, picture, label))
        x += width + GAP
    sheet = Image.new("L", (WIDTH, y + HEIGHT + LABEL + GAP), 224)
    pen = ImageDraw.Draw(sheet)
    for x, y, picture, label in placed:
        sheet.paste(picture, (x, y + HEIGHT - picture.height))
        pen.text((x, y + HEIGHT + 1), label, fill=0, font=font)
    return sheet


def _png(sample: Sample) -> bytes:
    file = io.BytesIO()
    _reduced(sample).save(file, "PNG")
    return file.getvalue()


def _label(text: str) -> str:
    if text.isascii():
        return text
    return f"U+{ord(text):04X}" if len(text) == 1 else ""


def _page(title: str, samples: list[Sample]) -> str:
    figures = "\n".join(_figure(sample) for sample in samples)
    return f"""<!doctype html>
<html lang="ja"><meta charset="utf-8"><title>{html.escape(title)}</title>
<style>body{{background:#e0e0e0;font:14px sans-serif}} figure{{display:inline-block;margin:4px;vertical-align:bottom}}
img{{max-height:{HEIGHT}px;max-width:100%}} small{{color:#555;display:block}}</style>
<h1>{html.escape(title)}</h1>
{figures}
</html>
"""


def _figure(sample: Sample) -> str:
    png = base64.b64encode(_png(sample)).decode()
    about = " · ".join(part for part in (sample.source, sample.name, sample.writer, sample.split) if part)
    return (
        f'<figure title="{html.escape(about)}"><img alt="" src="data:image/png;base64,{png}">'
        f"<figcaption>{html.escape(sample.text)}<small>{html.escape(sample.split or '')}</small></figcaption></figure>"
    )
