"""Graphs: well-formed, everything inside the frame, every label escaped."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tenarai.evaluate.calibration import reliability, risk_coverage
from tenarai.evaluate.graph import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, reliability_diagram, risk_graph, scatter

readings = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)
points = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 9)), max_size=40)


def inside(svg: str) -> etree._Element:
    root = etree.fromstring(svg)
    for circle in root.iter("circle"):
        x, y = float(circle.get("cx") or "nan"), float(circle.get("cy") or "nan")
        assert LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1 and TOP - 0.1 <= y <= HEIGHT - BOTTOM + 0.1
    return root


@given(readings)
def test_every_bin_has_its_bar(pairs: list[tuple[float, bool]]) -> None:
    bins = reliability(*zip(*pairs, strict=True))
    bars = list(inside(reliability_diagram(bins)).iter("rect"))
    assert len(bars) == len(bins)
    heights = [float(bar.get("height") or "nan") for bar in bars]
    assert all(abs(h - b.accuracy * (HEIGHT - TOP - BOTTOM)) < 0.1 for h, b in zip(heights, bins, strict=True))


@given(readings, points)
def test_curves_and_dots_stay_in_the_frame(pairs: list[tuple[float, bool]], dots: list[tuple[float, float]]) -> None:
    curve = risk_coverage(*zip(*pairs, strict=True))
    assert len(list(inside(risk_graph([("a", curve)])).iter("circle"))) == len(curve)
    assert len(list(inside(scatter(dots, "x", "y")).iter("circle"))) == len(dots)


def test_labels_are_escaped() -> None:
    curve = risk_coverage([0.5], [True])
    for svg in (risk_graph([("<b>&", curve)]), scatter([(0.5, 0.1)], "<script>", '"')):
        assert not [e for e in inside(svg).iter() if e.tag in ("b", "script")]
