"""Policy iteration as a contract: what the code promises on finite MDPs (alg-pi) and on the homework's cliff walk (hw15)."""

from __future__ import annotations

from proofs.claims import Topic, homework, slides

TOPIC = Topic("policy_iteration", "Policy iteration")

alg_pi = TOPIC.contract(
    "alg-pi",
    "Policy iteration ends at the best of all policies",
    source=slides("449-469"),
    promises={
        "two-states": r"on M2 the given policy has $V=(\frac{57}{37},-\frac{43}{37})$, one improvement follows,"
        r" and $V^\star=(\frac83,\frac89)$",
        "optimum": r"from every deterministic policy that ends, the values are those of the best of all $|A|^{|S|}$ policies,"
        " and the policy returned has them",
        "evaluation": r"$V^\pi$ is the exact solution of $(I-\gamma P_\pi)V=r_\pi$, for stochastic policies, too",
        "monotone": r"$V^{\pi_{k+1}}\ge V^{\pi_k}$ in every state, and $>$ in some state until the end",
        "ends": r"it ends after at most $|A|^{|S|}$ improvements, also where every action has an equal",
        "ties": "the first of two equal actions stays: on STAY the one that ends",
        "refused": r"at $\gamma=1$ a policy that never ends is refused, and so is an MDP in which never to end is better;"
        r" for $\gamma<1$ both are solved",
        "terminal": "terminal states are worth 0, whatever their rows hold",
        "available": "actions that are not available are never taken, and the rest is solved exactly",
    },
)

hw15 = TOPIC.contract(
    "hw15",
    "Exact policy iteration on the cliff walk",
    source=homework(15),
    promises={
        "values": r"$V^\star$ of a cell $d$ moves from the goal is $-\sum_{j<d-1}\gamma^j+100\,\gamma^{d-1}$: at the start 88,"
        r" and 77.277 at $\gamma=0.99$; where the last move costs, too, 87 and 76.391",
        "uniform": r"the uniform policy has $V=-\frac{72102745560557517}{658539956600711}\approx-109.49$ at the start",
        "improves": "from the uniform policy no cell's value ever falls, and the last policy reaches the goal in 13 moves",
        "refused": r"at $\gamma=1$ the policy that always goes up is refused",
        "environment": "the environment has the table of the file, in both readings: same ends, same values",
    },
    uses=[alg_pi],
)
