"""The small decoder: it looks back only, begins uniform, is what its definition says, and learns a source to its entropy."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from numeric.algorithms.transformer import Block, Decoder

F64 = torch.float64


def decoder(tokens: int = 7, outputs: int = 5, length: int = 6, seed: int = 0, **more) -> Decoder:
    return Decoder(
        tokens, outputs, length=length, width=8, generator=torch.Generator().manual_seed(seed), dtype=F64, **more
    )


def with_a_head(model: Decoder) -> Decoder:
    """Logits that are not all 0."""
    torch.nn.init.normal_(model.head.weight, generator=torch.Generator().manual_seed(9))
    return model


def test_a_logit_depends_on_nothing_that_comes_later() -> None:
    model = with_a_head(decoder())
    tokens = torch.tensor([[1, 2, 3, 4, 5, 6]])
    before = model(tokens)
    for place in range(6):
        for other in (0, place + 1):
            changed = tokens.clone()
            changed[0, place] = other
            after = model(changed)
            assert torch.equal(before[:, :place], after[:, :place])
            if other != tokens[0, place]:
                assert (before[:, place:] != after[:, place:]).all(), "and on everything before it"


def test_half_an_answer_has_the_logits_of_the_whole_one() -> None:
    model, tokens = with_a_head(decoder()), torch.randint(7, (3, 6), generator=torch.Generator().manual_seed(1))
    whole = model(tokens)
    for length in range(1, 7):
        assert (model(tokens[:, :length]) - whole[:, :length]).abs().max() <= 1e-13


def test_the_first_policy_is_uniform() -> None:
    assert not decoder()(torch.zeros(2, 3, dtype=torch.int64)).any()


def test_a_seed_gives_the_weights_and_leaves_the_global_numbers_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = (decoder(seed=s).state_dict() for s in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["embedding"], other["embedding"])


def test_the_number_of_parameters() -> None:
    width, layers = 8, 2
    block = 12 * width**2 + 9 * width + 4 * width  # weights; biases of the four layers; two norms
    wanted = 7 * width + 6 * width + layers * block + 2 * width + 5 * width + 5
    assert sum(p.numel() for p in decoder().parameters()) == wanted


def test_a_block_is_what_its_definition_says() -> None:
    """Attention as a sum over the tokens before, one head at a time, in Python."""
    heads, width, length = 2, 6, 4
    block = Block(width, heads, torch.Generator().manual_seed(2))
    x = torch.randn(length, width, dtype=F64, generator=torch.Generator().manual_seed(3))
    normed = normal(x)
    query, key, value = (normed @ block.query_key_value.weight.T).split(width, -1)
    size = width // heads
    read = torch.zeros_like(x)
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        for now in range(length):
            weights = [math.exp((query[now, part] @ key[k, part]).item() / math.sqrt(size)) for k in range(now + 1)]
            read[now, part] = sum(w / sum(weights) * value[k, part] for k, w in enumerate(weights))
    x1 = x + read @ block.mix.weight.T
    wide = normal(x1) @ block.wide.weight.T
    wanted = x1 + wide * (1 + torch.erf(wide / math.sqrt(2))) / 2 @ block.narrow.weight.T
    assert (block(x) - wanted).abs().max() <= 1e-12


def normal(x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()


def test_it_learns_a_markov_source_to_its_entropy() -> None:
    """Expected over all 2^5 texts of the source: never below the entropy, and down to it within 0.001 nats a token."""
    stay = 0.9
    texts = torch.tensor(list(itertools.product((0, 1), repeat=5)))
    same = (texts[:, 1:] == texts[:, :-1]).double()
    chance = 0.5 * (same * stay + (1 - same) * (1 - stay)).prod(1)
    entropy = -(stay * math.log(stay) + (1 - stay) * math.log(1 - stay))
    model = decoder(tokens=2, outputs=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        logp = model(texts[:, :-1]).log_softmax(-1).gather(-1, texts[:, 1:, None]).squeeze(-1)
        loss = -(chance[:, None] * logp).sum() / 4
        assert loss.item() >= entropy - 1e-12
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() <= entropy + 1e-3


@pytest.mark.parametrize(
    ("tokens", "found"),
    [
        (torch.zeros(2, 7, dtype=torch.int64), r"torch.int64, \(2, 7\)"),
        (torch.zeros(2, 0, dtype=torch.int64), r"torch.int64, \(2, 0\)"),
        (torch.zeros(2, 3), "torch.float32"),
        (torch.tensor([[0, 7]]), r"\[0, 7\); got 7"),
        (torch.tensor([[0, -1]]), r"\[0, 7\); got -1"),
    ],
)
def test_tokens_that_are_none(tokens: Tensor, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        decoder()(tokens)


def test_sizes_that_are_none() -> None:
    with pytest.raises(ValueError, match="width must be a multiple of heads; got 8 and 3"):
        decoder(heads=3)
    with pytest.raises(ValueError, match="layers must be an integer, 1 or more; got 0"):
        decoder(layers=0)


@pytest.mark.gpu
def test_cuda_computes_the_same() -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    model, tokens = with_a_head(decoder()), torch.randint(7, (3, 6), generator=torch.Generator().manual_seed(1))
    wanted = model(tokens)
    assert (model.cuda()(tokens.cuda()).cpu() - wanted).abs().max() <= 1e-12
