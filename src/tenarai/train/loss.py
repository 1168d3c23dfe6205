"""CTC loss (Graves et al. 2006) over thousands of classes, of which a batch uses a few hundred.

torch's own loss fills several arrays of frames x batch x classes. The forward-backward pass needs the classes of the
batch's labels only; every other class has the plain softmax as its gradient. Same loss, same gradient, a third of the
memory traffic.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import ctc_loss

from tenarai.text.alphabet import BLANK


class _NarrowCtc(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
        used, places = torch.unique(labels, return_inverse=True)
        classes = torch.cat((used.new_tensor([BLANK]), used))
        scale = torch.logsumexp(logits, -1, keepdim=True)
        with torch.enable_grad():
            narrow = (logits[..., classes] - scale).detach().requires_grad_()
            losses = ctc_loss(narrow, places + 1, frames, lengths, blank=0, reduction="none", zero_infinity=True)
            (slope,) = torch.autograd.grad(losses.sum(), narrow)
        inside = torch.arange(logits.shape[0], device=logits.device)[:, None] < frames.to(logits.device)
        # A line too short for its text has an infinite loss, which counts as nothing here and in its gradient.
        counted = (inside & (losses.detach() > 0).to(logits.device)).unsqueeze(-1)
        ctx.save_for_backward(logits, scale, classes, slope - narrow.detach().exp() * counted, counted)
        return losses.detach().sum()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        logits, scale, classes, extra, counted = ctx.saved_tensors
        slope = (logits - scale).exp_().mul_(counted)
        slope.index_add_(-1, classes, extra)
        return slope.mul_(grads[0]), None, None, None


def summed_ctc_loss(logits: Tensor, labels: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
    """The summed loss of a batch in nats. `logits (frames, batch, classes) float32`, not normalised; the labels of all
    lines in one row, never blank; how many frames and labels each line has."""
    loss: Tensor = _NarrowCtc.apply(logits, labels, frames, lengths)  # type: ignore[no-untyped-call]
    return loss
