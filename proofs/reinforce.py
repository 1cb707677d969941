"""REINFORCE with a baseline: what the code promises, and what homework problem 18 asks of it."""

from __future__ import annotations

from proofs.claims import Topic, homework, slides
from proofs.rao_blackwell import hw07
from proofs.softmax import hw08c
from proofs.targets import carlo as hw09a
from proofs.targets import outer as hw09e_gradient

TOPIC = Topic("reinforce", "REINFORCE")

alg_reinforce = TOPIC.contract(
    "alg-reinforce",
    "REINFORCE's mean update is the policy gradient, whatever the baseline",
    source=slides("1140-1203"),
    uses=[hw08c, hw09a, hw09e_gradient],
    promises={
        "mean": r"With the weights $\gamma^t$ the mean over all trajectories of $g_\theta$ is $-\nabla J(\theta)$, for every"
        r" critic $V_\phi$, and so it is with $G_0$ in place of $\gamma^t G_t$",
        "plain": r"Without $\gamma^t$ its mean is $-\sum_s d(s)\sum_a\nabla\pi(a\mid s)\,Q^\pi_\gamma(s,a)$ with undiscounted"
        r" visits $d$, which is no gradient of $J$ unless $\gamma=1$",
        "limited": r"Where a time limit $H$ cuts every episode, the mean is the gradient of $\mathbb E\sum_{t<H}\gamma^t r_t$",
        "noise": r"The variances of one shared logit: CANCEL $0$ with $G_0$ and $25$ with $G_t$; XOR $0$ with $G_t$, $\frac18$"
        r" with $G_t-\frac12$, $\frac1{16}$ with $Q^\pi$; BASE $\frac9{10000}$, $\frac{36}{625}$ with $V$, $0$ with"
        r" $b^\star=\frac1{10}$",
        "batches": r"In a batch each episode counts alike, and each step of an episode: sums over time, means over episodes",
        "detached": r"The policy's loss sends no gradient to $V_\phi$ or $G_t$, the critic's none to $\pi_\theta$ or $G_t$",
        "ends": r"What lies beyond an episode's end is not read, not even by a gradient",
        "played": r"The loop records one whole episode from the start in each column, as it happened",
    },
)

hw18 = TOPIC.contract(
    "hw18",
    "REINFORCE with a Monte Carlo critic",
    source=homework(18),
    uses=[hw09e_gradient, hw07],
    promises={
        "policy": r"At $\gamma=1$ the mean of $g_\theta$ is $-\nabla J(\theta)$ for any $V_\phi$; on EP with $p=q=\frac12$ it is"
        r" $-(\frac12,\frac14)$",
        "critic": r"The mean of $g_\phi$ is $-\sum_s d(s)\,(V^\pi(s)-V_\phi(s))\,\nabla V_\phi(s)$",
        "critic-samples": r"In each episode $g_\phi=-\sum_t(G_t-V_\phi(s_t))\,\nabla V_\phi(s_t)$",
    },
)
