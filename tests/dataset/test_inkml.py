"""InkML: the Recommendation's own examples, the labels of CROHME, and our files back again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.dataset.inkml import read_inkml, write_inkml
from tenarai.dataset.sample import Refused
from tenarai.dataset.strokes import Ink, read_strokes
from tenarai.errors import DataError

TRUTH = '<annotation type="truth">手</annotation>'


def file(folder: Path, body: str) -> Path:
    path = folder / "a.inkml"
    path.write_text(f'<?xml version="1.0"?><ink xmlns="http://www.w3.org/2003/InkML">{body}</ink>', "utf-8")
    return path


def only(folder: Path, body: str) -> Ink:
    (ink,) = read_inkml(file(folder, body))
    assert isinstance(ink, Ink), ink
    return ink


def points(ink: Ink) -> list[Any]:
    return [stroke.tolist() for stroke in ink.strokes]


# Traces


def test_plain_traces(tmp_path: Path) -> None:
    ink = only(tmp_path, f"{TRUTH}<trace>10 0, 9 14, 8.5 -2e1</trace><trace id='t'> 1 2 </trace>")
    assert points(ink) == [[[10, 0], [9, 14], [8.5, -20]], [[1, 2]]]
    assert (ink.name, ink.text, ink.writer, ink.source) == ("a:1", "手", None, "a")


def test_differences_as_in_the_recommendation(tmp_path: Path) -> None:
    # Section 3.2.1: its table gives these X and Y.
    trace = """1125 18432,'23'43,"7"-8,3-5,7 -3,6 2,6 8,3 6,2 4"""
    expected = [
        (1125, 18432), (1148, 18475), (1178, 18510), (1211, 18540), (1251, 18567), (1297, 18596), (1349, 18633),
        (1404, 18676), (1461, 18723),
    ]  # fmt: skip
    assert points(only(tmp_path, f"{TRUTH}<trace>{trace}</trace>")) == [[list(point) for point in expected]]


def test_wildcards_hexadecimal_and_a_return_to_plain_values(tmp_path: Path) -> None:
    assert points(only(tmp_path, f"{TRUTH}<trace>#1F 2, * 3, '1 '1, 1 1, !5 !6, 7 8</trace>")) == [
        [[31, 2], [31, 3], [32, 4], [33, 5], [5, 6], [7, 8]]
    ]


def test_the_trace_format_orders_the_channels(tmp_path: Path) -> None:
    form = (
        '<traceFormat><channel name="F" type="integer"/><channel name="T" units="s" type="decimal"/>'
        '<channel name="Y" orientation="-ve"/><channel name="X"/>'
        '<intermittentChannels><channel name="B" type="boolean"/></intermittentChannels></traceFormat>'
    )
    ink = only(tmp_path, f"{form}{TRUTH}<trace>99 0.5 1 2, 98 0.75 3 4 T, 97 1 5 6</trace>")
    assert points(ink) == [[[2, -1, 500], [4, -3, 750], [6, -5, 1000]]]


def test_a_context_names_its_format(tmp_path: Path) -> None:
    body = (
        '<definitions><traceFormat xml:id="yx"><channel name="Y"/><channel name="X"/></traceFormat>'
        '<context xml:id="c" traceFormatRef="#yx"/><context xml:id="d"><inkSource><traceFormat><channel name="X"/>'
        '<channel name="Y"/><channel name="F"/></traceFormat></inkSource></context></definitions>'
    )
    ink = only(tmp_path, f'{body}{TRUTH}<trace contextRef="#c">1 2</trace><trace contextRef="#d">1 2 3</trace>')
    assert points(ink) == [[[2, 1]], [[1, 2]]]


def test_a_raised_pen_draws_nothing_and_a_continued_trace_is_one(tmp_path: Path) -> None:
    body = (
        f'{TRUTH}<trace id="a" continuation="begin">1 1</trace><trace type="penUp">5 5</trace><trace id="c">7 7</trace>'
        '<trace id="b" continuation="end" priorRef="#a">2 2</trace>'
    )
    assert points(only(tmp_path, body)) == [[[1, 1], [2, 2]], [[7, 7]]]


# Labels


CROHME = """<annotation type="UI">x</annotation><annotation type="writer">w7</annotation>
<annotation type="truth">$a+b$</annotation>
<trace id="0">0 0, 1 1</trace><trace id="1">2 2</trace><trace id="2">3 3</trace>
<traceGroup xml:id="g"><annotation type="truth">Segmentation</annotation>
 <traceGroup xml:id="g1"><annotation type="truth">a</annotation><traceView traceDataRef="0"/></traceGroup>
 <traceGroup xml:id="g2"><annotation type="truth">+</annotation><traceView traceDataRef="2"/><traceView
   traceDataRef="#1"/></traceGroup></traceGroup>"""


def test_the_whole_and_its_parts(tmp_path: Path) -> None:
    whole = only(tmp_path, CROHME)
    assert whole.text == "$a+b$" and whole.writer == "w7" and len(whole.strokes) == 3
    first, second = read_inkml(tmp_path / "a.inkml", parts=True)
    assert isinstance(first, Ink) and isinstance(second, Ink)
    assert (first.name, first.text, first.writer, points(first)) == ("a:g1", "a", "w7", [[[0, 0], [1, 1]]])
    assert (second.text, points(second)) == ("+", [[[3, 3]], [[2, 2]]])


def test_labels_of_traces_and_groups(tmp_path: Path) -> None:
    body = (
        '<traceGroup><annotation type="label"> あ </annotation><trace>1 2</trace></traceGroup>'
        '<trace><annotation type="Truth">い</annotation></trace>'
        '<traceGroup><traceGroup><annotation type="truth">う</annotation><trace>1 2</trace></traceGroup></traceGroup>'
    )
    found = list(read_inkml(file(tmp_path, body)))
    assert [type(ink) for ink in found] == [Ink, Refused, Ink]
    assert [ink.text for ink in found if isinstance(ink, Ink)] == ["あ", "う"]


# What is refused


@pytest.mark.parametrize(
    "body",
    [
        "<trace></trace>", "<trace>1</trace>", "<trace>1 x</trace>", "<trace>1 2; 3 4</trace>",
        '<traceView traceDataRef="#gone"/>', "<trace>1e999 2</trace>", f"<trace>#{'F' * 400} 2</trace>",
        '<trace xml:id="t">1 2, 3 4</trace><traceView traceDataRef="#t" from="2"/>',
        '<traceFormat><channel name="F"/><channel name="X"/></traceFormat><trace>1 2</trace>', "",
        '<traceGroup xml:id="a"><traceView traceDataRef="#b"/></traceGroup>'
        '<traceGroup xml:id="b"><traceView traceDataRef="#a"/></traceGroup>',
        '<traceFormat/><trace>1 2</trace>', '<trace type="penUp">1 2</trace>',
    ],
)  # fmt: skip
def test_damaged_ink_is_refused(tmp_path: Path, body: str) -> None:
    (refused,) = read_inkml(file(tmp_path, TRUTH + body))
    assert isinstance(refused, Refused) and refused.name == "a:1"


def test_files_without_labels_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='no annotation type="truth"'):
        read_inkml(file(tmp_path, "<trace>1 2</trace>"))
    for text in ("", "<svg/>", "<ink", "plain", '<!DOCTYPE ink [<!ENTITY x "y">]><ink>&x;</ink>'):
        (tmp_path / "b.inkml").write_text(text)
        with pytest.raises(DataError, match=r"b\.inkml"):
            read_inkml(tmp_path / "b.inkml")


# Writing

numbers = st.floats(-1e6, 1e6)
strokes = st.integers(2, 3).flatmap(
    lambda columns: st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=1, max_size=4).map(
        np.array
    )
)
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], include_characters="\t\n"), max_size=8
)
inks = st.builds(
    Ink, texts.filter(bool), texts, st.lists(strokes, min_size=1, max_size=3).map(tuple), st.none() | texts, texts
)


@given(st.lists(inks, min_size=1, max_size=3))
@settings(deadline=None, max_examples=30)
def test_inkml_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, written: list[Ink]) -> None:
    path = tmp_path_factory.mktemp("ink") / "a.inkml"
    write_inkml(written, path)
    found = list(read_strokes(path))
    assert [(i.name, i.text, i.writer, i.source, points(i)) for i in found if isinstance(i, Ink)] == [
        (i.name, i.text, i.writer, i.source, points(i)) for i in written
    ]


def test_text_that_xml_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="XML cannot hold"):
        write_inkml([Ink("a", "\x00", (np.zeros((1, 2)),))], tmp_path / "a.inkml")
