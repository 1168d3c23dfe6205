"""Small graphs as inline SVG, in the colours of the page that they stand on. Values are drawn from 0 at lower left."""

from collections.abc import Sequence

from markupsafe import Markup

from tenarai.evaluate.calibration import Bin, Risk

WIDTH, HEIGHT = 340, 280
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 12, 42  # of the frame, pixels
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)
BINS = 15  # of a reliability diagram, as `calibration.reliability` makes them
DOTS = 1500  # of a scatter at most

Points = Sequence[tuple[float, float]]


def reliability_diagram(bins: Sequence[Bin], what: str = "characters") -> Markup:
    """How many are right of those that are so sure (Guo et al. 2017, figure 1): honest bars reach the diagonal."""
    inside = [_path([(0, 0), (1, 1)], 1.0, "ideal")]
    for part in bins:
        place = min(int(part.confidence * BINS), BINS - 1)
        x, y = _x(place / BINS), _y(part.accuracy, 1.0)
        told = f"{part.count:,} {what} with {part.confidence:.2f} on average: {100 * part.accuracy:.1f} % right"
        inside.append(
            Markup(
                '<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
            ).format(x + 0.5, y, (WIDTH - LEFT - RIGHT) / BINS - 1, HEIGHT - BOTTOM - y, told)
        )
        mark = Markup('<circle class="mean" cx="{:.1f}" cy="{:.1f}" r="2.5"/>')
        inside.append(mark.format(_x(part.confidence), _y(part.accuracy, 1.0)))
    return _framed(inside, "confidence", "right", 1.0, f"Reliability of the confidence of {what}")


def risk_graph(curves: Sequence[tuple[str, Sequence[Risk]]]) -> Markup:
    """What is wrong among the surest part, by how large that part is. The first curve is solid, others are dashed."""
    top = _ceiling(max((risk.error for _, curve in curves for risk in curve), default=1.0))
    inside = []
    for number, (name, curve) in enumerate(curves):
        points = [(risk.coverage, risk.error) for risk in curve]
        inside.append(_path(points, top, f"curve curve{number}"))
        for risk in curve:
            told = (
                f"{name}: {100 * risk.coverage:.0f} % have {risk.threshold:.3f} or more, {100 * risk.error:.2f} % wrong"
            )
            mark = Markup('<circle class="dot curve{}" cx="{:.1f}" cy="{:.1f}" r="3"><title>{}</title></circle>')
            inside.append(mark.format(number, _x(risk.coverage), _y(risk.error, top), told))
    return _framed(inside, "part that is kept, surest first", "wrong", top, "Risk and coverage")


def scatter(points: Points, along: str, up: str) -> Markup:
    """A dot for each pair, 0 to 1 along; of very many an even part. What lies above 1.5 is drawn there."""
    top = _ceiling(min(1.5, max((y for _, y in points), default=1.0)))
    shown = points[:: -(-len(points) // DOTS)] if points else []
    dot = Markup('<circle class="scatter" cx="{:.1f}" cy="{:.1f}" r="2.2"/>')
    return _framed([dot.format(_x(x), _y(min(y, top), top)) for x, y in shown], along, up, top, f"{up} by {along}")


def _ceiling(value: float) -> float:
    """A round number at or above the value, 0.01 at least."""
    step = next((step for step in STEPS if 5 * step >= value), STEPS[-1])
    return max(0.01, step * -(-value // step))


def _x(value: float) -> float:
    return LEFT + value * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _path(points: Points, top: float, kind: str) -> Markup:
    placed = " ".join(f"{_x(x):.1f},{_y(y, top):.1f}" for x, y in points)
    return Markup('<polyline class="{}" points="{}"/>').format(kind, placed)


def _framed(inside: Sequence[Markup], along: str, up: str, top: float, title: str) -> Markup:
    """Axes from 0 to 1 along, 0 to `top` up, in per cent, with what is inside."""
    parts = []
    step = next((step for step in STEPS if 5 * step >= top - 1e-9), top)
    for number in range(int(top / step + 1.001)):
        y = _y(number * step, top)
        parts.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(LEFT, WIDTH - RIGHT, y=y)
        )
        label = f"{100 * number * step:.3g} %"
        parts.append(
            Markup('<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(LEFT - 5, y + 3.5, label)
        )
    for number in range(6):
        told = Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{:.1f}</text>')
        parts.append(told.format(_x(number / 5), HEIGHT - BOTTOM + 15, number / 5))
    parts.append(
        Markup('<text class="axis" x="{}" y="{}" text-anchor="middle">{}</text>').format(
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, along
        )
    )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        Markup(
            '<text class="axis" x="12" y="{y}" text-anchor="middle" transform="rotate(-90 12 {y})">{}</text>'
        ).format(up, y=middle)
    )
    head = Markup('<svg class="graph" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, title)
    return head + Markup("").join([*parts, *inside]) + Markup("</svg>")
