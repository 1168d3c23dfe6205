"""The public names, and what importing them costs."""

import json
import subprocess
import sys

import tenarai


def test_public_names_are_these() -> None:
    assert tenarai.__all__ == [
        "Box", "Character", "Line", "Page", "Reader", "Region", "TenaraiError", "Unread", "load",
    ]  # fmt: skip
    for name in tenarai.__all__:
        assert getattr(tenarai, name).__name__ == name
    assert set(tenarai.__all__) <= set(dir(tenarai))


def modules_after(code: str) -> set[str]:
    code += "\nimport sys, json; print(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_alone_loads_nothing_heavy() -> None:
    assert not modules_after("import tenarai") & {"numpy", "cv2", "PIL", "onnxruntime", "torch", "pydantic"}


def test_reading_loads_no_torch() -> None:
    code = "import tenarai; tenarai.load().read('examples/line-latin.png')"
    loaded = modules_after(code)
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "lightning", "onnx", "kanjivg", "fontTools"}
