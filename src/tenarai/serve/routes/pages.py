"""The page itself: plain files, sent as they lie in `serve/web`. Nothing in it is inline, so that no stranger's script
can run in it whatever was transcribed."""

from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parents[1] / "web"
SHELL = WEB / "index.html"
ADDRESSES = ("/", "/pad", "/watch")  # one document: the page looks at the address itself
ASK_AGAIN = {"cache-control": "no-cache"}  # kept, but asked for whether it changed: a new version shows at once
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # whatever a system's registry says


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404:
                raise
            return Response("There is no such file.\n", 404, media_type="text/plain")
        response.headers.update(ASK_AGAIN)
        kind = TYPES.get(Path(path).suffix)
        if kind is not None and response.status_code == 200:
            response.headers["content-type"] = f"{kind}; charset=utf-8"
        return response


def mount(app: FastAPI) -> None:
    """Serves the page at `/`, `/pad` and `/watch`, and its files below `/static`."""

    async def shell() -> FileResponse:
        return FileResponse(SHELL, media_type="text/html; charset=utf-8", headers=ASK_AGAIN)

    for address in ADDRESSES:
        app.add_api_route(address, shell, include_in_schema=False, methods=["GET", "HEAD"])
    app.mount("/static", _Files(directory=WEB), name="static")
