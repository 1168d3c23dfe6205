"""What training asks of the processor it runs on."""

import ctypes
from contextlib import suppress
from typing import Any

import torch

M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1  # of mallopt(3)
KEPT = 2**31 - 1  # bytes


def bfloat16_is_fast() -> bool:
    """Whether the processor has instructions for bfloat16; elsewhere it is emulated and slower than float32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def quick() -> torch.autocast:
    """Work on the CPU in bfloat16, as far as it may be, where the processor is fast at it."""
    return torch.autocast("cpu", torch.bfloat16, enabled=bfloat16_is_fast())


def precision_of(asked: str) -> Any:
    """The precision for Lightning: what the recipe asks, or what the hardware is fast at."""
    if asked != "auto":
        return asked
    return "bf16-mixed" if torch.cuda.is_available() or bfloat16_is_fast() else "32-true"


def one_thread() -> None:
    """Two threads in one process are slower for networks of this size, and add up in another order each time."""
    torch.set_num_threads(1)


def keep_memory() -> None:
    """Lets the process keep what it has freed, where the C library is glibc: every step needs as much again, and large
    blocks that go back to the system each time are cleared and mapped anew by it, a twelfth of a step."""
    with suppress(AttributeError, OSError):
        for parameter in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):
            ctypes.CDLL(None).mallopt(parameter, KEPT)
