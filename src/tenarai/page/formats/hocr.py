"""hOCR (Breuel 2007, version 1.2): HTML that says where its text stands. Read and written.

Elements are found by their class, whatever their name. Kept are regions with their kind, lines, characters (or words,
where there are no characters), text, confidence, polygon and direction: a vertical line states `textangle 270` and the
writing mode of CSS. Numbers are whole pixels and hundredths, as the specification has them; alternatives and notes are
left out. White space is that of HTML: a run of it is one space, none at either end; the wide space of Japanese is text.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from tenarai.errors import DataError
from tenarai.page.formats.document import Element, xml_of
from tenarai.page.formats.shape import box_around, likely_direction, number_of, outline, points_text, share_of
from tenarai.page.layout import UNSIZED, Box, Character, Direction, Line, Page, Point, Region

NAMESPACE = "http://www.w3.org/1999/xhtml"
_NAMES: Any = {None: NAMESPACE}
_AREAS = {"ocr_carea", "ocrx_block"}
_LINES = {"ocr_line", "ocrx_line", "ocr_header", "ocr_caption", "ocr_textfloat"}  # Tesseract has all but the second
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|;|[^\s;]+")
_IS_PAGE = re.compile(rb"class\s*=\s*[\"'][^\"'<>]*\bocr_page\b")
HEAD = 4096  # bytes within which a document says in what encoding it is; the standard asks for 1024
_XML_ENCODING = re.compile(rb"\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")
_CHARSET = re.compile(rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Python has more codecs than documents have encodings.
_CODEC = re.compile(r"utf-8|ascii|cp\d+|shift_jis\w*|euc_\w+|iso\w+(-\d+)?|koi8-\w|mac-\w+|gb\w+|big5\w*")
# What Python does not call so, and what cannot be true of a document whose declaration could be read.
_LABELS = {"x-sjis": "cp932", "windows-31j": "cp932", "x-euc-jp": "euc_jp"} | dict.fromkeys(
    ("utf-16", "utf-16le", "utf-16be"), "utf-8"
)
_WIDER = {"shift_jis": "cp932", "ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gbk", "euc_kr": "cp949"}
_SPACE = re.compile(r"[ \t\n\r\f]+")
_JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")  # kana and kanji

Properties = dict[str, list[str]]


def recognises(data: bytes) -> bool:
    """Whether a file is hOCR: HTML or XML with a page of it."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" and _IS_PAGE.search(data) is not None


def read(data: bytes, name: str) -> list[Page]:
    """The pages of an hOCR document. Lines without a place are counted in the note "lines left out". Raises DataError
    if there is no page in it."""
    root = _root(data, name)
    joined = any(e.get("name") == "ocr-system" and e.get("content", "").startswith("tenarai") for e in root.iter())
    pages = [_page(element, joined) for element in root.iter() if "ocr_page" in _classes(element)]
    if not pages:
        raise DataError(f"{name} is no hOCR: it has no element of the class ocr_page.")
    return pages


def _root(data: bytes, name: str) -> Element:
    encoding = _encoding(data, name)
    # What a meta element says of the bytes, XML does not know.
    plain = data if _XML_ENCODING.match(data) else _transcoded(data, encoding, name)
    try:
        return xml_of(plain, name)
    except DataError:
        pass  # plain HTML, or XHTML with entities such as &nbsp;
    parser = etree.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        root: Element | None = etree.fromstring(_transcoded(data, encoding, name), parser)
    except (etree.LxmlError, ValueError) as error:
        raise DataError(f"{name} is not valid HTML ({error}): write or download it again.") from None
    if root is None:
        raise DataError(f"{name} is not valid HTML: write or download it again.")
    return root


def _encoding(data: bytes, name: str) -> str:
    """The encoding that a document declares, by Python's name: in its XML declaration or a meta element, UTF-8 where it
    has neither. As browsers do, more is read than was declared where the name stands for less (WHATWG, Encoding)."""
    said = None if data.startswith(b"\xef\xbb\xbf") else _XML_ENCODING.match(data) or _CHARSET.search(data[:HEAD])
    label = said[1].decode("ascii") if said else "utf-8"
    try:
        found = codecs.lookup(_LABELS.get(label.lower(), label)).name
    except LookupError:
        found = ""
    if not _CODEC.fullmatch(found):
        raise DataError(f"{name} declares the encoding {label!r}, which is not known: save it as UTF-8.")
    return _WIDER.get(found, found)


def _transcoded(data: bytes, encoding: str, name: str) -> bytes:
    """The document in UTF-8, whatever it says of itself."""
    try:
        return data.decode(encoding).encode()
    except UnicodeError:
        raise DataError(f"{name} has bytes that are no {encoding}: save it as UTF-8, and declare that.") from None


