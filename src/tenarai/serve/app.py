"""The application: settings in, everything wired together out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from fastapi import FastAPI

import tenarai
from tenarai.serve.settings import ServeSettings

# FastAPI can report to OpenTelemetry by environment variables; nothing here may leave the machine.
SILENT: Any = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)


def create_app(settings: ServeSettings) -> FastAPI:
    """The service as an ASGI application. Raises TenaraiError for a model or project that cannot be opened."""
    app = FastAPI(
        title="tenarai", version=tenarai.__version__, docs_url=None, redoc_url=None, telemetry=SILENT,
        lifespan=_lifespan, max_body_size=settings.max_bytes,
    )  # fmt: skip
    app.state.settings = settings
    _add_project(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


def _add_project(app: FastAPI, settings: ServeSettings) -> None:
    """The project's addresses and its pages."""
    if settings.project is not None:
        store = import_module("tenarai.serve.store")
        app.state.project = store.open_project(settings.project, settings.database)
    try:
        pages = import_module("tenarai.serve.routes.pages")
    except ModuleNotFoundError:
        return
    pages.mount(app)
