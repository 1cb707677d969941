"""A2C with discrete actions: what the code promises, with the exact bias that it has by design."""

from __future__ import annotations

from proofs.claims import Topic, slides
from proofs.softmax import hw08c
from proofs.targets import outer as hw09e_gradient
from proofs.targets import steps as tdk_mean
from proofs.targets import vector as hw09e

TOPIC = Topic("a2c", "A2C, discrete actions")

alg_a2c = TOPIC.contract(
    "alg-a2c-disc",
    "A2C's mean update: the policy gradient where V is exact, and exactly how far off elsewhere",
    source=slides("1515-1623"),
    uses=[hw08c, tdk_mean, hw09e, hw09e_gradient],
    promises={
        "returns": r"$\hat Q_t=\sum_{j<m}\gamma^jr_{t+j}+\gamma^mV(s_{t+m})$, with $m$ the steps to the first end or to the end"
        r" of the window; $0$ for $V$ where the task terminated, the last state's $V$ where a time limit cut it",
        "forever": r"A reward of $1$ without end is worth $1/(1-\gamma)$ through any number of time limits",
        "exact": r"With $V_\phi=V^\pi$, $\gamma=1$ and windows that begin as long runs do, the mean of $g_\theta$ is"
        r" $-\nabla J(\theta)/\mathbb E[T]$ for every $k$",
        "biased": r"For any $V_\phi$ and $\gamma$: $\mathbb E\,g_\theta=-\frac1k\sum_{t<k}\sum_s d_t(s)\sum_a\nabla\pi(a\mid s)\,"
        r"q_{k-t}(s,a)$ and $\mathbb E\,g_\phi(s)=-\frac1k\sum_{t<k}d_t(s)\,(v_{k-t}(s)-V_\phi(s))$, where $q_m$, $v_m$ are the"
        r" values of $m$ steps and then $V_\phi$",
        "limited": r"With $V^\pi$ a time limit costs nothing: the mean is $-\frac1k\sum_{t<k}\sum_s d_t(s)"
        r"\sum_a\nabla\pi(a\mid s)\,A^\pi(s,a)$",
        "entropy": r"The bonus adds $-c\,\nabla H$, with $\partial H/\partial z_a=-\pi_a(\log\pi_a+H)$: descending it flattens"
        r" the policy",
        "weights": r"What is descended is policy $+\,c_V\cdot$ squared error $-\,c_H\cdot$ entropy, each a mean over all steps",
        "detached": r"The policy's loss and the entropy send no gradient to $V_\phi$ or $\hat Q$, the critic's loss none to"
        r" $\pi_\theta$ or $\hat Q$, and a state that is only bootstrapped from gets none",
        "played": r"The loop records steps as they happened, window after window, and a time limit in its flag alone",
        "steep": r"Where $\pi(a\mid s)$ underflows, $\log\pi(a\mid s)$ and its gradient are still right",
    },
)
