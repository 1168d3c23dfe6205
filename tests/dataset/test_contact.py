"""What `dataset show` says and draws."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from store_samples import START, samples

from tenarai.dataset.contact import HEIGHT, WIDTH, told, write_sheet
from tenarai.dataset.sample import Sample
from tenarai.dataset.standardise import add
from tenarai.dataset.store import count
from tenarai.errors import DataError, SettingsError


def test_the_counts_in_words(tmp_path: Path) -> None:
    classes = [chr(0x4E00 + n) for n in range(30)]
    picture = np.full((8, 8), 255, np.uint8)
    many = [
        Sample(f"{n}-{m}", picture, character, "set", "character", licence="CC0")
        for n, character in enumerate(classes)
        for m in range(n + 1)
    ]
    add(tmp_path / "s", "set", START, many)
    words = told(count(tmp_path / "s"))
    assert re.search(r"^samples +465$", words, re.M) and re.search(r"^characters +30$", words, re.M)
    assert re.search(rf"^  most +{classes[29]} 30, {classes[28]} 29, ", words, re.M)
    assert re.search(rf"^  least .* {classes[1]} 2, {classes[0]} 1$", words, re.M)
    assert re.search(r"^splits +465  none$", words, re.M) and re.search(r"^licences +465  CC0$", words, re.M)
    assert re.search(r"^writers +0; 465 samples name none$", words, re.M)


def test_a_sheet_as_png(tmp_path: Path) -> None:
    wide = replace(next(samples(1)), picture=np.full((300, 5000), 255, np.uint8), name="wide", text="long " * 100)
    add(tmp_path / "s", "set", START, [*samples(60), wide])
    assert write_sheet(tmp_path / "s", tmp_path / "sheet.png", 61) == 61
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == WIDTH and sheet.height > 3 * HEIGHT
        pixels = np.asarray(sheet)
    first = next(samples(1)).picture
    # The first picture stands whole at the left, on the line on which all pictures of a row stand.
    np.testing.assert_array_equal(pixels[8 + HEIGHT - first.shape[0] : 8 + HEIGHT, 8 : 8 + first.shape[1]], first)


def test_a_sheet_as_one_html_file(tmp_path: Path) -> None:
    hostile = replace(next(samples(1)), text='<script>alert("1")</script>', name='"><script>')
    add(tmp_path / "s", "set", START, [hostile, *list(samples(20))[1:]])
    assert write_sheet(tmp_path / "s", tmp_path / "sheet.html", 15) == 15
    page = (tmp_path / "sheet.html").read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page and "漢" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    pictures = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == 15
    with Image.open(io.BytesIO(base64.b64decode(pictures[0]))) as image:
        np.testing.assert_array_equal(np.asarray(image), hostile.picture)


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    add(tmp_path / "s", "set", START, samples(3))
    with pytest.raises(SettingsError, match=r"\.png or an \.html"):
        write_sheet(tmp_path / "s", tmp_path / "sheet.pdf")
    with pytest.raises(DataError, match="cannot be written"):
        write_sheet(tmp_path / "s", tmp_path / "nowhere" / "sheet.png")
