"""What training asks of the processor it runs on."""

from pathlib import Path

import pytest
import torch

from tenarai.train.processor import bfloat16_is_fast, one_thread, precision_of, quick


def test_bfloat16_is_called_fast_where_the_processor_lists_it() -> None:
    listed = Path("/proc/cpuinfo")
    if not listed.exists():
        pytest.skip("this system does not list what its processor can do")
    flags = listed.read_text("utf-8").split()
    assert bfloat16_is_fast() == ("avx512_bf16" in flags or "amx_tile" in flags)


@pytest.mark.parametrize("fast", [True, False])
def test_work_is_done_in_bfloat16_where_that_is_fast(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr("tenarai.train.processor.bfloat16_is_fast", lambda: fast)
    ones = torch.ones(2, 2)
    with quick():
        product = ones @ ones
    assert product.dtype == (torch.bfloat16 if fast else torch.float32) and (ones @ ones).dtype == torch.float32
    if not torch.cuda.is_available():
        assert precision_of("auto") == ("bf16-mixed" if fast else "32-true")
    assert precision_of("16-mixed") == "16-mixed"


def test_one_thread_is_asked_for() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        one_thread()
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
