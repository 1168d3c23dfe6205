"""Corrected lines of one writer: read, checked against their pictures, and what of them cannot be learnt from.

A text that does not fit its picture is found by forced alignment (Graves et al. 2006): the best path is likelier than
the text by so much a character as no misreading of the hand explains.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from tenarai.dataset.pages import LAYOUTS, read_pages
from tenarai.dataset.pairs import LinePair
from tenarai.dataset.sample import UNWRITTEN, Refused, Sample
from tenarai.dataset.source import holds_layouts, pair_of, read_lines
from tenarai.errors import DataError, TenaraiError
from tenarai.image.clean import clean
from tenarai.image.line import straighten
from tenarai.image.read import read_picture
from tenarai.image.standard import Standard
from tenarai.model.recogniser import Recogniser, Sizes
from tenarai.model.runtime import padded
from tenarai.page.layout import Box
from tenarai.text.align import frames_needed, text_scores
from tenarai.text.alphabet import Alphabet
from tenarai.text.ctc import best_path
from tenarai.text.normalise import normalise
from tenarai.train.maker import RealLine, TrainingLine, is_column

# Nats a character by which the best path may be likelier than the text. Of 420 lines of writers that training holds out
# the texts lie below 2, three up to 4 and one at 8.9, the texts of other lines above 4.7, half a line's text above 5.2.
FAR, FARTHEST = 4.0, 5.0
UNUSUAL = 5.0  # times the median: a hand that the model hardly reads has every text far from the best path
SAME = 0.8  # intersection over union of two boxes from which they are of the same line
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # categories of code points that nobody can draw
VARIATION = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))


@dataclass(frozen=True, slots=True)
class Correction:
    """A line with its right text: its ink, to be distorted anew, and the line as it is read."""

    name: str
    real: RealLine
    plain: TrainingLine


def read_corrections(path: Path, height: int) -> tuple[list[Correction], list[Refused]]:
    """The lines of a folder of pairs, JSON lines, a layout file or a folder of them, or a store, for a model that reads
    lines of this height; and those that cannot be used, each with the reason.

    Raises DataError when the path is missing or holds no line at all.
    """
    pairs, refused = _pairs(path)
    corrections = []
    for pair in pairs:
        try:
            corrections.append(correction_of(pair, height))
        except TenaraiError as error:
            refused.append(Refused(pair.name, str(error)))
    return corrections, refused


def _pairs(path: Path) -> tuple[list[LinePair], list[Refused]]:
    if not holds_layouts(path):
        return read_lines(path), []
    items = list(read_pages(path))
    samples = [item for item in items if isinstance(item, Sample)]
    refused = [item for item in items if isinstance(item, Refused)]
    if not samples:
        raise DataError(f"{path} holds no line with text: {refused[0].reason if refused else 'its pages are empty.'}")
    _check_once(samples, path)
    return [pair_of(s) for s in samples], refused


def _check_once(samples: Sequence[Sample], path: Path) -> None:
    """Raises DataError for lines that stand in two layouts, as PAGE XML and JSON of one page: one of them is not
    corrected, and what is held out must not be learnt from."""
    boxes: dict[str, list[Box]] = defaultdict(list)
    for s in samples:
        boxes[s.page or ""].append(Box(*(s.box or (0, 0, 0, 0))))
    for name, again in boxes.items():
        layout, _, page = name.partition("/")  # as `read_pages` calls what it has seen before
        first = boxes.get(page, ()) if layout.lower().endswith(LAYOUTS) else ()
        if any(one.iou(other) > SAME for one in again for other in first):
            raise DataError(
                f"{layout} and another layout in {path} have lines of {page}: leave the corrected one there."
            )


def correction_of(pair: LinePair, height: int) -> Correction:
    """Raises a TenaraiError for a text that no line can have, or a picture that cannot be read."""
    text = normalise(pair.text, "nfc").strip()
    if not text:
        raise DataError(UNWRITTEN)
    if "\n" in text:
        raise DataError("Its text has several lines: give each line its own picture, or the page with a layout file.")
    text = "".join(" " if unicodedata.category(c) == "Zs" or c == "\t" else c for c in text)
    if wrong := [c for c in text if unicodedata.category(c) in INVISIBLE or ord(c) in VARIATION]:
        codes = ", ".join(f"U+{ord(c):04X}" for c in dict.fromkeys(wrong))
        raise DataError(f"Its text has characters that nobody can draw ({codes}): take them out.")
    cleaned = clean(read_picture(pair.load()))
    if cleaned.blank:
        raise DataError("Its picture is blank.")
    ink = 255 - cleaned.picture
    real = RealLine(ink, text, is_column(pair.direction, text, ink))
    picture = straighten(cleaned.picture, height, vertical=real.vertical, cleaned=True).picture
    return Correction(pair.name, real, TrainingLine(picture, text))


def log_probs(network: Recogniser, line: TrainingLine, standard: Standard) -> npt.NDArray[np.float32]:
    """`(frames, classes) float32` natural logarithms, what `model.runtime` gives for the line."""
    values = torch.from_numpy(padded(line.picture, standard, network.sizes.down))
    with torch.no_grad():
        scores = network(values)[:, 0].float().log_softmax(-1)
    return np.asarray(scores.numpy(), np.float32)


def sort_out(
    corrections: Sequence[Correction], network: Recogniser, alphabet: Alphabet, standard: Standard
) -> tuple[list[Correction], list[Refused]]:
    """Corrections whose text fits their picture, by the model that is to learn, and those whose text does not.
    Characters that it does not know yet are passed over."""
    gaps = [_gap(c.plain, network, alphabet, standard) for c in corrections]
    finite = [gap for gap in gaps if np.isfinite(gap)]
    far = float(np.clip(UNUSUAL * np.median(finite), FAR, FARTHEST)) if finite else FAR
    fitting, refused = [], []
    for correction, gap in zip(corrections, gaps, strict=True):
        if gap <= far:
            fitting.append(correction)
            continue
        reason = "it is longer than what is written there" if np.isinf(gap) else "something else seems to stand there"
        shown = correction.plain.text[:40]
        refused.append(Refused(correction.name, f"Its text {shown!r} does not fit the picture: {reason}."))
    return fitting, refused


def _gap(line: TrainingLine, network: Recogniser, alphabet: Alphabet, standard: Standard) -> float:
    """Nats a character by which the text that the model reads is likelier than the one given; inf if it cannot be."""
    scores = log_probs(network, line, standard)
    labels = [alphabet.labels[c] for c in line.text if c in alphabet]
    if frames_needed(labels) + len(line.text) - len(labels) > len(scores):
        return float("inf")
    if len(labels) < max(1, len(line.text) // 2):
        return 0.0  # mostly new characters: nothing can be said
    read = alphabet.encode(best_path(scores, alphabet.characters, alternatives=0).text)
    given, best = text_scores(scores, [labels, read])
    return max(0.0, float(best - given) / len(labels))


def grown(network: Recogniser, alphabet: Alphabet, texts: Iterable[str]) -> tuple[Recogniser, Alphabet]:
    """A copy of the network that knows the characters of the texts too: known rows as they are, new ones behind them,
    each the mean of the known and seldom chosen until it has learnt better."""
    larger = alphabet.extended(c for text in texts for c in text)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    new = len(larger) - len(alphabet)
    weight, bias = state["classes.weight"], state["classes.bias"]
    state["classes.weight"] = torch.cat((weight, weight[1:].mean(0, keepdim=True).expand(new, -1)))
    state["classes.bias"] = torch.cat((bias, bias[1:].quantile(0.1).expand(new)))
    copy = Recogniser(Sizes(**{**network.sizes.to_dict(), "classes": len(larger)}))
    copy.load_state_dict(state)
    return copy.eval(), larger
