"""Text to write: lines of a length that people write, from text files, and what such files lack - rare kanji, dates,
numbers, addresses, single characters."""

import lzma
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from tenarai.errors import DataError
from tenarai.synth.hand import Rng
from tenarai.synth.line import is_cjk

# What has one look on paper gets one code point: full-width Latin, digits and signs become ASCII.
_WIDE = str.maketrans(
    {chr(c): chr(c - 0xFEE0) for c in range(0xFF10, 0xFF5B) if chr(c).isalnum()}
    | {"　": " ", "―": "—", "～": "〜", "－": "-", "＋": "+", "＆": "&", "％": "%", "“": "「", "”": "」"}
)
_JAPANESE_FORMS = str.maketrans({"(": "（", ")": "）", "!": "！", "?": "？", "｡": "。", "､": "、"})

SURNAMES = (
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村 斎藤 清水 阿部 渡邊 "
    "齋藤 濱田 "
).split()
GIVEN_NAMES = ("太郎 花子 健一 美咲 翔太 陽子 直樹 由美子 正夫 静江 ハナ 千代 勇 みどり さくら 一郎 和子 清 ").split()
PLACES = (
    "東京都 大阪府 京都市 北海道 札幌市 横浜市 名古屋市 神戸市 福岡県 長野県 沖縄県 千代田区 世田谷区 本町 "
    "中央 一丁目 大字 "
).split()
# Older language and spelling, as no letter of today has them.
_OLDER = re.compile(
    r"[ゐゑ]|けり|なり[。、]|べし|たり[。、]|ざり|[ぁ-ん]ふ[。、]|やう|給[ふひはへ]|候|侍|いふ|ける[。、]"
)
UNITS = ("円 人 本 枚 個 杯 冊 回 年 月 日 時 分 階 番 号 度 km kg cm g m % 歳 匹 台 件 点 ").split()


@dataclass(frozen=True)
class Texts:
    """Lines of text by script; each is cut to a line's length when it is drawn."""

    japanese: tuple[str, ...]
    latin: tuple[str, ...]
    rare: str  # characters to be drawn evenly, so that each is learnt however seldom text has it

    def draw_japanese(self, rng: Rng, longest: int = 26) -> str:
        """One Japanese line: mostly running text; now and then a single character, rare kanji, a date, an address."""
        kind = rng.random()
        if kind < 0.025:
            return self._rare(rng, 1)
        if kind < 0.05:
            line = self.japanese[int(rng.integers(len(self.japanese)))]
            return line[int(rng.integers(len(line)))].strip() or "一"
        if kind < 0.12:
            return self._rare(rng, int(rng.integers(1, min(10, longest) + 1)))
        if kind < 0.19:
            return _figures(rng)
        line = self.japanese[int(rng.integers(len(self.japanese)))]
        length = int(np.clip(rng.gamma(3.2, 4.0), 2, longest))
        start = int(rng.integers(0, max(1, len(line) - length + 1))) if rng.random() < 0.7 else 0
        text = line[start : start + length].strip()
        if kind > 0.93 and self.latin:
            words = self.latin[int(rng.integers(len(self.latin)))].split()
            at = int(rng.integers(len(text) + 1))
            text = (text[:at] + words[int(rng.integers(len(words)))] + text[at:])[:longest]
        return text or line[:1]

    def draw_latin(self, rng: Rng, longest: int = 56) -> str:
        """One Latin line: running text cut at words, in sentence, title or capital letters, with figures between."""
        line = self.latin[int(rng.integers(len(self.latin)))]
        words = line.split()
        if rng.random() < 0.25:
            # Words of several lines mixed: what is read must come from the ink, not from knowing the sentence.
            more = (self.latin[int(i)].split() for i in rng.integers(len(self.latin), size=4))
            words = [w for other in more for w in other]
            rng.shuffle(words)
        start = int(rng.integers(0, max(1, len(words) - 2)))
        length = int(np.clip(rng.gamma(4.0, 8.0), 2, longest))
        out: list[str] = []
        for word in words[start:]:
            if out and len(" ".join(out)) + len(word) > length:
                break
            if rng.random() < 0.05:
                out.append(_number(rng))
            out.append(word)
        text = " ".join(out)[:longest]
        case = rng.random()
        if case < 0.12:
            text = text.title()
        elif case < 0.18:
            text = text.upper()
        elif case < 0.4:
            text = text[:1].upper() + text[1:]
        return text.strip() or "a"

    def _rare(self, rng: Rng, length: int) -> str:
        return "".join(self.rare[int(i)] for i in rng.integers(len(self.rare), size=length))