def _classes(element: Element) -> set[str]:
    return set(element.get("class", "").split())


def _properties(element: Element) -> Properties:
    """What `title` says: `bbox 0 0 9 9; image "a; b.png"` -> {"bbox": ["0", ...], "image": ["a; b.png"]}."""
    found: Properties = {}
    words: list[str] = []
    for token in [*_TOKEN.findall(element.get("title", "")), ";"]:
        if token != ";":
            words.append(token)
            continue
        if words:
            found[words[0]] = [w[1:-1] if len(w) > 1 and w[0] == w[-1] and w[0] in "\"'" else w for w in words[1:]]
        words = []
    return found


def _page(element: Element, joined: bool) -> Page:
    own = _properties(element)
    areas: dict[Element | None, list[Line]] = {}
    lost = 0
    for found in element.iterdescendants():
        classes = _classes(found)
        if classes & _AREAS:
            areas.setdefault(found, [])
        elif classes & _LINES:
            area = next((e for e in found.iterancestors() if _classes(e) & (_AREAS | {"ocr_page"})), None)
            area = None if area is element else area
            try:
                areas.setdefault(area, []).append(_line(found, joined))
            except DataError:
                lost += 1
    regions = [_region(area, lines) for area, lines in areas.items()]
    known = [region for region in regions if region is not None]
    notes: list[tuple[str, str | float]] = [("lines left out", float(lost))] if lost else []
    try:
        size = _box(own)
    except DataError:
        notes.append(UNSIZED)
        size = Box(0, 0, *(max([0.0, *(getattr(r.box, side) for r in known)]) for side in ("right", "bottom")))
    width, height = max(0, round(size.right)), max(0, round(size.bottom))
    return Page(width, height, tuple(known), " ".join(own.get("image", [])), tuple(notes))


def _box(values: Properties) -> Box:
    sides = [number_of(side, "A bbox") for side in values.get("bbox") or values.get("x_bboxes") or ()]
    if len(sides) != 4:
        raise DataError("A bbox has four numbers.")
    return box_around([(sides[0], sides[1]), (sides[2], sides[3])])


def _region(area: Element | None, lines: list[Line]) -> Region | None:
    said = {} if area is None else _properties(area)
    try:
        box = _box(said)
    except DataError:
        if not lines:
            return None
        box = lines[0].box
        for line in lines[1:]:
            box = box.union(line.box)
    direction = (None if area is None else _said(area, said)) or (lines[0].direction if lines else "horizontal")
    return Region(box, tuple(lines), direction, " ".join(said.get("x_kind", [])) or "text")


def _said(element: Element, values: Properties) -> Direction | None:
    style = element.get("style", "").replace(" ", "")
    if "writing-mode:vertical" in style or "writing-mode:tb" in style:
        return "vertical"
    try:
        turned = number_of((values.get("textangle") or [""])[0], "A textangle") % 180
    except DataError:
        return "horizontal" if "writing-mode:horizontal" in style else None
    return "vertical" if 45 <= turned < 135 else "horizontal"


def _line(element: Element, joined: bool) -> Line:
    said = _properties(element)
    words = [e for e in element.iterdescendants() if "ocrx_word" in _classes(e)]
    box = _box(said)
    text = _words_text([_text(word) for word in words], joined) if words else _text(element)
    shares = [_share(_properties(word)) for word in words]
    share = _share(said)
    if share is None and shares and None not in shares:
        lengths = [max(1, len(_text(word))) for word in words]
        share = sum(s * n for s, n in zip(shares, lengths, strict=True) if s is not None) / sum(lengths)
    direction = _said(element, said) or likely_direction(box, text)
    return Line(box, direction, text, share, tuple(_characters(words)), _polygon(said))


def _polygon(values: Properties) -> tuple[Point, ...]:
    try:
        return outline(points_text(" ".join(values["poly"]), "A poly")) if "poly" in values else ()
    except DataError:
        return ()


def _text(element: Element) -> str:
    return _SPACE.sub(" ", "".join(map(str, element.itertext()))).strip(" ")


def _words_text(words: list[str], joined: bool) -> str:
    """Words as a line. Other programs part Japanese words by new lines of the file, where there is no space."""
    text = ""
    for word in filter(None, words):
        if text and (joined or not (_wide(text[-1]) and _wide(word[0]))):
            text += " "
        text += word
    return text


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _share(values: Properties) -> float | None:
    said = (values.get("x_wconf") or values.get("x_conf") or values.get("x_confs") or [""])[0]
    try:
        return share_of(repr(number_of(said, "A confidence") / 100))
    except DataError:
        return None


def _characters(words: list[Element]) -> Iterator[Character]:
    small = [e for word in words for e in word.iterdescendants() if "ocrx_cinfo" in _classes(e)]
    # One word without characters is the line itself.
    for element in small or (words if len(words) > 1 else []):
        said = _properties(element)
        try:
            yield Character(_text(element), _box(said), _share(said))
        except DataError:
            continue


