"""The published schema of our JSON says what pages are: all that is written fits it, and what it refuses is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from layout_strategies import pages

from tenarai.errors import DataError
from tenarai.page.formats import write_layout
from tenarai.page.layout import FORMAT, VERSION, Page

SCHEMA: dict[str, Any] = json.loads((Path(__file__).resolve().parents[3] / "docs" / "page.schema.json").read_text())
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "number": (int, float), "integer": (int,),
    "null": (type(None),),
}  # fmt: skip
WORDS = {"$ref", "$schema", "$defs", "title", "description", "type", "const", "enum", "required", "properties",
         "additionalProperties", "items", "prefixItems", "minItems", "maxItems", "minimum", "maximum"}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], place: str = "page") -> Iterator[str]:
    """Where a value does not fit: the words of JSON Schema 2020-12 that the file uses, and no other."""
    assert schema.keys() <= WORDS, f"the test does not know {schema.keys() - WORDS}"
    if "$ref" in schema:
        yield from faults(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], place)
        return
    names = schema.get("type", [])
    allowed = [names] if isinstance(names, str) else names
    if allowed and (isinstance(value, bool) or not any(isinstance(value, TYPES[name]) for name in allowed)):
        yield f"{place} is no {names}"
        return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{place} is {value}"
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{place} is out of range"
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{place} has {len(value)} items"
        first = schema.get("prefixItems", [])
        for number, item in enumerate(value):
            yield from faults(
                item, first[number] if number < len(first) else schema.get("items", {}), f"{place}[{number}]"
            )
    if isinstance(value, dict):
        yield from (f"{place} lacks {key}" for key in schema.get("required", []) if key not in value)
        known, other = schema.get("properties", {}), schema.get("additionalProperties", {})
        for key, item in value.items():
            if key not in known and other is False:
                yield f"{place} has {key}"
            else:
                yield from faults(item, known.get(key, other), f"{place}.{key}")


@settings(max_examples=60, deadline=None)
@given(pages(others=True))
def test_what_is_written_fits(page: Page) -> None:
    value = json.loads(write_layout(page, "json"))
    assert list(faults(value, SCHEMA)) == []
    assert Page.from_dict(value) == page


def test_every_field_is_described() -> None:
    line = {"box": [0, 0, 9, 9], "direction": "vertical", "characters": [{"text": "a", "box": [0, 0, 9, 9]}]}
    page = Page.from_dict(
        {
            "format": FORMAT,
            "version": VERSION,
            "width": 9,
            "height": 9,
            "regions": [{"box": [0, 0, 9, 9], "lines": [line]}],
        }
    )
    whole = page.to_dict()
    region = whole["regions"][0]
    for value, schema in (
        (whole, SCHEMA), (region, SCHEMA["$defs"]["region"]), (region["lines"][0], SCHEMA["$defs"]["line"]),
        (region["lines"][0]["characters"][0], SCHEMA["$defs"]["character"]),
    ):  # fmt: skip
        assert value.keys() == schema["properties"].keys()
    assert SCHEMA["properties"]["version"]["const"] == VERSION


BASE = {"format": FORMAT, "version": VERSION, "width": 9, "height": 9}
LINE = {"box": [0, 0, 9, 9], "direction": "vertical"}


def with_line(**more: Any) -> dict[str, Any]:
    return {**BASE, "regions": [{"box": [0, 0, 9, 9], "lines": [{**LINE, **more}]}]}


@pytest.mark.parametrize(
    "value",
    [
        {**BASE, "format": "other"}, {**BASE, "version": 2}, {**BASE, "width": 1.5}, {**BASE, "height": -1},
        {**BASE, "extra": 1}, {k: v for k, v in BASE.items() if k != "width"}, {**BASE, "notes": {"a": None}},
        with_line(confidence=1.5), with_line(direction="diagonal"), with_line(box=[0, 0, 9]), with_line(text=None),
        with_line(polygon=[[1]]), with_line(characters=[{"text": "a"}]), with_line(words=[]),
        with_line(characters=[{"text": "a", "box": [0, 0, 1, 1], "alternatives": [["b", None]]}]),
    ],
)  # fmt: skip
def test_what_the_schema_refuses_is_refused(value: dict[str, Any]) -> None:
    assert list(faults(value, SCHEMA))
    with pytest.raises(DataError):
        Page.from_dict(value)


def test_what_may_be_left_out_fits() -> None:
    for value in (BASE, with_line(), with_line(confidence=None)):
        assert list(faults(value, SCHEMA)) == []
        Page.from_dict(value)