def _number(rng: Rng) -> str:
    kind = int(rng.integers(7))
    n = int(10 ** rng.uniform(0, 6))
    if kind == 0:
        return f"{n:,}"
    if kind == 1:
        return f"{n}.{int(rng.integers(100))}"
    if kind == 2:
        return str(int(rng.integers(1600, 2031)))
    if kind == 3:
        return f"{int(rng.integers(1, 32))}/{int(rng.integers(1, 13))}"
    if kind == 4:
        return f"({n})"
    if kind == 5:
        return f"{int(rng.integers(24))}:{int(rng.integers(60)):02d}"
    return str(n)


def _pick(rng: Rng, words: list[str]) -> str:
    return words[int(rng.integers(len(words)))]


def _figures(rng: Rng) -> str:
    """Dates, amounts, telephone numbers, addresses, names: what forms and letters are full of."""
    kind = int(rng.integers(8))
    if kind == 0:
        era = _pick(rng, ["令和", "平成", "昭和", "大正", "明治"])
        return f"{era}{int(rng.integers(1, 64))}年{int(rng.integers(1, 13))}月{int(rng.integers(1, 32))}日"
    if kind == 1:
        day = _pick(rng, list("月火水木金土日"))
        return f"{int(rng.integers(1900, 2031))}年{int(rng.integers(1, 13))}月{int(rng.integers(1, 32))}日（{day}）"
    if kind == 2:
        return f"{_number(rng)}{_pick(rng, UNITS)}"
    if kind == 3:
        digits = rng.integers(10, size=10)
        text = "".join(str(d) for d in digits)
        return f"0{text[0]}-{text[1:5]}-{text[5:9]}"
    if kind == 4:
        return f"〒{int(rng.integers(100, 1000))}-{int(rng.integers(10000)):04d}"
    if kind == 5:
        block = "-".join(str(int(v)) for v in rng.integers(1, 30, 3))
        return _pick(rng, PLACES) + _pick(rng, PLACES) + block
    if kind == 6:
        return (
            _pick(rng, SURNAMES)
            + (" " if rng.random() < 0.4 else "")
            + _pick(rng, GIVEN_NAMES)
            + _pick(rng, ["", "様", "さん"])
        )
    kanji = "〇一二三四五六七八九十百千万"
    return "".join(kanji[int(i)] for i in rng.integers(len(kanji), size=int(rng.integers(2, 7)))) + _pick(rng, UNITS)


def is_older(line: str) -> bool:
    """Whether a line is in older Japanese: it has a mark of it in 90 characters, or more often."""
    return len(_OLDER.findall(line)) > len(line) / 90


def shipped_texts() -> list[Path]:
    """The text files inside the package: out-of-copyright Japanese, English and French."""
    folder = files("tenarai.synth") / "text"
    return sorted(Path(str(f)) for f in folder.iterdir() if f.name.endswith(".txt"))


def read_texts(paths: list[Path], rare: str, known: str) -> Texts:
    """Text files (.txt, .xz, one paragraph a line) sorted by script; lines with characters outside `known` are cut
    at them. Raises DataError for a file that is missing, not UTF-8, or when nothing usable is found."""
    japanese: list[str] = []
    latin: list[str] = []
    foreign = re.compile("[^" + re.escape(known) + "]+")
    for path in paths:
        try:
            packed = path.read_bytes()
            raw = (lzma.decompress(packed) if path.suffix == ".xz" else packed).decode("utf-8")
        except (OSError, UnicodeDecodeError, lzma.LZMAError) as error:
            raise DataError(f"{path} cannot be read as UTF-8 text: {error}.") from None
        for line in raw.splitlines():
            _sort_line(line, foreign, japanese, latin)
    if not japanese and not latin:
        raise DataError(f"The text files {', '.join(p.name for p in paths)} hold no line that can be written.")
    return Texts(tuple(japanese), tuple(latin), rare)


def _sort_line(line: str, foreign: re.Pattern[str], japanese: list[str], latin: list[str]) -> None:
    line = line.translate(_WIDE).strip()
    if sum(is_cjk(c) for c in line) * 4 > len(line):
        # Word-split Japanese (Tanaka) is joined: its spaces are not on any paper.
        joined = re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", line).translate(_JAPANESE_FORMS)
        japanese.extend(piece for piece in foreign.split(joined) if len(piece) > 1)
    elif len(line) > 3:
        tidy = re.sub(r" (?=[.,!?;:')])|(?<=[(']) ", "", line)
        latin.extend(piece.strip() for piece in foreign.split(tidy) if len(piece.strip()) > 3)
