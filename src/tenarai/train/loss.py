"""CTC loss (Graves et al. 2006) over thousands of classes, of which a line uses a few dozen.

torch's own loss fills several arrays of frames x batch x classes. The forward-backward pass needs the classes of each
line's own labels only; every other class has the plain softmax as its gradient. Same loss, same gradient, a few frames
at a time, so that what is worked on stays in the processor's cache.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import ctc_loss
from torch.nn.utils.rnn import pad_sequence

from tenarai.text.alphabet import BLANK

CACHED = 2**18  # values worked on together: a megabyte of float32


class _NarrowCtc(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
        classes, places = _own_classes(labels, lengths)
        scale = torch.cat([logits[part].float().logsumexp(-1, keepdim=True) for part in _parts(logits)])
        with torch.enable_grad():
            wanted = classes.expand(len(logits), *classes.shape)
            narrow = (logits.gather(-1, wanted).float() - scale).detach().requires_grad_()
            losses = ctc_loss(narrow, places, frames, lengths, blank=0, reduction="none", zero_infinity=True)
            (slope,) = torch.autograd.grad(losses.sum(), narrow)
        inside = torch.arange(logits.shape[0], device=logits.device)[:, None] < frames.to(logits.device)
        # A line too short for its text has an infinite loss, which counts as nothing here and in its gradient.
        counted = (inside & (losses.detach() > 0).to(logits.device)).unsqueeze(-1)
        ctx.save_for_backward(logits, scale, classes, slope - narrow.detach().exp() * counted, counted)
        return losses.detach().sum()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        logits, scale, classes, extra, counted = ctx.saved_tensors
        slope = torch.empty_like(logits)
        for part in _parts(logits):
            step = (logits[part].float() - scale[part]).exp_().mul_(counted[part])
            wanted = classes.expand(len(step), *classes.shape)
            slope[part] = step.scatter_add_(-1, wanted, extra[part]).mul_(grads[0])
        return slope, None, None, None


def _own_classes(labels: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """The classes of each line, `(lines, classes)`: the blank, then its labels, filled up with the blank; and where
    among them each label stands."""
    lines = torch.split(labels.cpu(), lengths.tolist())
    found = [torch.unique(line, return_inverse=True) for line in lines]
    classes = pad_sequence([used for used, _ in found], batch_first=True, padding_value=BLANK)
    classes = torch.nn.functional.pad(classes, (1, 0), value=BLANK).to(labels.device)
    return classes, torch.cat([places for _, places in found]).to(labels.device) + 1


def _parts(logits: Tensor) -> Iterator[slice]:
    """So many frames together as stay in the cache; all of them on a GPU."""
    frames = len(logits)
    together = frames if logits.is_cuda else max(1, CACHED * frames // max(1, logits.numel()))
    return (slice(start, start + together) for start in range(0, frames, together))


def summed_ctc_loss(logits: Tensor, labels: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
    """The summed loss of a batch in nats, always in float32. `logits (frames, batch, classes)`, not normalised; the
    labels of all lines in one row, never blank; how many frames and labels each line has."""
    loss: Tensor = _NarrowCtc.apply(logits, labels, frames, lengths)  # type: ignore[no-untyped-call]
    return loss
