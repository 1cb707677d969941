"""GRPO, Dr. GRPO and RLOO as algorithms: what their update does on average, token by token, and on the cliff walk of problem 19.

Contracts: promises of code, each checked against exact values by numeric.contracts.group_policy*.  The algebra that they stand on
is in `grpo` (what a group's baseline does to the gradient) and `grpo_advantage` (what dividing by the deviation does).
"""

from __future__ import annotations

from proofs.claims import Topic, homework, slides
from proofs.grpo import hw28_0, hw28a, hw28b, loo
from proofs.grpo_advantage import affine, ch1, equal, fraction, spread
from proofs.kl import hw23c, hw23d
from proofs.ppo_clip import hw14a, hw14b

TOPIC = Topic("group_policy", "GRPO, Dr. GRPO and RLOO")

DATA = "a gradient arrives at $\\log\\pi$ of the tokens, and none at the old policy's, at advantages, at rewards"

alg_grpo = TOPIC.contract(
    "alg-grpo",
    "GRPO: its update is the one that its definition says, bias included",
    source=slides("2026-2068"),
    uses=[ch1, spread, equal, affine, hw14a, hw14b, hw23c, hw23d],
    promises={
        "bandit": r"on a Bernoulli bandit the mean step over all groups is $\E[s^2/(s+\varepsilon)]$ with $s$ the group's"
        r" deviation: with $N=4$ and $\varepsilon=10^{-4}$ it is $0.40392$ at $p=\frac12$, $0.15209$ at $p=\frac1{10}$; the"
        r" gradient is $\frac14$ and $\frac9{100}$",
        "two-lengths": r"where an answer has one token or two, the mean step over all groups carries exactly the bias of the"
        r" deviation, $(\frac14,\frac1{16})$, and of $1/|o_i|$, $(\frac3{16},\frac1{16})$, at $N=2$ and with the gradient"
        r" $(\frac12,\frac14)$",
        "sign": r"for two prompts with one parameter the gradient is $-\frac1{50}$ and the mean step $+0.252$",
        "advantages": r"advantages are $(r_i-\bar r)/(s+\varepsilon)$ within each group, for both divisors of $s^2$; they sum to"
        r" 0; a group that agrees, or has one member, has exactly 0, with $\varepsilon=0$ too",
        "aggregation": r"a token's slope is its answer's advantage times $\frac1{B|o_i|}$, $\frac1{\sum_j|o_j|}$ or"
        r" $\frac1{BL}$, as asked for; padding has none, whatever it holds and however much there is",
        "parts": "the losses of a batch's parts, divided by the count of the whole batch, add up to its loss",
        "clip": r"the slope in $\log\pi$ is $-\rho A$, and 0 where $A>0$ and $\rho>1+\text{clip}$ or $A<0$ and"
        r" $\rho<1-\text{clip}$",
        "kl": r"the KL term has the mean $\KL(\pi\,\|\,\pi_\text{ref})$, and its slope the mean of"
        r" $\nabla\KL(\pi_\text{ref}\,\|\,\pi)$; with weight 0 the reference is not read",
        "collected": "the answers of a group have one prompt; rewards, lengths and log-probabilities are those of the answer,"
        " and nothing behind its end counts",
        "second-epoch": "a second step on the same answers has the ratios, the clip and the KL term of the new policy; the"
        r" deviation's $\varepsilon$ is not the clip's",
        "gradients": DATA,
    },
)

alg_drgrpo = TOPIC.contract(
    "alg-drgrpo",
    "Dr. GRPO: no division by deviation or length, and (N - 1)/N of the gradient",
    source=slides("2054-2068"),
    uses=[hw28b, hw28_0],
    promises={
        "bandit": r"on a Bernoulli bandit the mean step over all groups is $\frac{N-1}N p(1-p)$: $0.1875$ and $0.0675$ at $N=4$",
        "two-lengths": r"where an answer has one token or two, the mean step over all groups is $\frac{N-1}{NL}\nabla J$:"
        r" lengths leave no bias",
        "sign": r"for the two prompts on which GRPO steps the wrong way the mean step is $\frac34\cdot(-\frac1{50})$",
        "undivided": r"advantages are $r_i-\bar r$, and each token weighs $\frac1{BL}$, whatever the deviation, the length, and"
        " the settings for them are",
        "iteration": "one iteration moves the table of logits by the learning rate times this step, towards more reward",
        "gradients": DATA,
    },
)

alg_rloo = TOPIC.contract(
    "alg-rloo",
    "RLOO: the mean of the others as the baseline, and the gradient itself",
    source=slides("2060-2068"),
    uses=[loo, hw28a],
    promises={
        "bandit": r"on a Bernoulli bandit the mean step over all groups is $p(1-p)$: $\frac14$ and $\frac9{100}$",
        "two-lengths": r"where an answer has one token or two, the mean step over all groups is $\nabla J$: $(\frac12,\frac14)$",
        "others": r"in every sample the advantage is $r_i-\frac1{N-1}\sum_{j\ne i}r_j=\frac N{N-1}(r_i-\bar r)$",
        "iteration": "one iteration moves the table of logits by the learning rate times this step, towards more reward",
        "gradients": DATA,
    },
)

hw19 = TOPIC.contract(
    "hw19",
    "GRPO without a KL term on the cliff walk, with the rewards +100 and -100 alone",
    source=homework(19),
    uses=[fraction, equal, affine],
    promises={
        "fraction": r"with $k$ of $N$ walks at the goal the advantages are $\sqrt{(N-k)/k}$ and $-\sqrt{k/(N-k)}$, times"
        r" $\sqrt{(N-1)/N}$ with the divisor $N-1$: $1.290994$ and $-0.774597$ at 3 of 8",
        "flat": r"a group that falls as one has advantages and slopes of exactly 0, with $\varepsilon=0$ too",
        "trap": r"from the uniform policy a walk arrives with probability $\frac{1104614417995}{658539956600711}$, and so no walk"
        r" of a group of 8 with probability $0.98666$, of 64 with $0.89813$; the first group of 8 in which one does comes after"
        r" $74.96$ groups, or $6491$ moves, on average",
        "small-cliff": "on the smallest cliff walk, cut after four moves, the mean step over all groups is GRPO's by definition",
        "collected": "a walk ends where it falls, arrives or is cut, and is paid for that end alone",
        "iteration": "one iteration moves the table of logits by the learning rate times the step of its walks; one that the"
        " limit cut is paid what was asked for",
    },
)
