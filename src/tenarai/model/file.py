"""The model file: one ONNX graph that explains itself. Its metadata says what it is (kind, sizes, alphabet,
normalisation, training record, licences); its initialisers are the network's weights under the network's own names,
so the same file is read without torch and trained further with it. No pickle, no second file.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import onnxruntime as ort

from tenarai.errors import AlphabetError, ModelFileError, SettingsError
from tenarai.image.standard import Standard
from tenarai.text.alphabet import Alphabet

FORMAT = "tenarai-model"
VERSION = 1
KINDS = ("recogniser", "classifier", "detector", "proposals", "language")
LABELLED = ("recogniser", "classifier", "language")  # a class for every character of the alphabet
LARGEST = 2_000_000_000  # bytes; ONNX's own limit, and a guard against reading something else into memory


@dataclass(frozen=True, slots=True)
class Header:
    """What a model file says of itself."""

    kind: str
    name: str
    sizes: Mapping[str, Any]
    alphabet: Alphabet
    standard: Standard  # of a language model, which sees no picture, nothing but the usual one
    down: int = 1  # pixels between the frames of a recogniser, or the places of a detector's maps
    temperature: float = 1.0  # scores are divided by it, so that they tell how often they are right (Guo et al. 2017)
    training: Mapping[str, Any] = field(default_factory=dict)  # recipe, steps, figures
    licences: tuple[str, ...] = ()  # of the data it was trained on
    licence: str = ""  # of the weights

    @property
    def classical(self) -> bool:
        """Whether it reads columns in classical script (kuzushiji): it is called so, or was trained on lines with
        hentaigana among their letters. What has learnt from such a model keeps both."""
        recipe = self.training.get("recipe")
        data = recipe.get("data") if isinstance(recipe, dict) else None
        return self.name == "classical" or (isinstance(data, dict) and bool(data.get("variants")))

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "name": self.name,
            "sizes": dict(self.sizes),
            "alphabet": "".join(self.alphabet.characters),
            "standard": asdict(self.standard),
            "down": self.down,
            "temperature": self.temperature,
            "training": dict(self.training),
            "licences": list(self.licences),
            "licence": self.licence,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: str) -> "Header":
        """Raises ModelFileError for a newer version, another kind, or a part that is missing."""
        if not isinstance(data, dict):
            raise ModelFileError(f"The header of the model file {where} is damaged.")
        if data.get("format") != FORMAT:
            raise ModelFileError(f"{where} is an ONNX file, but not one that tenarai wrote: it has no tenarai header.")
        if data.get("version") != VERSION:
            raise ModelFileError(
                f"{where} is a model file of version {data.get('version')}; this tenarai reads version {VERSION}."
            )
        if data.get("kind") not in KINDS:
            raise ModelFileError(f"{where} holds a {data.get('kind')!r}; this tenarai knows {', '.join(KINDS)}.")
        try:
            header = cls(
                kind=data["kind"],
                name=str(data["name"]),
                sizes=dict(data["sizes"]),
                # Not Alphabet.of: it would drop a character written twice, and every later label would be off by one.
                alphabet=Alphabet(("", *data["alphabet"])),
                standard=Standard(**data["standard"]),
                down=int(data["down"]),
                temperature=float(data.get("temperature", 1.0)),
                training=dict(data["training"]),
                licences=tuple(data["licences"]),
                licence=str(data["licence"]),
            )
        except (KeyError, TypeError, ValueError, AlphabetError, SettingsError) as error:
            raise ModelFileError(f"The header of the model file {where} is damaged ({error}).") from None
        if not 0.01 <= header.temperature <= 100:
            raise ModelFileError(f"The header of the model file {where} is damaged (temperature {header.temperature}).")
        if header.kind in LABELLED and header.sizes.get("classes") != len(header.alphabet):
            raise ModelFileError(
                f"The header of the model file {where} is damaged: its alphabet has {len(header.alphabet)} labels, its "
                f"network {header.sizes.get('classes')} classes."
            )
        return header


def read_bytes(path: Path) -> bytes:
    """The bytes of a model file. Raises ModelFileError when it is missing, empty, too large, or plainly not a model."""
    try:
        size = path.stat().st_size
        if not 0 < size < LARGEST:
            raise ModelFileError(f"{path} has {size:,} bytes, which no model file has.")
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"The model file {path} cannot be read: {error.strerror}.") from None
    if data[:1] != b"\x08":
        raise ModelFileError(f"{path} is not a tenarai model: expected an ONNX graph, as `tenarai train` writes.")
    return data


def open_session(data: bytes, where: str, threads: int = 1) -> ort.InferenceSession:
    """An ONNX Runtime session on the CPU. Raises ModelFileError for a file that is cut short or damaged."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # An arena keeps the memory of the widest line for ever; lines are small enough to allocate each time.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises several unrelated classes
        raise ModelFileError(f"The model file {where} is cut short or damaged: copy it again.") from error


def header_of(session: ort.InferenceSession, where: str) -> Header:
    """The header of an open model. Raises ModelFileError for an ONNX file without one."""
    written = session.get_modelmeta().custom_metadata_map.get(FORMAT)
    if written is None:
        raise ModelFileError(f"{where} is an ONNX file, but not one that tenarai wrote: it has no tenarai header.")
    try:
        data = json.loads(written)
    except ValueError:
        raise ModelFileError(f"The header of the model file {where} is damaged.") from None
    return Header.from_json(data, where)


def read_header(path: Path) -> Header:
    """What the file says of itself."""
    return header_of(open_session(read_bytes(path), str(path)), str(path))
