"""A searchable PDF, written: the picture of a page, and its text unseen where it stands, to be found and copied.

The text is drawn in mode 3, neither filled nor stroked (ISO 32000-1, 9.3.6), in the reading order of the page. It names
HeiseiMin-W3, one of the fonts of Adobe's Japanese collection that need not be embedded, in its horizontal and vertical
writing mode (UniJIS-UCS2-H and -V); which glyphs a viewer has for it does not matter, as none is seen. A ToUnicode map
says what each code means: that of JIS's characters is their Unicode, others borrow the code of a kanji.
"""

import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from tenarai.errors import DataError
from tenarai.image.read import LIMITS, PDF_DPI, Limits, read_picture
from tenarai.page.layout import Box, Direction, Line, Page

Place = tuple[str, float, float]  # text, where it starts and where it ends along its line
Picture = str | Path | bytes | npt.NDArray[np.uint8]

QUALITY = 90  # of JPEG: above what a reader's eye tells from the original
LEAST = 0.5  # pixels: no character is narrower, or a viewer would leave it out
_KANJI = range(0x4E00, 0xA000)


@dataclass(slots=True)
class _Codes:
    """The codes of the strings that are drawn, two bytes each."""

    code: dict[str, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    spare: Iterator[int] = field(default_factory=lambda: (code for code in _KANJI if _in_jis(chr(code))))

    def of(self, text: str) -> int:
        if text not in self.code:
            own = ord(text) if len(text) == 1 and not text.isspace() and _in_jis(text) else None
            self.code[text] = self._borrowed() if own is None or own in self.taken else own
            self.taken.add(self.code[text])
        return self.code[text]

    def _borrowed(self) -> int:
        free = next((code for code in self.spare if code not in self.taken), None)
        if free is None:
            raise DataError("The page has more different characters than a PDF of tenarai holds: split it.")
        return free


def _in_jis(character: str) -> bool:
    try:
        character.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return True


def write(pages: Sequence[tuple[Page, Picture | None]], dpi: float = PDF_DPI, limits: Limits = LIMITS) -> bytes:
    """A PDF with a page for each page and its picture: a path, the bytes of a file, or an array `(height, width)` or
    `(height, width, 3)` RGB of uint8. `dpi` says how large a pixel is on paper. JPEG pictures are put in as they are.

    A page whose picture is None has its text alone. Raises PictureError for what is no picture, DataError for a page
    without width and height, ModuleNotFoundError without pypdf.
    """
    from pypdf import PdfWriter

    document = PdfWriter()
    document.add_metadata({"/Producer": "tenarai"})
    for page, picture in pages:
        _add(document, page, picture, 72 / dpi, limits)
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()


def _add(document: Any, page: Page, picture: Picture | None, scale: float, limits: Limits) -> None:
    if page.width < 1 or page.height < 1:
        raise DataError(
            f"The page {page.source} has no size, which a PDF needs: give a layout with its picture's size."
        )
    sheet = document.add_blank_page(page.width * scale, page.height * scale)
    codes = _Codes()
    # Pixels from the bottom left. A page turned upside down by its matrix confuses viewers about what a line is.
    drawn = [f"q {scale:.6g} 0 0 {scale:.6g} 0 0 cm"]
    resources: dict[str, Any] = {}
    if picture is not None:
        resources["/XObject"] = {"/Page": document._add_object(_image(picture, limits))}
        drawn.append(f"q {page.width} 0 0 {page.height} 0 0 cm /Page Do Q")
    drawn += ["BT 3 Tr", *(row for line in page.lines for row in _line(line, page.height, codes)), "ET Q"]
    resources["/Font"] = {"/H": _font(document, "horizontal", codes), "/V": _font(document, "vertical", codes)}
    content = document._add_object(_stream("\n".join(drawn).encode()))
    sheet.update(_object({"/Contents": content, "/Resources": resources}))


def _line(line: Line, height: int, codes: _Codes) -> Iterator[str]:
    """Draws a line in pieces, each stretched to the next one: a gap would be copied as a space or a new line."""
    down = line.direction == "vertical"
    places = _places(line)
    if places:
        yield f"/{'V' if down else 'H'} 1 Tf"
    for piece in _pieces(places):
        start = piece[0][1]
        along = max((piece[-1][2] - start) / len(piece), LEAST)
        if down:
            # The origin of a vertical character is the middle of its upper side.
            x, y, width, tall = (line.box.left + line.box.right) / 2, start, line.box.width, along
        else:
            # Its feet stand a little above the lower side of the line, as 0.12 of the font lies below them.
            x, y, width, tall = start, line.box.bottom - 0.12 * line.box.height, along, line.box.height
        drawn = "".join(f"{codes.of(text):04X}" for text, _, _ in piece)
        yield f"{max(width, LEAST):.6g} 0 0 {max(tall, LEAST):.6g} {x:.6g} {height - y:.6g} Tm <{drawn}> Tj"


def _pieces(places: list[Place]) -> Iterator[list[Place]]:
    """Two or three characters each. From a single one PDFium (Chrome) cannot tell which way the text runs, and columns
    of one piece that begin at the same height it takes for a row, from left to right: that is why a line of four
    characters is two pieces."""
    while places:
        size = 3 if len(places) == 3 else 2
        yield places[:size]
        places = places[size:]


def _places(line: Line) -> list[Place]:
    """Each character of a line with where it starts and ends along it: at its box where characters spell the line and
    follow each other, else evenly."""
    down = line.direction == "vertical"
    begin, end = (line.box.top, line.box.bottom) if down else (line.box.left, line.box.right)
    if "".join(c.text for c in line.characters) == line.text and all(c.text for c in line.characters):
        texts = [c.text for c in line.characters]
        starts = [c.box.top if down else c.box.left for c in line.characters]
    else:
        texts, starts = _clusters(line.text), []
    if not texts:
        return []
    if not starts or any(b - a < LEAST for a, b in pairwise(starts)):
        step = max((end - begin) / max(1, len(texts)), LEAST)
        starts = [begin + step * place for place in range(len(texts))]
        end = begin + step * len(texts)
    else:
        last: Box = line.characters[-1].box
        end = max(last.bottom if down else last.right, starts[-1] + LEAST)
    return list(zip(texts, starts, [*starts[1:], end], strict=True))


def _clusters(text: str) -> list[str]:
    """Characters with the marks that stand on them."""
    found: list[str] = []
    for character in text:
        if found and unicodedata.combining(character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _image(picture: Picture, limits: Limits) -> Any:
    """The picture as an image of a PDF, in JPEG."""
    data, size, colours = _jpeg(picture, limits)
    image = _stream(data, packed=False)
    about = {
        "/Type": "/XObject", "/Subtype": "/Image", "/Width": size[0], "/Height": size[1],
        "/ColorSpace": "/DeviceGray" if colours == "L" else "/DeviceRGB", "/BitsPerComponent": 8,
        "/Filter": "/DCTDecode",
    }  # fmt: skip
    image.update(_object(about))
    return image


def _jpeg(picture: Picture, limits: Limits) -> tuple[bytes, tuple[int, int], str]:
    """JPEG bytes, width and height, and L or RGB."""
    if isinstance(picture, np.ndarray):
        image: Image.Image = Image.fromarray(picture)
    else:
        gray = read_picture(picture, limits=limits)  # refuses what is no picture, or too large, before Pillow opens it
        data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
        if b"%PDF-" in data[:1024]:
            image = Image.fromarray(gray)
        else:
            with Image.open(io.BytesIO(data)) as opened:
                turned = opened.getexif().get(0x0112, 1) != 1
                if opened.format == "JPEG" and opened.mode in ("L", "RGB") and not turned:
                    return data, opened.size, opened.mode
                plain = opened.mode in ("L", "RGB", "P") and "transparency" not in opened.info
                # Depths and transparency are a matter of their own, which the gray picture has settled.
                image = ImageOps.exif_transpose(opened).convert("RGB") if plain else Image.fromarray(gray)
    image = image if image.mode in ("L", "RGB") else image.convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue(), image.size, image.mode


def _font(document: Any, direction: Direction, codes: _Codes) -> Any:
    """The font of Adobe's Japanese collection in a writing mode, every character one em wide and high."""
    encoding = "UniJIS-UCS2-V" if direction == "vertical" else "UniJIS-UCS2-H"
    about = {
        "/Type": "/FontDescriptor", "/FontName": "/HeiseiMin-W3", "/Flags": 4, "/FontBBox": [0, -120, 1000, 880],
        "/ItalicAngle": 0, "/Ascent": 880, "/Descent": -120, "/CapHeight": 700, "/StemV": 80,
    }  # fmt: skip
    descendant = {
        "/Type": "/Font", "/Subtype": "/CIDFontType0", "/BaseFont": "/HeiseiMin-W3", "/DW": 1000, "/DW2": [880, -1000],
        "/CIDSystemInfo": {"/Registry": "Adobe", "/Ordering": "Japan1", "/Supplement": 4},
        "/FontDescriptor": document._add_object(_object(about)),
    }  # fmt: skip
    font = {
        "/Type": "/Font", "/Subtype": "/Type0", "/BaseFont": f"/HeiseiMin-W3-{encoding}", "/Encoding": f"/{encoding}",
        "/DescendantFonts": [document._add_object(_object(descendant))],
        "/ToUnicode": document._add_object(_stream(_to_unicode(codes.code))),
    }  # fmt: skip
    return document._add_object(_object(font))


def _to_unicode(codes: dict[str, int]) -> bytes:
    """A CMap from codes to UTF-16, at most a hundred in a block (Adobe technical note 5411)."""
    rows = [
        f"<{code:04X}> <{text.encode('utf-16-be', 'replace').hex().upper()}>"
        for text, code in sorted(codes.items(), key=lambda item: item[1])
    ]
    blocks = [rows[i : i + 100] for i in range(0, len(rows), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /tenarai-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\nendcmap\n"
        "CMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


def _object(value: Any) -> Any:
    """A plain value as pypdf has it; text that begins with a slash is a name."""
    from pypdf import generic

    match value:
        case generic.PdfObject():
            return value
        case dict():
            return generic.DictionaryObject({generic.NameObject(key): _object(said) for key, said in value.items()})
        case list():
            return generic.ArrayObject(map(_object, value))
        case str():
            return generic.NameObject(value) if value.startswith("/") else generic.TextStringObject(value)
    return generic.NumberObject(value)


def _stream(data: bytes, packed: bool = True) -> Any:
    from pypdf.generic import DecodedStreamObject

    stream = DecodedStreamObject()
    stream.set_data(data)
    return stream.flate_encode() if packed else stream
