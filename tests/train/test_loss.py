"""The narrow CTC loss is torch's own, gradient and all."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import ctc_loss

from tenarai.train.loss import summed_ctc_loss


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 4), st.integers(2, 12))
def test_equals_the_wide_loss(seed: int, classes: int, batch: int, frames: int) -> None:
    made = torch.Generator().manual_seed(seed)
    logits = torch.randn(frames, batch, classes, generator=made, dtype=torch.float32) * 2
    lengths = torch.randint(1, frames + 1, (batch,), generator=made)  # some lines do not fit: infinite loss
    widths = torch.randint(1, frames + 1, (batch,), generator=made)
    labels = torch.randint(1, classes, (int(lengths.sum()),), generator=made)
    wide, narrow = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    expected = ctc_loss(wide.log_softmax(-1), labels, widths, lengths, reduction="sum", zero_infinity=True)
    found = summed_ctc_loss(narrow, labels, widths, lengths)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    (3 * expected).backward()
    (3 * found).backward()
    torch.testing.assert_close(narrow.grad, wide.grad, rtol=1e-3, atol=1e-5)
