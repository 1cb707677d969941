"""PPO as a contract: what the code of numeric.algorithms.ppo promises."""

from __future__ import annotations

from proofs.claims import Topic, slides
from proofs.gae_mean import average
from proofs.gae_mixture import geometric
from proofs.kl import hw23c
from proofs.ppo_clip import bound, equal
from proofs.ppo_clip_escape import escape
from proofs.ppo_clip_slope import vanishing

TOPIC = Topic("ppo", "PPO")

alg_ppo_clip = TOPIC.contract(
    "alg-ppo-clip",
    "PPO takes the policy gradient's first step and then stops pushing where it should",
    source=slides("1756-1818"),
    promises={
        "first-step": r"summed over all trajectories of a finite MDP, the first gradient is $d(s)\,\pi(a|s)\,A^\pi(s,a)$:"
        r" with $V=V^\pi$ for every $\lambda$, and with any $V$ for $\lambda=1$",
        "undiscounted": r"without the weights $\gamma^t$, as everybody runs it, it is"
        r" $\sum_t P(s_t=s)\,\pi(a|s)\,A^\pi(s,a)$",
        "wrong-values": r"with $V\neq V^\pi$ and $\lambda<1$ it is biased by just what the $\lambda$-targets of $V$ say",
        "critic": r"for $\lambda=1$ the critic's gradient is $c_V\sum_t P(s_t=s)\,(V_\phi(s)-V^\pi(s))$",
        "regions": r"value and slope of $C_\varepsilon$ are those of the case form on a grid of ratios and advantages; the slope"
        r" is exactly 0 where $A>0,\ \ell>1+\varepsilon$ or $A<0,\ \ell<1-\varepsilon$ or $A=0$, and nowhere else",
        "no-gradient": r"$\log\pi_{\mathrm{old}}$, advantages, returns, weights and old values receive no gradient; nor does the"
        " critic from the policy's loss, or the policy from the critic's",
        "values": "the value loss and its slope are those of its form (none, larger of both, clipped only) in every order of"
        " value, old value and return",
        "entropy-sign": r"the entropy bonus has the slope $c_H\,\pi(a)(\ln\pi(a)+H)$ in the loss: a step raises the entropy",
        "kl-direction": r"the estimate has the mean $\mathrm{KL}(\pi_{\mathrm{old}}\,\|\,\pi)$, and each action's share is"
        r" $\ell-1-\ln\ell\ge0$",
        "steps": r"an update takes epochs $\cdot\lceil M/\text{minibatch}\rceil$ steps and reads each sample once an epoch: the"
        " gradients of its minibatches add up to that of all samples",
        "frozen": "in later epochs the ratio is still to the policy that acted, and advantages and targets are still those of"
        " the start",
        "early-stop": "it ends after the epoch in which the KL exceeds its limit, and not where it stays below",
        "cut": "a gradient longer than its limit is cut to it and keeps its direction; a shorter one stays",
        "normalised": "advantages are normalised over the whole update, once, with divisor $M$; equal ones become 0",
        "escape": r"with logits $\theta$ and $3\theta$, $A=(1,\frac1{100})$ and $\varepsilon=\frac15$ the climb ends with the"
        r" second ratio at $\frac{54}{35}$ or beyond",
        "collected": "what is collected says for each step where it led, how it ended and its time in its episode; both kinds"
        " of ends restart that clock",
    },
    uses=[equal, bound, vanishing, escape, geometric, average, hw23c],
)
