"""A small decoder: a transformer that reads tokens from left to right and, after each, gives logits for the next.

    x_l     = embedding(token_l) + position_l                                                    l = 0 .. L-1
    x      += attention(norm(x))          softmax over k <= l of q_l . k_k / sqrt(d), then a mix of the values v_k
    x      += feed_forward(norm(x))       to four times the width, GELU, and back
    logits  = head(norm(x))               logits_l depends on tokens 0 .. l only, and is about token l + 1

Normalisation stands before each part and not behind it (Xiong et al. 2020, arXiv:2002.04745).  The head begins at 0, so that the
first policy is uniform.  It is the smallest thing that has what makes language models different from a table: one set of weights
reads prompts and half-written answers of any length up to `length`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from numeric.algorithms.networks import orthogonal
from numeric.primitives.checks import positive_integer

WIDER = 4  # of the feed-forward part (Vaswani et al. 2017, arXiv:1706.03762, 3.3)


class Decoder(nn.Module):
    """Tokens, integers [..., L] in [0, tokens), to logits [..., L, outputs].

    tokens: size of the vocabulary that is read.  outputs: of the one that is written.  length: the longest L.  width: of a
    token's vector, a multiple of `heads`.  layers: how often attention and the feed-forward part follow each other.  generator:
    the first weights come from it.
    Raises ValueError for numbers that are no positive integers, a width that heads do not divide, and, when called, for tokens of
    another dtype, for more than `length` of them, and (on the processor) outside of the vocabulary.
    """

    def __init__(
        self,
        tokens: int,
        outputs: int,
        *,
        length: int,
        width: int = 32,
        heads: int = 2,
        layers: int = 2,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        positive_integer(tokens=tokens, outputs=outputs, length=length, width=width, heads=heads, layers=layers)
        if width % heads:
            raise ValueError(f"width must be a multiple of heads; got {width} and {heads}")
        self.length, self.tokens = length, tokens

        def normal(*shape: int) -> nn.Parameter:
            drawn = torch.randn(*shape, generator=generator, dtype=torch.float64, device=generator.device)
            return nn.Parameter((drawn / math.sqrt(width)).to(device, dtype))

        self.embedding, self.position = normal(tokens, width), normal(length, width)
        self.blocks = nn.ModuleList(Block(width, heads, generator).to(device, dtype) for _ in range(layers))
        self.norm = nn.LayerNorm(width, device=device, dtype=dtype)
        self.head = linear(width, outputs, 0.0, generator).to(device, dtype)

    def forward(self, tokens: Tensor) -> Tensor:
        """[..., L] -> [..., L, outputs]."""
        if tokens.dtype != torch.int64 or not 1 <= tokens.shape[-1] <= self.length:
            raise ValueError(
                f"tokens must be int64 [..., L] with 1 <= L <= {self.length}; got {tokens.dtype}, {tuple(tokens.shape)}"
            )
        odd = (tokens < 0) | (tokens >= self.tokens)
        if tokens.device.type == "cpu" and bool(odd.any()):
            raise ValueError(f"tokens must lie in [0, {self.tokens}); got {int(tokens[odd][0])}")
        x = self.embedding[tokens] + self.position[: tokens.shape[-1]]
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x))
        return logits


class Block(nn.Module):
    """Attention, then the feed-forward part, each added to what it read: [..., L, width] -> [..., L, width]."""

    def __init__(self, width: int, heads: int, generator: torch.Generator) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_forward = (nn.LayerNorm(width, dtype=torch.float64) for _ in range(2))
        self.query_key_value = linear(width, 3 * width, 1.0, generator)
        self.mix = linear(width, width, 1.0, generator)
        self.wide = linear(width, WIDER * width, 1.0, generator)
        self.narrow = linear(WIDER * width, width, 1.0, generator)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.query_key_value(self.norm_attention(x)).unflatten(-1, (3, self.heads, -1)).unbind(-3)
        query, key, value = (part.transpose(-3, -2) for part in parts)  # [..., heads, L, width / heads]
        read = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.mix(read.transpose(-3, -2).flatten(-2))
        forward: Tensor = x + self.narrow(nn.functional.gelu(self.wide(self.norm_forward(x))))
        return forward


def linear(wide: int, narrow: int, gain: float, generator: torch.Generator) -> nn.Linear:
    """A layer with orthogonal weights times `gain` and biases of 0, in float64 on the generator's device."""
    like = {"device": generator.device, "dtype": torch.float64}
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, wide, narrow, **like)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        layer.weight.copy_(orthogonal(narrow, wide, generator=generator) * gain)
        layer.bias.zero_()
    return layer
