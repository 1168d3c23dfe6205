"""What the OpenAPI says holds: schemathesis sends what it allows and what it forbids, and looks at every answer."""

import io
import time
from collections.abc import Iterator

import pytest
import schemathesis
from as_text import meaningless
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from live_service import LINES, Service, example, pictures, running
from PIL import Image
from schemathesis.config import SchemathesisConfig
from schemathesis.transport.serialization import Binary

from tenarai.serve.app import create_app
from tenarai.serve.settings import ServeSettings
from tenarai.serve.uploads import IMAGES, PDF


def word() -> bytes:
    """The first word of a line, which is read in no time."""
    held = io.BytesIO()
    Image.open(io.BytesIO(example(LINES[1]))).crop((0, 0, 160, 164)).save(held, "PNG")
    return held.getvalue()


PICTURES = st.sampled_from([word(), pictures(1)])
# A schema does not tell a name of an alphabet from a slip, nor a pattern from what is none: that is 422 too.
MEANT = {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]}}}
CASES = 4


for media in (*IMAGES, PDF):
    schemathesis.openapi.media_type(media, PICTURES)
schemathesis.openapi.format("binary", PICTURES.map(Binary))
# Asked while tests are collected, since each address is a test of its own.
schema = schemathesis.openapi.from_dict(
    create_app(ServeSettings()).openapi(), config=SchemathesisConfig.from_dict(MEANT)
)


@pytest.fixture(scope="module")
def asked() -> Iterator[Service]:
    with running(ServeSettings(rate=0, max_pixels=2_000_000, max_jobs=10_000)) as service:
        while service.http.get("/ready").status_code != 200:
            time.sleep(0.05)
        yield service


@schema.parametrize()
@settings(
    max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
def test_every_answer_is_as_told(case: schemathesis.Case, asked: Service) -> None:
    case.call_and_validate(base_url=asked.url.rstrip("/"), excluded_checks=meaningless(case))
