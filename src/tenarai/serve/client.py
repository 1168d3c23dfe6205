"""A service as if its reader were here: the methods, names and results of `Reader`, over HTTP. Extra `client`.

with Client("http://127.0.0.1:8000") as client:
    print(client.read("letter.jpg")[0].text)
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import httpx

from tenarai.errors import AlphabetError, DataError, PictureError, SettingsError, TenaraiError
from tenarai.page.layout import FORMAT, VERSION, Line, Page

Picture = str | Path | bytes
Direction = Literal["horizontal", "vertical", "auto"]
Candidates = list[tuple[str, float]]

URL = "http://127.0.0.1:8000"
LATER = (429, 503)  # try again, after so many seconds as the answer says
KINDS: Mapping[str, type[TenaraiError]] = {
    "picture": PictureError,
    "alphabet": AlphabetError,
    "data": DataError,
    "settings": SettingsError,
    "value": SettingsError,
}


class ServiceError(TenaraiError):
    """What a service refuses that is no fault of picture or options: its status, code and the request's id."""

    def __init__(self, message: str, status: int = 0, code: str = "", request: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.request = status, code, request


@dataclass(frozen=True, slots=True)
class Job:
    """Many pages on their way: `done` of `total` files, `pages` read, (number, name, reason) of what was refused."""

    id: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: int
    total: int
    pages: int
    refused: tuple[tuple[int, str, str], ...] = ()

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


class Client:
    """A connection to a service. What is None is left to the service's defaults. May be used from several threads.

    A service that is full is asked again, `tries` times in all, after as long as it says. Methods raise what `Reader`
    would, and ServiceError where the service cannot be reached or refuses. `transport` is httpx's own, for tests.
    """

    def __init__(
        self,
        url: str = URL,
        token: str | None = None,
        *,
        timeout: float = 120.0,
        tries: int = 5,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self._tries = max(1, tries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets the connections go."""
        self._http.close()

    def is_ready(self) -> bool:
        """Whether a picture would be read now."""
        try:
            return self._http.get("/ready").is_success
        except httpx.HTTPError:
            return False

    def model(self) -> str:
        """The name and version of the model that reads."""
        return self._ask("GET", "/health").headers["x-model"]

    def read(
        self,
        picture: Picture,
        *,
        direction: Direction | None = None,
        alphabet: str | None = None,
        explain: bool | None = None,
        script: str | None = None,
        language: str | None = None,
        lexicon: Iterable[str] | None = None,
    ) -> tuple[Page, ...]:
        """The pages of a picture, a TIFF or a PDF: a path or the bytes of a file."""
        given = _given(
            direction=direction,
            alphabet=alphabet,
            explain=explain,
            script=script,
            language=language,
            lexicon=lexicon,
            format="json",
        )
        found = self._ask("POST", "/v1/read", params=given, **_sent(picture)).json()
        return tuple(Page.from_dict(page) for page in found["pages"])

    def export(
        self,
        picture: Picture,
        form: str,
        *,
        direction: Direction | None = None,
        alphabet: str | None = None,
        script: str | None = None,
        language: str | None = None,
        lexicon: Iterable[str] | None = None,
    ) -> bytes:
        """The pages as a file of one of the formats: text, pagexml, alto, hocr, tsv, via, coco, markdown, pdf. Several
        pages in PAGE XML and ALTO come as a ZIP."""
        given = _given(
            direction=direction, alphabet=alphabet, script=script, language=language, lexicon=lexicon, format=form
        )
        return self._ask("POST", "/v1/read", params=given, **_sent(picture)).content

    def read_line(
        self,
        picture: Picture,
        *,
        direction: Direction | None = None,
        alphabet: str | None = None,
        alternatives: int | None = None,
        script: str | None = None,
        language: str | None = None,
        lexicon: Iterable[str] | None = None,
        pattern: str | None = None,
    ) -> Line:
        """A picture of one line."""
        given = _given(
            direction=direction, alphabet=alphabet, alternatives=alternatives, script=script, language=language,
            lexicon=lexicon, pattern=pattern,
        )  # fmt: skip
        found = self._ask("POST", "/v1/line", params=given, **_sent(picture)).json()
        return _line(found["line"])

    def read_character(self, picture: Picture, alphabet: str | None = None, n: int | None = None) -> Candidates:
        """A picture of one character: the likeliest ones with their probabilities, best first."""
        return _candidates(self._ask("POST", "/v1/character", params=_given(alphabet=alphabet, n=n), **_sent(picture)))

    def read_ink(self, strokes: Any, n: int | None = None, *, alphabet: str | None = None) -> Candidates:
        """Pen strokes: lists of points (x, y) or (x, y, t), or as of the WICG handwriting API."""
        drawing = strokes if isinstance(strokes, Mapping) else {"strokes": strokes}
        return _candidates(self._ask("POST", "/v1/ink", params=_given(alphabet=alphabet, n=n), json=drawing))

    def submit(
        self,
        pictures: Iterable[Picture],
        *,
        direction: Direction | None = None,
        alphabet: str | None = None,
        explain: bool | None = None,
        script: str | None = None,
        language: str | None = None,
        lexicon: Iterable[str] | None = None,
    ) -> Job:
        """Sends many pictures, to be read beside what others ask for."""
        given = _given(
            direction=direction, alphabet=alphabet, explain=explain, script=script, language=language, lexicon=lexicon
        )
        return _job(self._ask("POST", "/v1/jobs", params=given, files=_files("pictures", pictures)))

    def job(self, job: Job | str) -> Job:
        """How far a job is."""
        return _job(self._ask("GET", f"/v1/jobs/{_id(job)}"))

    def wait(self, job: Job | str, every: float = 1.0) -> Job:
        """The job when it is over."""
        while not (found := self.job(job)).over:
            time.sleep(every)
        return found

    def pages(self, job: Job | str) -> tuple[Page, ...]:
        """The pages of a job that is over. Raises ServiceError, 409, before."""
        found = self._ask("GET", f"/v1/jobs/{_id(job)}/result", params={"format": "json"}).json()
        return tuple(Page.from_dict(page) for page in found["pages"])

    def cancel(self, job: Job | str) -> Job:
        """Stops a job and forgets what it has read."""
        return _job(self._ask("DELETE", f"/v1/jobs/{_id(job)}"))

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        for left in reversed(range(self._tries)):
            try:
                found = self._http.request(method, path, **content)
            except httpx.HTTPError as error:
                raise ServiceError(f"{self._http.base_url} cannot be reached ({error}): is it started?") from None
            if found.status_code not in LATER or not left:
                break
            time.sleep(_seconds(found))
        if found.is_success:
            return found
        raise _error(found)


def _given(**options: Any) -> dict[str, Any]:
    plain = {name: value for name, value in options.items() if value is not None}
    return {name: list(value) if name == "lexicon" else value for name, value in plain.items()}


def _sent(picture: Picture) -> dict[str, Any]:
    """A picture as the body of a request, or with its name in a form."""
    if isinstance(picture, bytes):
        return {"content": picture, "headers": {"content-type": "application/octet-stream"}}
    return {"files": _files("picture", [picture])}


def _files(field: str, pictures: Iterable[Picture]) -> list[tuple[str, tuple[str, bytes]]]:
    """Files of a form, whole in memory, so that they can be sent again."""
    files = []
    for picture in pictures:
        if isinstance(picture, bytes):
            files.append((field, ("picture", picture)))
            continue
        try:
            files.append((field, (Path(picture).name, Path(picture).read_bytes())))
        except OSError as error:
            raise PictureError(f"{picture} cannot be opened ({error.strerror}): check the path.") from None
    return files


def _seconds(refused: httpx.Response) -> float:
    try:
        return min(60.0, max(0.0, float(refused.headers.get("retry-after", 1))))
    except ValueError:
        return 1.0


def _error(refused: httpx.Response) -> TenaraiError:
    try:
        content = refused.json()
        code, message, request = content["error"]["code"], content["error"]["message"], content["request"]
    except (ValueError, KeyError, TypeError):
        return ServiceError(f"The service answered {refused.status_code}.", refused.status_code)
    kind = KINDS.get(code)
    return ServiceError(message, refused.status_code, code, request) if kind is None else kind(message)


def _line(form: Mapping[str, Any]) -> Line:
    region = {"box": form["box"], "direction": form["direction"], "lines": [form]}
    return Page.from_dict({"format": FORMAT, "version": VERSION, "width": 0, "height": 0, "regions": [region]}).lines[0]


def _candidates(found: httpx.Response) -> Candidates:
    return [(text, chance) for text, chance in found.json()["candidates"]]


def _job(found: httpx.Response) -> Job:
    form = found.json()["job"]
    refused = tuple((file["number"], file["name"], file["reason"]) for file in form["refused"])
    return Job(form["id"], form["state"], form["done"], form["total"], form["pages"], refused)


def _id(job: Job | str) -> str:
    return job.id if isinstance(job, Job) else job
