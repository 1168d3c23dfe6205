"""Character n-grams: Kneser-Ney against its definition by loops, contexts that sum to 1, files that are refused."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import DataError, SettingsError
from tenarai.text.kneser_ney import Training, train_ngram
from tenarai.text.ngram import Ngram, NgramGuide, open_ngram
from tenarai.text.packed import MAGIC, write_packed

LINES = ["手習いの本", "手習いを始める", "本を読む", "読み手の手", "a b", "手"]
PLAIN = Training(order=3, least_counts=(1,))
PRUNED = (
    PLAIN,
    Training(order=5, least_counts=(1, 1, 2)),
    Training(order=4, least_counts=(1,), entropy=0.05),
    Training(order=3, least_counts=(2, 2, 3), entropy=0.01),
    Training(order=1),
)
texts = st.lists(st.text("abc い手", min_size=1, max_size=8), min_size=1, max_size=12)


def defined(lines: list[str], order: int) -> Callable[[str, str], float]:
    """P(character | context) as Chen and Goodman write it, without any back-off form."""
    bounded = [f"\n{line}\n" for line in lines]
    raw: list[Counter[str]] = [Counter() for _ in range(order + 1)]
    before: list[dict[str, set[str]]] = [defaultdict(set) for _ in range(order + 1)]
    for line in bounded:
        for n in range(1, order + 1):
            for i in range(len(line) - n + 1):
                raw[n][line[i : i + n]] += n > 1 or i > 0
                if i:
                    before[n][line[i : i + n]].add(line[i - 1])
    kinds = sorted(set("".join(bounded)))

    def count(gram: str) -> int:
        n = len(gram)
        whole = n == order and n > 1
        opens = n > 1 and gram[0] == "\n"
        return raw[n][gram] if whole or opens or order == 1 else len(before[n][gram])

    def discounts(n: int) -> list[float]:
        have = Counter(count(gram) for gram in raw[n])
        usual = [0, 0.5, 1.0, 1.5]
        if not all(have[i] for i in (1, 2, 3, 4)):
            return usual
        y = have[1] / (have[1] + 2 * have[2])
        found = [0.0, *(i - (i + 1) * y * have[i + 1] / have[i] for i in (1, 2, 3))]
        return [f if 0.01 < f < i else u for i, (f, u) in enumerate(zip(found, usual, strict=True))]

    taken = [discounts(n) if n else [] for n in range(order + 1)]

    def chance(context: str, character: str) -> float:
        n = len(context) + 1
        lower = chance(context[1:], character) if context else 1 / (len(kinds) + 1)
        counts = [count(context + kind) for kind in kinds if raw[n][context + kind]]
        if not sum(counts):
            return lower
        take = taken[n]
        spare = sum(take[min(c, 3)] for c in counts) / sum(counts)
        own = count(context + character) if raw[n][context + character] else 0
        return (own - take[min(own, 3)]) / sum(counts) + spare * lower

    return chance


@settings(deadline=None, max_examples=30)
@given(texts, st.integers(1, 4), st.text("abc い手?", max_size=5), st.sampled_from("abc い手?\n"))
def test_scores_are_those_of_the_definition(lines: list[str], order: int, context: str, character: str) -> None:
    model = train_ngram(lines, Training(order, (1,)))
    used = context[max(0, len(context) - order + 1) :]
    assert math.exp(model.score(context, character)) == pytest.approx(defined(lines, order)(used, character), rel=1e-4)
    opened = f"\n{context}"[-order + 1 :] if order > 1 else ""
    assert math.exp(model.score(f"\n{context}", character)) == pytest.approx(
        defined(lines, order)(opened, character), rel=1e-4
    )


@settings(deadline=None, max_examples=40)
@given(texts, st.sampled_from(PRUNED), st.text("abc い手?\n", max_size=5))
def test_every_context_sums_to_one(lines: list[str], training: Training, context: str) -> None:
    model = train_ngram(lines, training, characters="xyz")
    shares = model.distribution(context)
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert (shares > 0).all()
    for character, share in zip((*model.characters, "never seen"), shares, strict=True):
        assert math.exp(model.score(context, character)) == pytest.approx(share, rel=1e-5)


def test_text_that_was_seen_is_likelier() -> None:
    model = train_ngram(LINES * 3, Training(order=4))
    assert model.score("手習", "い") > model.score("手習", "本") > model.score("手習", "鬱")
    assert model.perplexity(LINES) < model.perplexity([line[::-1] for line in LINES]) < model.perplexity(["鬱鬱"])
    assert model.perplexity(["手"]) == pytest.approx(math.exp(-model.line_score("手") / 2))
    with pytest.raises(DataError, match="no line"):
        model.perplexity([])


def test_characters_that_the_text_lacks_may_be_made_known() -> None:
    without, known = train_ngram(LINES), train_ngram(LINES, characters="鬱")
    assert "鬱" not in without.labels and "鬱" in known.labels
    assert without.score("", "鬱") == without.score("", "犬") == without.unknown
    assert math.isfinite(known.score("手", "鬱"))


def test_pruning_drops_what_says_least() -> None:
    lines = [line for line in LINES for _ in range(2)] + ["本本"]
    whole = train_ngram(lines, Training(4, (1,)))
    counted = train_ngram(lines, Training(4, (1, 2)))
    informed = train_ngram(lines, Training(4, (1,), entropy=0.01))
    assert len(counted) < len(whole) and len(informed) < len(whole)
    assert whole.perplexity(lines) < counted.perplexity(lines) < 1.5 * whole.perplexity(lines)
    assert len(train_ngram(lines, Training(4, (1,), entropy=0.9))) < len(informed)


@pytest.mark.parametrize("training", PRUNED)
def test_a_file_gives_the_same_model(tmp_path: Path, training: Training) -> None:
    model = train_ngram(LINES, training, record={"name": "小さい"})
    model.save(tmp_path / "model")
    again = open_ngram(tmp_path / "model")
    assert again.record["name"] == "小さい" and again.order == model.order
    for context in ("", "手", "手習", "\n", "?"):
        np.testing.assert_array_equal(again.distribution(context), model.distribution(context))


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    train_ngram(LINES, PLAIN).save(tmp_path / "model")
    data = (tmp_path / "model").read_bytes()
    assert data.startswith(MAGIC)
    header = json.loads(data[12 : 12 + int.from_bytes(data[8:12], "little")])
    assert header["kind"] == "language model" and header["record"]["text"] == {"characters": sum(map(len, LINES))}
    assert set(header["arrays"]) == {"labels", "first", "suffix", "log_prob", "backoff"}


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_file_is_refused_in_a_sentence(data: st.DataObject) -> None:
    path = _made()
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    bad = whole[:at] if cut else whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    broken = path.with_name("broken")
    broken.write_bytes(bad)
    try:
        model = open_ngram(broken)
    except DataError as error:
        assert str(broken) in str(error) and str(error).endswith(".")
    else:  # a byte of the header that says nothing: the padding, a letter of the record
        assert math.isfinite(model.score("手", "習"))


_folder: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def _room(tmp_path_factory: pytest.TempPathFactory) -> None:
    _folder.append(tmp_path_factory.mktemp("ngram"))


def _made() -> Path:
    path = _folder[-1] / "whole"
    if not path.exists():
        train_ngram(LINES, PLAIN).save(path)
    return path


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no"):
        open_ngram(tmp_path / "none")
    for content in (b"", b"\x80\x04pickle", b"PK\x03\x04" + bytes(100), MAGIC, MAGIC + b"\xff\xff\xff\xff{}"):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(DataError):
            open_ngram(tmp_path / "other")
    write_packed(tmp_path / "other", "lexicon", {}, {})
    with pytest.raises(DataError, match="a lexicon, but a language model"):
        open_ngram(tmp_path / "other")


def test_arrays_that_lead_astray_are_refused(tmp_path: Path) -> None:
    """A checksum proves nothing against someone who can write one."""
    model = train_ngram(LINES, PLAIN)
    turns = [
        replace(model, suffix=np.full_like(model.suffix, len(model))),
        replace(model, suffix=np.arange(len(model.suffix), dtype=np.uint32)),
        replace(model, trie=replace(model.trie, first=model.trie.first[::-1].copy())),
        replace(model, trie=replace(model.trie, first=np.ones_like(model.trie.first))),
        replace(model, trie=replace(model.trie, labels=model.trie.labels + np.uint16(60_000))),
        replace(model, log_prob=model.log_prob + np.float32(9)),
        replace(model, backoff=model.backoff * np.float32(np.nan)),
        replace(model, backoff=model.backoff[:-1]),
        replace(model, order=0),
        replace(model, characters=model.characters[:-1]),
    ]
    for number, turned in enumerate(turns):
        Ngram.save(turned, tmp_path / "astray")
        with pytest.raises(DataError):
            open_ngram(tmp_path / "astray")
            pytest.fail(f"turn {number} was accepted")


def test_what_cannot_be_trained_on_is_refused() -> None:
    for nothing in ([], [""], ["\n\n"]):
        with pytest.raises(DataError, match="none"):
            train_ngram(nothing)
    with pytest.raises(DataError, match="half a character"):
        train_ngram(["ab\ud800"])
    for make in (lambda: Training(order=0), lambda: Training(least_counts=(2, 1)), lambda: Training(entropy=-1.0)):
        with pytest.raises(SettingsError):
            make()


def test_a_guide_gives_weighted_scores() -> None:
    model = train_ngram(LINES, PLAIN)
    piece, whole = NgramGuide(model, 0.5), NgramGuide(model, 2.0, whole=True)
    state, score = piece.step(piece.start, "手")
    assert score == pytest.approx(0.5 * model.score("", "手"))
    assert piece.step(state, "習")[1] == pytest.approx(0.5 * model.score("手", "習"))
    state, score = whole.step(whole.start, "手")
    assert score + whole.end(state) == pytest.approx(2 * model.line_score("手"))
    with pytest.raises(SettingsError, match="weight"):
        NgramGuide(model, -1)
