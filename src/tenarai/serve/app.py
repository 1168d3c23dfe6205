"""The application: settings in, everything wired together out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

import tenarai
from tenarai.serve.batches import Batches
from tenarai.serve.door import Door
from tenarai.serve.engine import Engine
from tenarai.serve.replies import add_error_replies
from tenarai.serve.routes import pages
from tenarai.serve.routes.batches import batches_router
from tenarai.serve.routes.health import add_manual, health_router
from tenarai.serve.routes.reading import reading_router
from tenarai.serve.settings import ServeSettings
from tenarai.serve.token import Token
from tenarai.serve.watch import Figures, Watch

ABOUT = "Reads handwriting: Japanese, horizontal and vertical, and Latin script."
# FastAPI can report to OpenTelemetry by environment variables; nothing here may leave the machine.
SILENT: Any = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)


def create_app(settings: ServeSettings) -> FastAPI:
    """The service as an ASGI application. Raises TenaraiError for a model, token file or project that is none.

    `app.state` has `settings`, `engine` (the one owner of the reader), `figures`, and `project` where there is one.
    """
    token = _token(settings)
    engine = Engine(settings)
    figures, batches = Figures(engine), Batches(engine)
    app = FastAPI(
        title="tenarai", version=tenarai.__version__, description=ABOUT, docs_url=None, redoc_url=None,
        telemetry=SILENT, lifespan=_lifespan,
    )  # fmt: skip
    app.state.settings, app.state.engine, app.state.figures, app.state.batches = settings, engine, figures, batches
    guarded = [Depends(HTTPBearer(auto_error=False, description="The token of the service"))] if token else []
    app.include_router(health_router(engine, figures))
    app.include_router(reading_router(engine, figures), dependencies=guarded)
    app.include_router(batches_router(engine, batches, figures), dependencies=guarded)
    add_manual(app)
    add_error_replies(app)
    _add_project(app, settings)
    app.add_middleware(Door, settings=settings, token=token)
    app.add_middleware(Watch, figures=figures)
    return app


def _token(settings: ServeSettings) -> Token | None:
    if settings.token_file is not None:
        return Token.read(settings.token_file)
    return None if settings.token is None else Token.of(settings.token.get_secret_value())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine: Engine = app.state.engine
    warming = asyncio.create_task(engine.warm_up())
    if app.state.jobs is not None:
        app.state.jobs.start()
    try:
        yield
    finally:
        warming.cancel()
        app.state.batches.close()
        await engine.finish()
        if app.state.jobs is not None:
            await asyncio.to_thread(app.state.jobs.close)
            app.state.project.close()


def _add_project(app: FastAPI, settings: ServeSettings) -> None:
    """The project's addresses, its jobs and the pages."""
    app.state.project = app.state.jobs = None
    if settings.project is not None:
        from tenarai.serve.jobs.keeper import Jobs
        from tenarai.serve.jobs.worker import Workplace
        from tenarai.serve.routes.project import project_router
        from tenarai.serve.store import open_project

        database = None if settings.database is None else settings.database.get_secret_value()
        project = open_project(settings.project, database, server=True)
        place = Workplace(
            folder=settings.project, database=settings.database, queue=settings.jobs, model=settings.model,
            threads=settings.threads,
        )  # fmt: skip
        app.state.project, app.state.jobs = project, Jobs(place)
        app.include_router(project_router(project, app.state.jobs, app.state.engine, app.state.figures.lately))
    pages.mount(app)
