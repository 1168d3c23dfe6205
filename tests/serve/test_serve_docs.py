import re
from pathlib import Path

import typer
from live_service import Service

from tenarai.cli import app as commands
from tenarai.serve.options import MEDIA, CharacterOptions, LineOptions, ReadOptions
from tenarai.serve.settings import ServeSettings

DOCS = (Path(__file__).parents[2] / "docs" / "serve.md").read_text("utf-8")


def test_every_setting_and_option_is_documented() -> None:
    for name in ServeSettings.model_fields:
        assert f"`{name}`" in DOCS, name
    serve = typer.main.get_command(commands).commands["serve"]  # type: ignore[attr-defined]
    for parameter in serve.params:
        if parameter.name != "help":
            assert f"`{parameter.opts[0]}`" in DOCS, parameter.opts
    for options in (ReadOptions, LineOptions, CharacterOptions):
        for name in options.model_fields:
            assert f"`{name}`" in DOCS or f"`?{name}=`" in DOCS, name
    for form, media in MEDIA.items():
        assert f"`{form}`" in DOCS and f"`{media}`" in DOCS


def test_defaults_are_told_as_they_are() -> None:
    settings = ServeSettings()
    for option, value in (("--queue", settings.queue), ("--rate", settings.rate), ("--deadline", settings.deadline_s)):
        assert f"| `{option}` | {value:g} |" in DOCS
    for name, value in (("max_jobs", settings.max_jobs), ("stop_s", settings.stop_s)):
        assert f"| | {value:g} | `{name}` |" in DOCS
    assert f"| | {settings.max_pages}, {settings.max_job_pages:,} |" in DOCS
    assert f"{settings.max_bytes // 1_000_000} MB, {settings.max_json_bytes // 1_000_000} MB" in DOCS


def test_every_address_is_documented_and_none_that_is_not(service: Service) -> None:
    paths = service.http.get("/openapi.json").json()["paths"]
    known = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert known == set(re.findall(r"`((?:GET|POST|DELETE) /\S+)`", DOCS))


def test_the_curl_line_for_ink_works(service: Service) -> None:
    drawing = re.search(r"--json '(.*?)'", DOCS)
    assert drawing is not None
    found = service.http.post("/v1/ink", content=drawing[1], headers={"content-type": "application/json"})
    assert found.json()["candidates"][0][0] in "十+＋"
