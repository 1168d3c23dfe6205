"""The whole loop over HTTP: pictures in, read, corrected, learnt from, read again, written, brought in again."""

import io
import os
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenarai.serve.store import create_project

EXAMPLES = Path(__file__).parents[4] / "examples"
TRUTH = {
    f"{name}.png": (EXAMPLES / f"{name}.gt.txt").read_text().splitlines()
    for name in ("letter-vertical", "note-horizontal")
}


def test_the_whole_loop(folder: Path, tmp_path: Path, service_of: Callable[..., Any]):
    with service_of(folder) as client:
        added = client.add("letter-vertical.png", "note-horizontal.png", "line-mixed.png", read=True)
        assert [page["name"] for page in added["pages"]] == [*TRUTH, "line-mixed.png"] and not added["refused"]
        told = client.wait(added["job"]["id"])
        assert (told["done"], told["total"], told["result"]["pages"], told["result"]["lines"]) == (3, 3, 3, 11)

        pages = client.get("/api/pages").json()["pages"]
        for page, truth in zip(pages, TRUTH.values(), strict=False):
            for line, text in zip(client.lines(page["id"]), truth, strict=False):
                saved = client.write(line, text, state="done")
                assert saved.status_code == 200 and saved.json()["text"] == text
        counts = client.get("/api/project").json()["counts"]
        assert (counts["lines"], counts["done"]) == (11, 10) and 0 < counts["corrected"] < 10

        ready = client.get("/api/learn").json()
        assert ready["ready"] and (ready["lines"], ready["writers"], ready["checked"]) == (10, ["Aya"], False)
        job = client.post("/api/jobs", json={"kind": "learn", "options": {"steps": 2}}).json()
        state = folder / "learning" / f"{job['id']}.state"
        while not state.exists():
            assert client.get(f"/api/jobs/{job['id']}").json()["finished"] is None
            time.sleep(0.05)
        os.kill(client.jobs.worker, signal.SIGKILL)  # it goes on from its last round
        result = client.wait(job["id"])["result"]
        for figures in (result["before"], result["after"], result["general"]["before"], result["general"]["after"]):
            low, high = figures["interval"]
            assert 0 <= low <= figures["cer"] <= high
        assert result["lines"] + len(result["suspicious"]) == 10
        assert client.get("/api/learn").json()["checked"] and not list(state.parent.iterdir())
        assert [model["id"] for model in client.get("/api/models").json()["models"]] == (
            [result["model_id"]] if result["model_id"] else []
        )

        before = client.get("/api/project").json()["model"]
        kept = [client.lines(page["id"]) for page in pages[:2]]
        if result["model_id"] is None:  # two steps may help nothing: reading again is the same then
            again = client.post("/api/jobs", json={"kind": "read", "options": {"find": False}}).json()
        else:
            answer = client.post(f"/api/models/{result['model_id']}/keep", json={"read": True}).json()
            assert answer["model"]["active"] and answer["model"]["state"] == "kept"
            again = answer["job"]
            model = client.get("/api/project").json()["model"]
            assert model["id"] == result["model_id"] and model["version"] != before["version"]
        assert client.wait(again["id"])["result"]["lines"] == 1
        assert [client.lines(page["id"]) for page in pages[:2]] == kept

        written = client.get("/api/export", params={"format": "pagexml"})
        assert (
            written.headers["content-type"] == "application/zip"
            and "Letters.zip" in written.headers["content-disposition"]
        )
        with zipfile.ZipFile(io.BytesIO(written.content)) as archive:
            layouts = {name: archive.read(name) for name in archive.namelist()}
        texts = [[line["text"] for line in client.lines(page["id"])] for page in pages]

    create_project(tmp_path / "second").close()
    with service_of(tmp_path / "second") as client:
        files = [("files", (name, (EXAMPLES / name).read_bytes())) for name in (*TRUTH, "line-mixed.png")]
        files += [("files", (name, data)) for name, data in layouts.items()]
        brought = client.post("/api/import", files=files).json()
        assert not brought["refused"] and len(brought["pages"]) == 3
        assert [[line["text"] for line in client.lines(page["id"])] for page in brought["pages"]] == texts
        assert len(client.get("/api/learn").json()["writers"]) == 1