def write(pages: Page | Iterable[Page]) -> bytes:
    """An hOCR document as XHTML. Characters are written where they spell the line's text, and are left out elsewhere.
    Raises DataError for text with control characters, which HTML cannot hold."""
    root = etree.Element(f"{{{NAMESPACE}}}html", nsmap=_NAMES)
    head = _put(root, "head")
    _put(head, "title").text = "tenarai"
    classes = "ocr_page ocr_carea ocr_line ocrx_word ocrx_cinfo"
    for said in ({"name": "ocr-system", "content": "tenarai"}, {"name": "ocr-capabilities", "content": classes}):
        _put(head, "meta", said)
    body = _put(root, "body")
    try:
        for number, page in enumerate([pages] if isinstance(pages, Page) else pages, 1):
            _put_page(body, page, number)
    except ValueError:
        raise DataError("The page has text with characters that HTML cannot hold: take them out.") from None
    # Indented as it stands: white space between the characters of a word would be spaces.
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _put(parent: Element, element: str, values: dict[str, str] | None = None) -> Element:
    found = etree.SubElement(parent, f"{{{NAMESPACE}}}{element}", values or {})
    if element not in ("meta", "span"):
        parent.text, found.text, found.tail = parent.text or "\n", "\n", "\n"
    elif element == "span":
        found.text = ""  # an empty <span/> is no end to readers of plain HTML
    return found


def _put_page(body: Element, page: Page, number: int) -> None:
    size = f"0 0 {page.width} {page.height}"
    title = _title(image=_quoted(page.source), bbox=size, ppageno=str(number - 1))
    element = _put(body, "div", {"class": "ocr_page", "id": f"page_{number}", "title": title})
    for place, region in enumerate(page.regions, 1):
        kind = {"x_kind": _quoted(region.kind)} if region.kind != "text" else {}
        title = _title(bbox=_sides(region.box), **_turn(region.direction), **kind)
        values = {"class": "ocr_carea", "id": f"block_{number}_{place}", "title": title}
        area = _put(element, "div", values | _style(region.direction))
        for row, line in enumerate(region.lines, 1):
            _put_line(area, line, f"{number}_{place}_{row}")


def _put_line(area: Element, line: Line, name: str) -> None:
    said = {"bbox": _sides(line.box), **_turn(line.direction)}
    if line.polygon:
        said["poly"] = " ".join(f"{round(x)} {round(y)}" for x, y in line.polygon)
    if line.confidence is not None:
        said["x_wconf"] = _percent(line.confidence)
    language = {"lang": "ja"} if _JAPANESE.search(line.text) else {}
    values = {"class": "ocr_line", "id": f"line_{name}", "dir": "ltr", "title": _title(**said)}
    element = _put(area, "span", values | language | _style(line.direction))
    element.tail = "\n"
    words = _spelt(line)
    if not words:
        element.text = line.text
    for number, word in enumerate(words, 1):
        box = box_around([p for c in word for p in ((c.box.left, c.box.top), (c.box.right, c.box.bottom))])
        values = {"class": "ocrx_word", "id": f"word_{name}_{number}", "title": _title(bbox=_sides(box))}
        outer = _put(element, "span", values)
        for character in word:
            share = {} if character.confidence is None else {"x_conf": _percent(character.confidence)}
            title = _title(x_bboxes=_sides(character.box), **share)
            _put(outer, "span", {"class": "ocrx_cinfo", "title": title}).text = character.text
        outer.tail = " " if number < len(words) else None


def _spelt(line: Line) -> list[list[Character]]:
    """The characters of each word between spaces; nothing where they do not spell the line."""
    waiting = [character for character in line.characters if character.text.strip(" ")]
    words: list[list[Character]] = []
    for word in filter(None, line.text.split(" ")):
        own: list[Character] = []
        while waiting and len("".join(c.text for c in own)) < len(word):
            own.append(waiting.pop(0))
        if "".join(c.text for c in own) != word or any(_SPACE.search(c.text) for c in own):
            return []
        words.append(own)
    return [] if waiting else words


def _title(**values: str) -> str:
    return "; ".join(f"{name} {value}" for name, value in values.items())


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text and "'" not in text else '"' + text.replace('"', "'") + '"'


def _sides(box: Box) -> str:
    return " ".join(str(max(0, round(side))) for side in (box.left, box.top, box.right, box.bottom))


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _turn(direction: Direction) -> dict[str, str]:
    return {"textangle": "270" if direction == "vertical" else "0"}


def _style(direction: Direction) -> dict[str, str]:
    return {"style": "writing-mode: vertical-rl"} if direction == "vertical" else {}
