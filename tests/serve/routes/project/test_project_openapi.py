"""What the OpenAPI says of a project holds: schemathesis sends what it allows and what it forbids."""

import tempfile
from pathlib import Path
from typing import Any

import schemathesis
from as_text import meaningless
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.transport.serialization import Binary

from tenarai.serve.app import create_app
from tenarai.serve.settings import ServeSettings
from tenarai.serve.store import create_project

EXAMPLES = Path(__file__).parents[4] / "examples"
PICTURES = st.sampled_from([(EXAMPLES / "line-latin.png").read_bytes(), b"%PDF-1.7 cut short", b"", b"text"])
# Whether a line, page or version is there, or a box lies on its page, no schema tells.
MEANT = {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422", "503"]}}}
OURS = {"X-Requested-With": "tenarai"}
CASES = 4

schemathesis.openapi.format("binary", PICTURES.map(Binary))


def described() -> dict:
    """Asked while tests are collected, since each address is a test of its own."""
    with tempfile.TemporaryDirectory() as folder:
        create_project(Path(folder) / "p").close()
        app = create_app(ServeSettings(project=Path(folder) / "p"))
        app.state.jobs.close()
        app.state.project.close()
        return loosened(app.openapi())


def loosened(told: Any) -> Any:
    """Schemathesis 4.32 writes tuples of answers in the form of an older draft, which it then finds invalid: any of a
    tuple's forms in any of its places instead."""
    if isinstance(told, list):
        return [loosened(value) for value in told]
    if not isinstance(told, dict):
        return told
    plain = {key: loosened(value) for key, value in told.items()}
    if isinstance(plain.get("prefixItems"), list):
        plain["items"] = {"anyOf": plain.pop("prefixItems")}
    return plain


schema = (
    schemathesis.openapi.from_dict(described(), config=SchemathesisConfig.from_dict(MEANT))
    .include(path_regex="^/api/")
    .exclude(path="/api/events")  # a stream that lasts
)


@schema.parametrize()
@settings(
    max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
def test_every_answer_is_as_told(case: schemathesis.Case, client) -> None:
    # Without the header every change is forbidden, which test_project_api looks at.
    case.headers.update(OURS)
    case.call_and_validate(base_url=str(client.base_url).rstrip("/"), excluded_checks=meaningless(case))
