"""GAE as a contract: what the code of numeric.primitives.gae promises, and what a learner must make of it."""

from __future__ import annotations

from proofs.claims import Topic, slides
from proofs.gae import hw11d, with_mask
from proofs.gae_mean import average
from proofs.gae_mixture import ends, geometric

TOPIC = Topic("gae_code", "The code of GAE")

alg_gae = TOPIC.contract(
    "alg-gae",
    "The code of GAE is the mixture of k-step advantages, whatever ends an episode",
    source=slides("1878-1940"),
    promises={
        "double-sum": r"in all $4^T$ ways in which $T\le5$ steps can end (going on, terminated, truncated, both) the advantage"
        r" is $(1-\lambda)\sum_{k<n}\lambda^{k-1}\hat A^{(k)}+\lambda^{n-1}\hat A^{(n)}$ with $n$ steps left, also where $\gamma$"
        r" and $\lambda$ are 0 or 1",
        "shapes": "so it is on long and wide arrays, with one column and with many, whatever method their shape selects",
        "lambda-ends": r"$\lambda=0$ gives the TD error, $\lambda=1$ the return minus the value, whatever the values on the way",
        "chain": r"on CHAIN19, straight to either end, $\hat A_t=\pm\frac1{20}\sum_{j<n}\lambda^j$ for"
        r" $\lambda=0,\ 0.999999,\ 1$",
        "boundaries": "nothing of one episode reaches another in the same array, whatever ends the first",
        "slopes": "it is linear, and its slopes in rewards, values and next values are those of"
        r" $\sum_l(\gamma\lambda)^l\delta_{t+l}$",
        "expectation": r"with $V=V^\pi$ the mean over all trajectories given $(s,a)$ is $A^\pi(s,a)$ for every $\lambda$",
        "bias": r"with $V=V^\pi+e$ the target's bias is $\gamma(1-\lambda)\,P(I-\gamma\lambda P^\pi)^{-1}e$, at most"
        r" $\frac{\gamma(1-\lambda)}{1-\gamma\lambda}\|e\|_\infty$, which a constant error attains in the limit",
        "variance": r"with $V=V^\pi$ the variance given $s$ is $\sum_l(\gamma\lambda)^{2l}\operatorname{Var}\delta_l$, which"
        r" grows with $\lambda$",
        "returns": r"in PPO the critic's target is $\hat A+V$, before $\hat A$ is normalised, with the $V$ that it was made"
        " with, and is data",
    },
    uses=[hw11d, with_mask, geometric, ends, average],
)
