"""Error rates against a naive Levenshtein distance, alignment, confusions and bootstrap intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import DataError, SettingsError
from tenarai.text.error_rate import (
    Tally,
    align,
    bootstrap_interval,
    cer,
    character_errors,
    confusions,
    graphemes,
    is_spaced,
    line_accuracy,
    paired_bootstrap,
    quantiles,
    wer,
    word_errors,
)

FEW = st.text(st.sampled_from("abあが\u3099\u0301 👩\u200d"), max_size=12)
PAIRS = st.lists(st.tuples(FEW, FEW), max_size=6)


def naive_distance(left: list[str], right: list[str]) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        corner, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (a != b))
    return row[-1]


def test_a_grapheme_holds_its_marks() -> None:
    assert graphemes("か\u3099e\u0301👩\u200d🚀x") == ["か\u3099", "e\u0301", "👩\u200d🚀", "x"]


@given(st.text())
def test_graphemes_joined_are_the_text(text: str) -> None:
    assert "".join(graphemes(text)) == text


@given(FEW, FEW)
def test_character_errors_count_the_edit_distance(reference: str, hypothesis: str) -> None:
    tally = character_errors(reference, hypothesis)
    left, right = graphemes(reference), graphemes(hypothesis)
    assert tally.edits == naive_distance(left, right)
    assert tally.reference == len(left)
    assert tally.insertions - tally.deletions == len(right) - len(left)


@given(FEW, FEW)
def test_word_errors_count_the_edit_distance_of_words(reference: str, hypothesis: str) -> None:
    tally = word_errors(reference, hypothesis)
    assert tally.edits == naive_distance(reference.split(), hypothesis.split())
    assert tally.reference == len(reference.split())


@given(PAIRS)
def test_cer_is_all_edits_over_all_reference_characters(pairs: list[tuple[str, str]]) -> None:
    edits = sum(naive_distance(graphemes(r), graphemes(h)) for r, h in pairs)
    characters = sum(len(graphemes(r)) for r, _ in pairs)
    assert cer(pairs) == edits / max(characters, 1)


def test_rates_of_a_corpus_weigh_lines_by_length_and_may_exceed_one() -> None:
    assert cer([("abcdefgh", "abcdefgh"), ("ab", "xy")]) == pytest.approx(0.2)
    assert cer([("a", "xyz")]) == 3
    assert wer([("the cat sat", "the hat"), ("on", "on")]) == pytest.approx(0.5)


def test_an_empty_reference_counts_as_one_character() -> None:
    assert Tally().rate == 0
    assert cer([]) == 0
    assert cer([("", "")]) == 0
    assert cer([("", "abc")]) == 3


def test_tallies_add_up() -> None:
    total = sum([Tally(1, 2, 3, 10), Tally(4, 0, 1, 5)], Tally())
    assert total == Tally(5, 2, 4, 15)
    assert total.edits == 11
    assert total.rate == pytest.approx(11 / 15)


def test_line_accuracy_is_the_share_of_equal_lines() -> None:
    assert line_accuracy([("a", "a"), ("a", "A"), ("", ""), ("b", "")]) == 0.5
    with pytest.raises(DataError, match="no lines"):
        line_accuracy([])


@pytest.mark.parametrize(("text", "spaced"), [("two words", True), ("Юг, 12", True), ("ab字", False), ("", True)])
def test_is_spaced_tells_scripts_apart(text: str, spaced: bool) -> None:
    assert is_spaced(text) is spaced


@given(FEW, FEW)
def test_align_rebuilds_both_texts_at_the_least_cost(reference: str, hypothesis: str) -> None:
    columns = align(reference, hypothesis)
    assert "".join(left for left, _ in columns) == reference
    assert "".join(right for _, right in columns) == hypothesis
    assert ("", "") not in columns
    assert sum(left != right for left, right in columns) == character_errors(reference, hypothesis).edits


def test_align_shows_gaps() -> None:
    assert align("手習い", "手羽習") == [("手", "手"), ("", "羽"), ("習", "習"), ("い", "")]


def test_confusions_come_most_frequent_first() -> None:
    counts = confusions([("シシツ", "ツツツ"), ("ab", "a"), ("ソ", "ン"), ("a", "ac"), ("同", "同")])
    assert list(counts.items()) == [(("シ", "ツ"), 2), (("", "c"), 1), (("b", ""), 1), (("ソ", "ン"), 1)]


def corpus(seed: int, lines: int) -> list[Tally]:
    random = np.random.default_rng(seed)
    lengths = random.integers(10, 40, size=lines)
    return [Tally(substitutions=int(random.binomial(n, 0.1)), reference=int(n)) for n in lengths]


@given(st.integers(0, 1000))
def test_the_interval_holds_the_rate_and_repeats_itself(seed: int) -> None:
    tallies = corpus(seed, lines=60)
    low, high = bootstrap_interval(tallies, rounds=200)
    assert low < sum(tallies, Tally()).rate < high
    assert bootstrap_interval(tallies, rounds=200) == (low, high)


def test_the_interval_shrinks_with_lines_and_grows_with_the_level() -> None:
    def breadth(lines: int, level: float) -> float:
        low, high = bootstrap_interval(corpus(1, lines), level=level)
        return high - low

    assert breadth(400, 0.95) < breadth(40, 0.95) < breadth(40, 0.999)


def test_the_interval_has_the_breadth_of_the_normal_approximation() -> None:
    tallies = corpus(2, lines=500)
    low, high = bootstrap_interval(tallies)
    characters = sum(tally.reference for tally in tallies)
    assert high - low == pytest.approx(2 * 1.96 * (0.1 * 0.9 / characters) ** 0.5, rel=0.15)


def test_writers_are_drawn_whole() -> None:
    good, bad = Tally(reference=10), Tally(substitutions=5, reference=10)
    tallies = [good] * 50 + [bad] * 50
    by_line = bootstrap_interval(tallies)
    assert bootstrap_interval(tallies, groups=["good"] * 50 + ["bad"] * 50) == (0, 0.5)
    assert 0.15 < by_line[0] < by_line[1] < 0.35
    assert bootstrap_interval(tallies, groups=list(range(100))) == by_line


def test_one_line_gives_a_point_and_empty_references_no_error() -> None:
    assert bootstrap_interval([Tally(1, 0, 0, 4)]) == (0.25, 0.25)
    assert bootstrap_interval([Tally(), Tally()]) == (0, 0)


def test_large_corpora_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    tallies = corpus(3, lines=50)
    whole = bootstrap_interval(tallies, rounds=100)
    monkeypatch.setattr("tenarai.text.error_rate._DRAWS_AT_ONCE", 350)
    assert bootstrap_interval(tallies, rounds=100) == pytest.approx(whole)


def test_bootstrap_refuses_what_makes_no_interval() -> None:
    with pytest.raises(DataError, match="no lines"):
        bootstrap_interval([])
    with pytest.raises(DataError, match="2 tallies but 1 groups"):
        bootstrap_interval([Tally(), Tally()], groups=["a"])
    with pytest.raises(SettingsError, match="level"):
        bootstrap_interval([Tally()], level=95)
    with pytest.raises(SettingsError, match="round"):
        bootstrap_interval([Tally()], rounds=0)


TALLIES = st.builds(Tally, st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 9))


@given(st.lists(st.tuples(TALLIES, TALLIES), min_size=1, max_size=9), st.booleans())
def test_paired_differences_vanish_against_oneself_and_turn_with_the_order(
    pairs: list[tuple[Tally, Tally]], grouped: bool
) -> None:
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    groups = [i // 2 for i in range(len(pairs))] if grouped else None
    assert not paired_bootstrap(first, first, groups, rounds=50).any()
    there, back = paired_bootstrap(first, second, groups, rounds=50), paired_bootstrap(second, first, groups, rounds=50)
    assert (there == -back).all() and there.shape == (50,)


def test_a_paired_interval_is_narrower_than_that_of_either() -> None:
    rng = np.random.default_rng(0)
    first = [Tally(substitutions=int(n), reference=20) for n in rng.integers(0, 20, 60)]
    second = [Tally(substitutions=tally.substitutions + 1, reference=20) for tally in first]
    assert quantiles(paired_bootstrap(first, second)) == pytest.approx((0.05, 0.05))
    low, high = bootstrap_interval(first)
    assert high - low > 0.1


def test_pairs_must_match() -> None:
    with pytest.raises(DataError, match="both readings"):
        paired_bootstrap([Tally()], [])
    with pytest.raises(DataError, match="no lines"):
        paired_bootstrap([], [])
