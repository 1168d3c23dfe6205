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


def test_long_lines_are_worked_on_in_parts() -> None:
    made = torch.Generator().manual_seed(2)
    logits = torch.randn(130, 3, 900, generator=made)  # more values than are worked on together
    labels, lengths = torch.randint(1, 900, (60,), generator=made), torch.tensor([20, 10, 30])
    widths = torch.tensor([130, 90, 101])
    wide, narrow = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    expected = ctc_loss(wide.log_softmax(-1), labels, widths, lengths, reduction="sum")
    found = summed_ctc_loss(narrow, labels, widths, lengths)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
    expected.backward()
    found.backward()
    torch.testing.assert_close(narrow.grad, wide.grad, rtol=1e-3, atol=1e-5)


def test_half_precision_is_counted_in_float32() -> None:
    made = torch.Generator().manual_seed(3)
    logits = torch.randn(20, 2, 50, generator=made).bfloat16()
    labels, lengths, widths = torch.randint(1, 50, (8,), generator=made), torch.tensor([3, 5]), torch.tensor([20, 15])
    half, single = logits.clone().requires_grad_(), logits.float().requires_grad_()
    losses = [summed_ctc_loss(given, labels, widths, lengths) for given in (half, single)]
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-5, atol=1e-5)
    for loss in losses:
        loss.backward()
    assert half.grad is not None and half.grad.dtype == torch.bfloat16
    torch.testing.assert_close(half.grad.float(), single.grad, rtol=1e-2, atol=1e-3)
