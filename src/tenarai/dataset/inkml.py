"""InkML, the W3C's markup of pen strokes (Recommendation of 20 September 2011): read and written.

Read are traces with their `traceFormat` (order, direction and unit of the channels, differences and second
differences), groups and views of traces, and their `annotation type="truth"`. Brushes and mappings are left aside.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lxml import etree

from tenarai.dataset.sample import Refused
from tenarai.dataset.strokes import Ink
from tenarai.errors import DataError
from tenarai.image.ink import Points, strokes_of
from tenarai.page.formats.document import (
    Element,
    child,
    children,
    descendants,
    file_bytes,
    local,
    put,
    xml_bytes,
    xml_of,
)

NAMESPACE = "http://www.w3.org/2003/InkML"
_NAMES: Any = {None: NAMESPACE}  # None is the default namespace, of which lxml's stubs do not know
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
TRUTH = ("truth", "label", "transcription")
_VALUE = re.compile(r"""([!'"]?)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?\#[0-9A-Fa-f]+|[*?TF])\s*""")
_MILLISECONDS = {"s": 1000.0, "ms": 1.0, "us": 0.001, "ns": 0.000001}


@dataclass(frozen=True, slots=True)
class _Format:
    """Where x, y and t stand in a point, and what to multiply them with; `regular` channels are in every point."""

    places: tuple[int, ...]
    factors: tuple[float, ...]
    regular: int


def read_inkml(path: str | Path, *, parts: bool = False) -> Iterator[Ink | Refused]:
    """What an InkML file holds: each outermost group of traces that has a truth; with `parts`, each innermost one.

    A file whose truth stands on its root is one Ink. Raises DataError for a file that is not InkML or has no truth.
    """
    path = Path(path)
    root = xml_of(file_bytes(path), str(path))
    if local(root) != "ink":
        raise DataError(f"{path} is not InkML: its root is {local(root)}, not ink.")
    labelled = list(_labelled(root, parts))
    if not labelled:
        raise DataError(
            f'{path} has no annotation type="truth" on ink, traceGroup, traceView or trace: add what it says.'
        )
    known = {name: element for element in root.iter() if (name := _name(element))}
    return _inks(path, root, labelled, known)


def _inks(path: Path, root: Element, labelled: list[Element], known: dict[str, Element]) -> Iterator[Ink | Refused]:
    for number, element in enumerate(labelled, 1):
        name = _annotation(element, ("name",)) or f"{path.stem}:{_name(element) or number}"
        text = _annotation(element, TRUTH) or ""
        # A writer or source given further out holds for what is within.
        writer, source = (
            next(
                (own for e in (element, *element.iterancestors()) if (own := _annotation(e, (kind,))) is not None), None
            )
            for kind in ("writer", "source")
        )
        try:
            strokes = strokes_of(list(_strokes(element, root, known)))
        except DataError as error:
            yield Refused(name, str(error))
        else:
            yield Ink(name, text, strokes, writer, path.stem if source is None else source)


def _name(element: Element) -> str | None:
    return element.get(_ID) or element.get("id")


def _annotation(element: Element, types: tuple[str, ...]) -> str | None:
    for found in children(element, "annotation"):
        if found.get("type", "").lower() in types:
            text = found.text or ""
            return text if found.get(_SPACE) == "preserve" else text.strip()
    return None


def _labelled(element: Element, parts: bool) -> Iterator[Element]:
    own = _annotation(element, TRUTH) is not None
    if own and not parts:
        yield element
        return
    inner = [found for e in children(element, "traceGroup", "traceView", "trace") for found in _labelled(e, parts)]
    yield from inner or ([element] if own else [])


def _strokes(element: Element, root: Element, known: dict[str, Element]) -> Iterator[Points]:
    """The strokes below an element in document order, views resolved, continued traces joined."""
    traces: list[Element] = []
    waiting = [element]
    for _ in range(len(known) + sum(1 for _ in root.iter())):
        if not waiting:
            break
        found = waiting.pop()
        if local(found) == "trace":
            traces.append(found)
            continue
        reference = found.get("traceDataRef")
        if reference is not None:
            if found.get("from") or found.get("to"):
                raise DataError("A traceView takes a part of a trace by from or to, which tenarai does not read.")
            if reference.lstrip("#") not in known:
                raise DataError(f"A traceView names the trace {reference}, which is not in the file.")
            waiting.append(known[reference.lstrip("#")])
        waiting.extend(reversed(children(found, "traceGroup", "traceView", "trace")))
    if waiting:
        raise DataError("The traceViews refer to each other in a circle.")
    strokes: dict[str, list[Points]] = {}
    for number, trace in enumerate(traces):
        if trace.get("type") == "penUp":
            continue
        points = _points(trace, _format(trace, root, known))
        prior = trace.get("priorRef", "").lstrip("#") if trace.get("continuation") in ("middle", "end") else ""
        into = strokes.get(prior, []) if prior else []
        into.append(points)
        strokes[_name(trace) or f"#{number}"] = into
    done: list[int] = []
    for stroke in strokes.values():
        if id(stroke) not in done:
            done.append(id(stroke))
            columns = min(piece.shape[1] for piece in stroke)
            yield np.concatenate([piece[:, :columns] for piece in stroke])


def _format(trace: Element, root: Element, known: dict[str, Element]) -> _Format:
    context = known.get(trace.get("contextRef", "").lstrip("#"))
    found = None
    if context is not None:
        reference = known.get(context.get("traceFormatRef", "").lstrip("#"))
        found = reference if reference is not None else next(descendants(context, "traceFormat"), None)
    if found is None:
        found = next(descendants(root, "traceFormat"), None)
    if found is None:
        return _Format((0, 1), (1.0, 1.0), 2)
    regular = children(found, "channel")
    later = child(found, "intermittentChannels")
    names = [channel.get("name", "") for channel in [*regular, *([] if later is None else children(later, "channel"))]]
    if "X" not in names[: len(regular)] or "Y" not in names[: len(regular)]:
        raise DataError(f"The traceFormat has the channels {', '.join(names) or 'none'}: X and Y are needed.")
    wanted = ("X", "Y", "T") if "T" in names[: len(regular)] else ("X", "Y")
    places = tuple(names.index(name) for name in wanted)
    factors = [-1.0 if regular[place].get("orientation") == "-ve" else 1.0 for place in places]
    if len(places) > 2:
        factors[2] *= _MILLISECONDS.get(regular[places[2]].get("units", "ms"), 1.0)
    return _Format(places, tuple(factors), len(regular))


def _points(trace: Element, layout: _Format) -> Points:
    """`(n, 2 or 3) float64`: plain values, first differences ('), second differences ("), until another mark."""
    rows: list[list[float]] = []
    marks = ["!"] * layout.regular
    values, speeds = [0.0] * layout.regular, [0.0] * layout.regular
    for point in (trace.text or "").split(","):
        if not point.strip():
            continue
        tokens = _VALUE.findall(point.strip())
        if _VALUE.sub("", point.strip()) or len(tokens) < layout.regular:
            raise DataError(f"The trace {_name(trace) or ''} has the point {point.strip()[:40]!r}, which is damaged.")
        for place, (mark, token) in enumerate(tokens[: layout.regular]):
            marks[place] = mark or marks[place]
            if token in "*?":  # as before
                continue
            value = _number(token)
            if marks[place] == "!":
                speeds[place], values[place] = 0.0, value
            else:
                speeds[place] = value if marks[place] == "'" else speeds[place] + value
                values[place] += speeds[place]
        rows.append([values[place] * factor for place, factor in zip(layout.places, layout.factors, strict=True)])
    return np.array(rows, np.float64).reshape(len(rows), len(layout.places))


def _number(token: str) -> float:
    if token in "TF":
        return float(token == "T")
    try:
        return float(int(token.replace("#", ""), 16)) if "#" in token else float(token)
    except OverflowError:
        raise DataError(f"A trace has the number {token[:20]}..., which is too large.") from None


def write_inkml(inks: Iterable[Ink], path: str | Path) -> None:
    """The drawings as one InkML file, a traceGroup each; `read_inkml` gives them back.

    Raises DataError for text with control characters, which XML cannot hold.
    """
    root = etree.Element(f"{{{NAMESPACE}}}ink", nsmap=_NAMES)
    definitions = put(root, "definitions")
    for name, channels in (("xy", "XY"), ("xyt", "XYT")):
        form = put(definitions, "traceFormat", **{_ID: name})
        for channel in channels:
            units = {"units": "ms"} if channel == "T" else {}
            put(form, "channel", name=channel, type="decimal", **units)
        put(definitions, "context", **{_ID: f"c-{name}"}, traceFormatRef=f"#{name}")
    for ink in inks:
        group = put(root, "traceGroup")
        for kind, text in (("name", ink.name), ("truth", ink.text), ("writer", ink.writer), ("source", ink.source)):
            if text is None:
                continue
            note = put(group, "annotation", type=kind, **{_SPACE: "preserve"})
            try:
                note.text = text
            except ValueError:
                raise DataError(f"The {kind} {text!r} has characters that XML cannot hold: take them out.") from None
        for points in ink.strokes:
            context = "#c-xyt" if points.shape[1] == 3 else "#c-xy"
            trace = put(group, "trace", contextRef=context)
            trace.text = ", ".join(" ".join(map(repr, row)) for row in points.tolist())
    Path(path).write_bytes(xml_bytes(root))
