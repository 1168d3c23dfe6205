"""Characters <-> labels. Label 0 is the CTC blank; every other label is one Unicode code point in NFC."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from tenarai.errors import AlphabetError

BLANK = 0

ASCII = "".join(chr(c) for c in range(0x20, 0x7F))
LATIN_ACCENTS = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĀāĂăĄąĆćČčĎďĒēĘęĚěĞğĪīİıŁłŃńŇňŌōŐőŒœŘřŚśŞşŠšŤťŪūŮůŰűŸŹźŻżŽž"
)
LATIN_PUNCTUATION = "¡¿«»‹›‘’‚“”„–—…•·°§¶†£¥€¢©®™ªº¹²³¼½¾±×÷≤≥≠≈µ¬¦"
HIRAGANA = "".join(chr(c) for c in range(0x3041, 0x3097)) + "ゝゞゟ"
KATAKANA = "".join(chr(c) for c in range(0x30A1, 0x30FB)) + "ヽヾ"
JAPANESE_PUNCTUATION = "ー、。，．・：；？！゛゜々〃〆〇‥／〜（）〔〕［］〈〉《》「」『』【】＝"
JAPANESE_SIGNS = "〒※○●◎□■△▲▽▼☆★◇◆→←↑↓♪♭♯♂♀′″℃①②③④⑤⑥⑦⑧⑨⑩〻〳〴〵〱〲"
# The 196 kanji that joined the joyo list in 2010; the 1,945 of 1981 all lie in JIS X 0208 level 1.
JOYO_2010 = (
    "挨曖宛嵐畏萎椅彙茨咽淫唄鬱怨媛艶旺岡臆俺苛牙瓦楷潰諧崖蓋骸柿顎葛釜鎌韓玩伎亀毀畿臼嗅巾僅錦惧串窟熊詣憬稽隙"
    "桁拳鍵舷股虎錮勾梗喉乞傲駒頃痕沙挫采塞埼柵刹拶斬恣摯餌鹿𠮟嫉腫呪袖羞蹴憧拭尻芯腎須裾凄醒脊戚煎羨腺詮箋膳狙"
    "遡曽爽痩踪捉遜汰唾堆戴誰旦綻緻酎貼嘲捗椎爪鶴諦溺塡妬賭藤瞳栃頓貪丼那奈梨謎鍋匂虹捻罵剝箸氾汎阪斑眉膝肘訃阜"
    "蔽餅璧蔑哺蜂貌頰睦勃昧枕蜜冥麺冶弥闇喩湧妖瘍沃拉辣藍璃慄侶瞭瑠呂賂弄籠麓脇"
)
# Level 2 and other kanji that modern and older letters use often: names, old forms, everyday words.
FREQUENT_KANJI = (
    "嘘噂囁呟噛掴叩塡頰剝噓醬麴檜祇渕髙﨑吞啞躊躇儘凭咄貰辿迂溜淋濡煌燻猥琥珀璋瑛瞑矜禰稀穢竈筐籤粥絆綺罠翔聊肱膏"
    "臍艘芭茫莫萌葡萄蓮蕎蕪薔薇藪蜃蜘蛛蝙蝠蟬蠟褪詫諒讃貌賑贅踵蹲躓辻遥邂逅醍醐鉤鉦閃霞靄鞄頷顚馴駱駝騙髭鬢魑魅魍魎鴉鵜鶯麒麟黎黴齧龍"
    "凛凜儚冴剃匙卍厭叡吊呆咳咲喋嗚嗟囃圓壺壻壽變夥學實寶對將專屢屬嶋嶽巖帶廣廢廻弖彌彿彷徊悶惚惹慇懃憫應懷戀戻"
    "拗挽掟掬揃搔撫擦擽數斷晒晴暈曉會榮槍樂樣樓橫檻櫻歡殘氣沫涅槃渾沌淵滲漲澤濱瀧灣爺爛牢狼猪獨珊瑚產畫當疊痺發皺眞眩眺睨瞼禮"
    "穗竊笹籠緣縣繪續纏聲聽聰膨與舊艷莊華萬葉號蟲蠻衞袂襖覗覺觀證譯譽讀豫豐貪賣轉輕辨辯辭邊鄕醉醫釋錢鐵關陷隱雙雜靈靜顏顯飮餘驅驛驗髮鬪魂鷄鷹鹽麥黃默點黨齋齡"
    "來處曰惡體歸參國爲兩戰寢傳從藏頸拔滿啼顫乘俯卷亂唸怎兒饒拵燒盡屹嫂髯臺經騷癪爭觸蘆賤雹贔屓轢鄙漱痙攣鬚撥癇痒墟腑蕾嬌"
)


@cache
def jis_level_1() -> str:
    """The 2,965 kanji of JIS X 0208 level 1: rows 16 to 47, as EUC-JP lays them out."""
    kanji = []
    for row in range(16, 48):
        for cell in range(1, 95):
            try:
                kanji.append(bytes((0xA0 + row, 0xA0 + cell)).decode("euc_jp"))
            except UnicodeDecodeError:
                continue
    return "".join(kanji)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters that a model can read, in label order; `characters[0]` is the blank, the empty string.

    Raises AlphabetError for a character twice, or one that is not a single code point.
    """

    characters: tuple[str, ...]
    labels: dict[str, int] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        if not self.characters or self.characters[BLANK] != "":
            raise AlphabetError("An alphabet begins with the blank, the empty string, as label 0.")
        labels = {character: label for label, character in enumerate(self.characters)}
        if len(labels) != len(self.characters):
            raise AlphabetError("An alphabet names each character once, but this one repeats some.")
        wrong = next((c for c in self.characters[1:] if len(c) != 1), None)
        if wrong is not None:
            raise AlphabetError(f"Each character of an alphabet is one code point, but {wrong!r} has {len(wrong)}.")
        object.__setattr__(self, "labels", labels)

    @classmethod
    def of(cls, characters: Iterable[str]) -> "Alphabet":
        """An alphabet of these characters in the order given, repeats dropped, the blank put in front."""
        return cls(("", *dict.fromkeys(characters)))

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character != "" and character in self.labels

    def missing(self, text: str) -> str:
        """The characters of a text that the alphabet lacks, each once, in order."""
        return "".join(dict.fromkeys(c for c in text if c not in self))

    def encode(self, text: str) -> list[int]:
        """Labels of a text. Raises AlphabetError that names the unknown characters."""
        try:
            return [self.labels[character] for character in text]
        except KeyError:
            unknown = " ".join(f"{c!r} (U+{ord(c):04X})" for c in self.missing(text)[:5])
            raise AlphabetError(f"The alphabet has no {unknown}, which the text {text[:40]!r} needs.") from None

    def decode(self, labels: Sequence[int]) -> str:
        """The text of a row of labels, blanks dropped. Raises AlphabetError for a label outside the alphabet."""
        if any(not 0 <= label < len(self.characters) for label in labels):
            raise AlphabetError(f"Labels run from 0 to {len(self) - 1}, but one of those given does not.")
        return "".join(self.characters[label] for label in labels)

    def extended(self, characters: Iterable[str]) -> "Alphabet":
        """This alphabet with new characters behind it: known labels keep their place, so known weights do too."""
        return Alphabet(tuple(dict.fromkeys((*self.characters, *characters))))


@cache
def default_alphabet() -> Alphabet:
    """What the shipped model reads: kana, JIS level 1 and joyo kanji, frequent older forms, ASCII, western Latin."""
    return Alphabet.of(
        ASCII
        + LATIN_ACCENTS
        + LATIN_PUNCTUATION
        + HIRAGANA
        + KATAKANA
        + JAPANESE_PUNCTUATION
        + JAPANESE_SIGNS
        + jis_level_1()
        + JOYO_2010
        + FREQUENT_KANJI
    )
