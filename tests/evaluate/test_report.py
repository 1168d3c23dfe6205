"""The evaluation of a set of lines: its figures, its tables, its JSON and its rendering."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tenarai.errors import DataError, SettingsError
from tenarai.evaluate.report import Confusion, Evaluation, Reading, Share, evaluate, render
from tenarai.page.layout import Box, Character
from tenarai.text.error_rate import Tally, bootstrap_interval, cer, character_errors, line_accuracy, wer

TEXTS = st.text(st.sampled_from("ab 手習い"), max_size=8)
NAMES = st.none() | st.sampled_from("pqrstu")
SAMPLES = st.lists(st.builds(Reading, st.just("line"), TEXTS, TEXTS, st.none(), NAMES, NAMES), min_size=1, max_size=12)

LINES = (
    Reading("1", "手習い", "手習い", 0.9, "Aoi", "vertical"),
    Reading("2", "手本", "毛木", 0.4, "Aoi", "vertical"),
    Reading("3", "the cat", "the hat", None, "Ben", "horizontal"),
    Reading("4", "手", "毛手", 0.7, None, "vertical"),
)


def printed(evaluation: Evaluation, rows: int = 20) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(render(evaluation, rows))
    return capture.get()


def test_the_figures_of_a_small_set() -> None:
    found = evaluate(LINES)
    assert (found.policy, found.lines, found.characters) == ("nfc", 4, 13)
    assert found.errors == Tally(substitutions=3, insertions=1, deletions=0, reference=13)
    assert found.cer == pytest.approx(4 / 13)
    assert found.line_accuracy == 0.25
    assert found.wer == 0.5
    assert dict(found.per_writer) == {"Aoi": Share(2, 5, 0.4), "Ben": Share(1, 7, 1 / 7)}
    assert list(found.per_direction) == ["vertical", "horizontal"]
    assert found.per_direction["vertical"] == Share(3, 6, 0.5)
    assert found.confusions[0] == Confusion("", "毛", 1)
    assert Confusion("本", "木", 1) in found.confusions
    assert [(bad.name, bad.edits, bad.confidence) for bad in found.worst] == [
        ("2", 2, 0.4),
        ("4", 1, 0.7),
        ("3", 1, None),
    ]


@given(SAMPLES)
def test_the_figures_are_those_of_the_error_rates(readings: list[Reading]) -> None:
    pairs = [(reading.reference, reading.hypothesis) for reading in readings]
    found = evaluate(readings)
    assert found.cer == cer(pairs)
    assert found.line_accuracy == line_accuracy(pairs)
    spaced = [pair for pair in pairs if not set(pair[0]) & set("手習い")]
    assert found.wer == (wer(spaced) if spaced else None)
    assert sum(share.lines for share in found.per_writer.values()) == sum(s.writer is not None for s in readings)
    assert sum(confusion.count for confusion in found.confusions) == found.errors.edits


@given(SAMPLES)
def test_json_is_plain_and_complete(readings: list[Reading]) -> None:
    found = evaluate(readings)
    plain = found.to_json()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["version"] == 1
    assert plain["cer"] == found.cer
    assert plain["substitutions"] + plain["insertions"] + plain["deletions"] == found.errors.edits
    for name, figure in (("line_accuracy", found.line_accuracy), ("wer", found.wer)):
        interval = plain[f"{name}_interval"]
        assert interval is None if figure is None else 0 <= interval["low"] <= interval["high"]
    assert (plain["cer_interval"]["low"], plain["cer_interval"]["high"]) == found.cer_interval
    assert len(plain["worst"]) == len(found.worst)


def test_five_writers_are_drawn_whole_and_four_are_not() -> None:
    def hands(writers: int) -> list[Reading]:
        return [Reading("", "ab", "ab" if w else "xy", None, f"writer {w}") for w in range(writers) for _ in range(4)]

    def tallies(readings: list[Reading]) -> list[Tally]:
        return [character_errors(s.reference, s.hypothesis) for s in readings]

    four, five = hands(4), hands(5)
    assert evaluate(four).interval_unit == "line"
    assert evaluate(four).cer_interval == bootstrap_interval(tallies(four))
    assert evaluate(five).interval_unit == "writer"
    assert evaluate(five).cer_interval == bootstrap_interval(tallies(five), [s.writer for s in five])

    stray = [Reading("", "ab", "ab"), Reading("", "ab", "xy")]
    alone = [str(s.writer) for s in five] + ["stray 1", "stray 2"]
    assert evaluate(five + stray).cer_interval == bootstrap_interval(tallies(five + stray), alone)


def test_pages_are_drawn_whole_where_writers_are_unknown() -> None:
    lines = [Reading("", "ab", "ab" if n % 2 else "xy", page=f"page {n % 5}") for n in range(20)]
    found = evaluate(lines)
    tallies = [character_errors(r.reference, r.hypothesis) for r in lines]
    assert found.interval_unit == "page" and found.cer_interval == bootstrap_interval(tallies, [r.page for r in lines])
    assert found.per_page["page 0"] == Share(4, 8, 0.5)


def test_confidence_is_judged_where_it_is_known() -> None:
    def read(text: str, truth: str, sure: float) -> Reading:
        characters = tuple(Character(c, Box(i, 0, i + 1, 1), sure) for i, c in enumerate(text))
        return Reading("", truth, text, sure, characters=characters)

    found = evaluate([read("手習い", "手習い", 0.9), read("毛木", "手本", 0.3), Reading("", "a", "")])
    assert found.trust.characters == 5 and found.trust.lines == 2
    assert found.trust.calibration_error == pytest.approx((3 * 0.1 + 2 * 0.3) / 5)
    assert found.trust.correlation == pytest.approx(-1)
    assert [(r.coverage, r.error) for r in found.trust.line_risk] == [(1 / 3, 0), (2 / 3, 2 / 5)]
    assert found.to_json()["confidence"]["calibration_error"] == found.trust.calibration_error
    assert "correlation -1.00 over 2 lines" in printed(found)
    assert evaluate(LINES).trust.calibration_error is None


def test_both_sides_go_through_the_policy() -> None:
    lines = [Reading("1", "（１２）", "(12)"), Reading("2", "が", "か\u3099")]
    assert evaluate(lines).line_accuracy == 0.5
    assert evaluate(lines, "standard").cer == 0
    assert evaluate(lines, "none").line_accuracy == 0


def test_only_the_worst_lines_and_commonest_confusions_are_listed() -> None:
    lines = [Reading(f"{n:02}", "あ" * n, chr(0x4E00 + n) * n) for n in range(1, 61)]
    found = evaluate(lines)
    assert [bad.edits for bad in found.worst] == list(range(60, 40, -1))
    assert [confusion.count for confusion in found.confusions] == list(range(60, 10, -1))


def test_lines_that_cannot_be_evaluated_are_refused() -> None:
    with pytest.raises(DataError, match="no lines"):
        evaluate([])
    with pytest.raises(SettingsError, match="'nfkc'"):
        evaluate(LINES, "nfk")


def test_the_tables_show_the_figures() -> None:
    text = printed(evaluate(LINES))
    for shown in ("30.77 %", "25.00 %", "Aoi", "vertical", "毛", "(none)", "the hat"):
        assert shown in text


def test_brackets_in_a_reading_are_printed_not_obeyed() -> None:
    assert "[bold]x[/bold]" in printed(evaluate([Reading("[red]", "ab", "[bold]x[/bold]")]))


def test_a_cut_table_says_how_much_is_missing() -> None:
    lines = [Reading(str(n), "あ", chr(0x4E00 + n)) for n in range(10)]
    assert "7 more" in printed(evaluate(lines), rows=3)
    assert "more" not in printed(evaluate(lines), rows=10)


def test_a_set_read_without_error_has_no_tables_of_errors() -> None:
    text = printed(evaluate([Reading("1", "手", "手")]))
    assert "0.00 %" in text
    assert "Confusions" not in text
    assert "Worst" not in text
