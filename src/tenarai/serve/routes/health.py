"""Whether the service lives, what it is doing, and what it can be asked."""

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from tenarai.serve.engine import KINDS, Engine
from tenarai.serve.manual import manual
from tenarai.serve.replies import Reply, reply
from tenarai.serve.watch import Figures


class HealthReply(Reply):
    status: str


class ReadyReply(HealthReply):
    """`ready`, or why not: `opening` its models, `stopping`, or `full`."""

    inside: dict[str, int]


def health_router(engine: Engine, figures: Figures) -> APIRouter:
    """For whoever keeps the service running. The first two need no token."""
    router = APIRouter(tags=["service"])

    @router.get("/health", summary="Does it live?", response_class=Response, responses={200: {"model": HealthReply}})
    async def health(request: Request) -> Response:
        """Answers as long as the service runs, however much there is to do."""
        return reply(request, engine, status="ok")

    @router.get(
        "/ready", summary="Can it read?", response_class=Response,
        responses={200: {"model": ReadyReply}, 503: {"model": ReadyReply, "description": "Not now"}},
    )  # fmt: skip
    async def ready(request: Request) -> Response:
        """Whether a request would be read now."""
        lanes = [engine.lanes[kind] for kind in KINDS]
        status = "ready" if engine.warm else "opening"
        if any(lane.inside >= lane.room for lane in lanes):
            status = "full"
        if engine.stopping:
            status = "stopping"
        found = reply(request, engine, status=status, inside={lane.kind: lane.inside for lane in lanes})
        found.status_code = 200 if status == "ready" else 503
        return found

    @router.get(
        "/metrics", summary="Figures for Prometheus", response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Figures"}},
    )  # fmt: skip
    async def metrics() -> Response:
        """Requests, seconds, what waits, lines read, and how sure the model was of them."""
        return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def add_manual(app: FastAPI) -> None:
    """`/docs`: the OpenAPI description for people."""

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(manual(app.openapi(), str(request.base_url)))
