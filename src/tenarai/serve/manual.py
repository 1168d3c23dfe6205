"""The OpenAPI description as one page for people, without scripts and without anything from a network."""

from html import escape
from typing import Any

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow-x:auto;padding:.7rem;"
    "border:1px solid #8886}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .8rem .25rem 0;"
    "border-bottom:1px solid #8884}h2{margin-top:2.5rem}h2 code{font-size:1em}"
)
FORM, JSON = "multipart/form-data", "application/json"


def manual(openapi: dict[str, Any], base: str) -> str:
    """A page of HTML: each address with what it takes and gives and a line for curl. `base` is the service's URL."""
    title = escape(f"{openapi['info']['title']} {openapi['info']['version']}")
    parts = [
        _address(path, method, about, base)
        for path, methods in openapi["paths"].items()
        for method, about in methods.items()
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>'
        f"<h1>{title}</h1><p>{escape(openapi['info'].get('description', ''))} For programs: "
        f'<a href="openapi.json">openapi.json</a>.</p>{"".join(parts)}</main></body></html>'
    )


def _address(path: str, method: str, about: dict[str, Any], base: str) -> str:
    head = f"<h2><code>{method.upper()} {escape(path)}</code> {escape(about.get('summary', ''))}</h2>"
    rows = [_parameter(parameter) for parameter in about.get("parameters", ())]
    table = f"<table><tr><th>option<th>default<th>what it is</tr>{''.join(rows)}</table>" if rows else ""
    answers = "".join(
        f"<tr><td>{escape(str(status))}<td>{escape(answer['description'])}<td>"
        f"{escape(', '.join(answer.get('content', ())) or '-')}</tr>"
        for status, answer in about["responses"].items()
    )
    text, line = escape(about.get("description", "")), escape(curl(path, method, about, base))
    return f"{head}<p>{text}</p><pre>{line}</pre>{table}<table><tr><th>status<th>meaning<th>as</tr>{answers}</table>"


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    kind = schema if "type" in schema or "enum" in schema else (schema.get("anyOf") or [schema])[0]
    choice = " | ".join(map(str, kind.get("enum", ()))) or str(kind.get("type", ""))
    told = ". ".join(filter(None, (parameter.get("description", schema.get("description", "")).rstrip("."), choice)))
    default = schema.get("default")
    return f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(str(default or '-'))}<td>{escape(told)}</tr>"


def curl(path: str, method: str, about: dict[str, Any], base: str) -> str:
    """A line for a shell that asks an address."""
    content = about.get("requestBody", {}).get("content", {})
    words = ["curl"]
    if method not in ("get", "post") or (method == "post" and not content):
        words += ["-X", method.upper()]
    if FORM in content:
        schema = content[FORM]["schema"]
        field = next(iter(schema.get("properties", {"picture": None})))
        words += ["-F", f"{field}=@page.jpg"]
    elif JSON in content:
        words += ["--json", "@drawing.json"]
    return " ".join([*words, f"'{base.rstrip('/')}{path}'"])
