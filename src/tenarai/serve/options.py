"""What can be asked of a reading, with the names and defaults of `Reader`; none of it names a file of the server."""

from collections.abc import Callable
from inspect import signature
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenarai.reader import AskedDirection, Reader
from tenarai.transcribe import Script

Form = Literal["json", "text", "pagexml", "alto", "hocr", "tsv", "via", "coco", "iiif", "markdown", "pdf"]
LanguageName = Literal["none", "auto", "ja", "classical", "latin"]
MEDIA: dict[Form, str] = {
    "json": "application/json",
    "text": "text/plain",
    "pagexml": "application/vnd.prima.page+xml",
    "alto": "application/alto+xml",
    "hocr": "application/xhtml+xml",
    "tsv": "text/tab-separated-values",
    "via": "application/vnd.via+json",
    "coco": "application/vnd.coco+json",
    "iiif": "application/ld+json",
    "markdown": "text/markdown",
    "pdf": "application/pdf",
}
ALONE = {"pagexml": ".page.xml", "alto": ".alto.xml"}  # hold one page a file: several come in a ZIP
ZIP = "application/zip"
Word = Annotated[str, Field(min_length=1, max_length=100)]
Alphabet = Annotated[
    str | None,
    Field(
        max_length=5_000,
        description="The only characters to read: hiragana, katakana, kana, kanji, japanese, digits, letters, latin, "
        "ascii, several as kana+digits, or they themselves.",
        examples=["katakana", "0123456789-"],
    ),
]


def _default(method: Callable[..., Any], name: str) -> Any:
    return signature(method).parameters[name].default


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _TextOptions(_Options):
    direction: Annotated[AskedDirection, Field(description="How the lines run; found if auto.")] = _default(
        Reader.read, "direction"
    )
    alphabet: Alphabet = _default(Reader.read, "alphabet")
    script: Annotated[
        Script, Field(description="modern Japanese, classical (kuzushiji) or latin; auto tries both on hard columns.")
    ] = _default(Reader.read, "script")
    language: Annotated[
        LanguageName,
        Field(description="none, auto (by each line's script), ja, classical or latin.", examples=["auto"]),
    ] = _default(Reader.read, "language")
    lexicon: Annotated[
        list[Word] | None,
        Field(
            min_length=1,
            max_length=1_000,
            description="Words that are likelier than others, in Japanese all that a line may be; once for each word.",
            examples=[["田中", "佐藤"]],
        ),
    ] = _default(Reader.read, "lexicon")
    least_confidence: Annotated[
        float | None,
        Field(ge=0, le=1, description="Characters less sure are left open in the text, by a mark.", examples=[0.5]),
    ] = _default(Reader.read, "least_confidence")


class PageOptions(_TextOptions):
    """How pages are read: `Reader.read`."""

    explain: Annotated[bool, Field(description="Notes in each page what was done to its picture.")] = _default(
        Reader.read, "explain"
    )

    def known(self) -> dict[str, Any]:
        return self.model_dump(exclude={"format"})


class ReadOptions(PageOptions):
    """How a file is read, and as what it comes back."""

    format: Annotated[Form | None, Field(description="As what; by the header Accept if left out.")] = None


class LineOptions(_TextOptions):
    """How one line is read: `Reader.read_line`."""

    pattern: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description=r"The form of the whole line: \d{3}-\d{4}, date, postcode-ja, ...",
            examples=[r"\d{3}-\d{4}"],
        ),
    ] = _default(Reader.read_line, "pattern")
    alternatives: Annotated[int, Field(ge=0, le=20, description="Other readings of each character.")] = _default(
        Reader.read_line, "alternatives"
    )


class CharacterOptions(_Options):
    """How one character is read: `Reader.read_character`."""

    alphabet: Alphabet = _default(Reader.read_character, "alphabet")
    n: Annotated[int, Field(ge=1, le=100, description="How many readings.")] = _default(Reader.read_character, "n")


def form_of(asked: Form | None, accept: str) -> Form | None:
    """The format of a reply: as asked, else the one that `Accept` likes best; None where there is none of its."""
    if asked is not None:
        return asked
    wishes = []
    for place, part in enumerate(accept.split(",")):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            wishes.append((-float(weight), place, media))
        except ValueError:
            continue
    for rank, _, media in sorted(wishes):
        if not rank:  # q=0: not acceptable
            continue
        for form, name in MEDIA.items():
            if media in (name, "*/*", f"{name.partition('/')[0]}/*") or (not media and not accept):
                return form
    return None
