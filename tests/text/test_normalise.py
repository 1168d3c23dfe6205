"""Text policies: what each joins, what it leaves apart, and that twice is the same as once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import SettingsError
from tenarai.text.normalise import POLICIES, normalise

# Where policies could undo each other: marks, widths, spaces, dashes and quotes next to kana, kanji and Latin.
TRICKY = st.text(
    st.sampled_from(
        "aÉßİſﬁあがかカーｶﾞ゙゚一日漢々 \u3000\n\u200b\ufeff-—―〜～~“'’!！。，（)①½＝≠\u0301\u0338\u0345\ufe0f〈"
    )
)


@pytest.mark.parametrize("policy", POLICIES)
@given(text=st.text() | TRICKY)
def test_a_policy_twice_is_the_policy_once(policy: str, text: str) -> None:
    once = normalise(text, policy)
    assert normalise(once, policy) == once


@given(TRICKY)
def test_a_looser_policy_never_parts_what_nfc_joins(text: str) -> None:
    joined = normalise(text, "nfc")
    for policy in ("standard", "nfkc", "loose"):
        assert normalise(joined, policy) == normalise(text, policy)


def test_none_changes_nothing_and_nfc_only_composes() -> None:
    text = "か\u3099 ｶﾞ　①\u00a0“x”"
    assert normalise(text, "none") == text
    assert normalise(text) == "が ｶﾞ　①\u00a0“x”"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("１２（Ａ）！", "12(A)!"),
        ("ｶﾞｯｺｳ｡", "ガッコウ。"),
        ("①㌔ﬁ²㊤", "①㌔ﬁ²㊤"),
        ("10～20", "10〜20"),
        ("10~20", "10~20"),
        ("5−3‐1–0", "5-3-1-0"),
        ("――だ", "——だ"),
        ("ラーメン一杯", "ラーメン一杯"),
        ("“a” ‘b’ 〝c〟", '"a" \'b\' "c"'),
        ("「山」『川』", "「山」『川』"),
        ("  two \t words\n", "two words"),
        ("山田　太郎", "山田太郎"),
        ("です！　そして", "です!そして"),
        ("約 3 km 先", "約 3 km 先"),
        ("Python は 楽しい", "Python は楽しい"),
        ("so\u00adft\u200b", "soft"),
    ],
)
def test_standard_joins_encodings_and_keeps_characters(text: str, expected: str) -> None:
    assert normalise(text, "standard") == expected


def test_nfkc_takes_compatibility_characters_apart() -> None:
    assert normalise("①㌔ﬁ²", "nfkc") == "1キロfi2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Crème, BRÛLÉE!", "creme brulee"),
        ("Straße – 12", "strasse 12"),
        ("コ−ヒ—「がぎぱ」。", "コーヒーがぎぱ"),
        ("東京\U000e0100 都！", "東京都"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_loose_keeps_letters_and_digits(text: str, expected: str) -> None:
    assert normalise(text, "loose") == expected


def test_an_unknown_policy_names_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match="'standard'"):
        normalise("a", "Standart")
    with pytest.raises(SettingsError, match="none, nfc, standard, nfkc, loose"):
        normalise("a", "xyz")
