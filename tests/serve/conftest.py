from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from live_service import Service, running

import tenarai
from tenarai.serve.settings import ServeSettings


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """With default settings, but for the rate, which a test is over at once."""
    with running(ServeSettings(rate=0)) as found:
        yield found


@pytest.fixture
def serving() -> Iterator[Callable[..., Service]]:
    """Starts services with settings of the test's own."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running(ServeSettings.of(**{"rate": 0.0} | settings)))


@pytest.fixture(scope="session")
def reader() -> tenarai.Reader:
    """What a service has to agree with."""
    return tenarai.load()
