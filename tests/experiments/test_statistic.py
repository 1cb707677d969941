"""A polynomial in expectations has the mean of its statistic: by enumeration of all copies, with no luck involved."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from numeric.montecarlo.float64 import enclosed, nearest
from numeric.montecarlo.sampler import Sampler
from proofs.kernel.statement import Statement
from proofs.kernel.value import Undefined, rational
from proofs.language import D, E, Eq, Exp, Ind, Le, Ln, Lt, Max, Sum, Surely, Var, Vocabulary, local_index, local_real

F = Fraction
W = Vocabulary()
n = W.size("n")
p, K, f, g = W.pmf("p", n), W.kernel("K", [n], n), W.function("f"), W.function("g", 2)
Y = W.process("Y", 1, [["x", n, "p", [], "K", [["x", -1]]]])
Z = W.sample("Z", "z", "p")
i, t = local_index("i"), local_real("t")
spread = W.define("spread", Var(f(Y.x(1))) - Var(f(Y.x(0))))
ROWS = [["1/3", "0", "2/3"], ["0", "1/2", "1/2"], ["1/7", "2/7", "4/7"]]
DATA = {
    "ints": {"n": 3},
    "tables": {
        "p": ["1/6", "1/2", "1/3"], "K": ROWS, "f": ["0", "-3/2", "5/7"],
        "g": [["1/3", "2", "-1"], ["1", "0", "4"], ["7", "1", "1"]],
    },
}  # fmt: skip
a, b, c = f(Y.x(0)), f(Y.x(1)), g(Y.x(0), Y.x(1))
MEANS = {
    "mean": (E(a * b), 1),
    "variance": (Var(c), 2),
    "difference of variances": (Var(b) - Var(a), 2),
    "defined": (spread(), 2),
    "covariance": (E(a * b) - E(a) * E(b), 2),
    "square of a mean": (E(c) ** 2, 2),
    "product of three": (E(a) * E(b) * E(c), 3),
    "no factor": (E(a) ** 0 + E(b), 1),
    "mean times variance": (E(a) * Var(b) / 3, 3),
    "sums": (Sum(i, 0, n, Sum(i, 0, n, f(i) * E(c * f(i))) * E(b * g(i, 0))), 2),
    "guarded sum": (Sum(i, 0, n, E(c / f(i)), where=Lt(0, f(i) * f(i))), 1),
    "constants": (Ln(n) * E(a) + n - 2, 1),
    "cube of a variance's half": ((Var(a) / 2) ** 2, 4),
}


def sampler(term, data=DATA, env=()):
    claim = Eq(term, 0) if not env else Eq(0, 0)
    decls = W.needed([claim, term]) if not env else list(W.decls.values())
    return Sampler(Statement(decls, [], claim), data, term, env)


@pytest.mark.parametrize("name", MEANS)
def test_the_mean_over_all_copies_is_the_term(name):
    term, copies = MEANS[name]
    one = sampler(term)
    values, weights = one._together()
    assert one.statistic.copies == copies
    assert float(weights @ values) == pytest.approx(nearest(one.exact.number(term, ())), rel=1e-12, abs=1e-12)
    assert weights.sum() == pytest.approx(1) and one.draws == one.needed * copies


@pytest.mark.parametrize("name", [n for n in MEANS if n not in ("constants",)])
def test_no_sample_is_further_from_its_exact_value_than_is_said(name):
    """The exact statistic, in rationals, on every outcome of all copies."""
    one = sampler(MEANS[name][0])
    values, _ = one._together()
    exact = [exact_statistic(one, paths) for paths in product(one.weighted, repeat=one.statistic.copies)]
    worst = max(abs(F(float(v)) - e) for v, e in zip(values.tolist(), exact, strict=True))
    assert worst <= F(one.worst_rounding())
    assert one.worst_rounding() < 1e-12
    seen = one.spread()
    assert F(seen.low) <= min(exact) and max(exact) <= F(seen.high)


def exact_statistic(one, paths):
    """Read off the term anew, by its definition, in rationals."""
    outcomes = [path for _, path in paths]

    def value(term, first, env):
        if term.op in ("E", "Var"):
            at = [rational(one.exact.number(term.args[1], (path, *env))) for path in outcomes[first : first + 2]]
            return (at[0], 1) if term.op == "E" else ((at[0] - at[1]) ** 2 / 2, 2)
        if not any(s in str(term.key) for s in ("(E ", "(Var ", "spread")):
            return rational(one.exact.number(term, env)), 0
        if term.op == "Add":
            parts = [value(x, first, env) for x in term.args]
            return sum(v for v, _ in parts), max(k for _, k in parts)
        if term.op == "Mul":
            v, k = value(term.args[0], first, env)
            w, m = value(term.args[1], first + k, env)
            return v * w, k + m
        if term.op == "Div":
            v, k = value(term.args[0], first, env)
            return v / rational(one.exact.number(term.args[1], env)), k
        if term.op == "Pow":
            out, used = F(1), 0
            for _ in range(one.exact.index(term.args[1], env)):
                v, k = value(term.args[0], first + used, env)
                out, used = out * v, used + k
            return out, used
        if term.op == "Def":
            return value(one.exact.decls.unfold(term), first, env)
        live = [j for j in one.exact.reach(term, env) if one.exact.value(term.args[2], (j, *env))]
        parts = [value(term.args[3], first, (j, *env)) for j in live]
        return sum((v for v, _ in parts), F(0)), max((k for _, k in parts), default=0)

    return value(one.estimand, 0, ())[0]


def test_what_nothing_looks_at_is_not_drawn():
    """f(x_0) needs one draw of two; the codes of a path and of its first draw then mean the same."""
    first, both = sampler(Var(a)), sampler(Var(a) + E(b))
    assert (first.needed, first.draws, both.needed, both.draws) == (1, 2, 2, 4)
    rng = np.random.default_rng(0)
    paths = first.paths(rng.random((2, 500)))
    assert np.array_equal(first.values([first.codes(paths)] * 2), first.values([first.codes(paths[:1])] * 2))
    assert set(first.values([first.codes(paths[:1]), first.codes(paths[:1, ::-1])]).tolist()) <= set(
        first._together()[0]
    )


def test_a_difference_of_variances_is_sampled_in_pairs():
    """X and X + a little noise: the same copies for both leave the noise alone."""
    paired = sampler(Var(b + 100 * a) - Var(100 * a)).spread().sd
    values, weights = sampler(Var(100 * a))._together()
    apart = np.sqrt(float(weights @ values**2) - float(weights @ values) ** 2)
    assert paired < apart / 20


def test_a_sample_is_its_statistic_on_the_paths_drawn():
    one = sampler(Var(c) - E(a) * E(b))
    seen = one(np.random.default_rng(5), 1000)
    rng = np.random.default_rng(5)
    copies = [one.codes(one.paths(rng.random((one.drawn, 1000)))) for _ in range(2)]
    assert np.array_equal(seen, one.statistic.read(copies, 0))
    assert seen.std() > 0 and not np.isnan(seen).any()


@pytest.mark.parametrize(
    ("term", "why"),
    [
        (Ln(E(a * a)), "polynomial in expectations"),
        (Max(E(a), E(b)), "polynomial in expectations"),
        (E(a) / E(a * a), "as a ratio"),
        (E(a) + E(f(Z.z())), "over one process"),
    ],
)
def test_what_is_no_mean_of_one_number_is_refused(term, why):
    with pytest.raises(ValueError, match=why):
        sampler(term).spread()


# ------------------------------------------------------------------------------------- a mean given the past
@pytest.mark.parametrize("x", [0, 1, 2])
def test_a_mean_given_the_past_keeps_that_past_and_draws_the_rest(x):
    said = Surely(Eq(Y.given(c, 0, "x"), f(Y.x(0)))).args[1].args[0]
    one = sampler(said, env=((x, 0),))
    assert one.known == (x,) and one.drawn == 1
    paths = one.paths(np.linspace(0, 1, 101)[:-1][None])
    assert set(paths[0]) == {x} and {tuple(o) for o in paths.T.tolist()} == {path for _, path in one.outcomes()}
    mean = sum(F(ROWS[x][y]) * F(DATA["tables"]["g"][x][y]) for y in range(3))
    assert rational(one.exact.number(said, ((x, 0),))) == mean
    assert one(np.random.default_rng(0), 200_000).mean() == pytest.approx(float(mean), abs=0.05)


def test_a_plain_mean_beside_one_given_the_past_is_refused():
    said = Surely(Eq(Y.given(c, 0, "x") + E(a), f(Y.x(0)))).args[1].args[0]
    with pytest.raises(ValueError, match="beside one given the past"):
        sampler(said, env=((0, 0),)).spread()


# ------------------------------------------------------------------------------------- derivatives
def test_a_derivative_inside_a_mean_is_exact_on_each_outcome():
    body = D(Exp(t * b) * (a + t) ** 2, t, 1)  # d/dt e^(tb) (a + t)^2 = e^b (a + 1) (b (a + 1) + 2) at 1
    one = sampler(E(body))
    table, lost = one.tabulated(one.estimand.args[1], ())
    for _, (x, y) in one.weighted:
        at, bt = (F(DATA["tables"]["f"][k]) for k in (x, y))
        mid, _ = enclosed(one.exact.number(Exp(bt), ()))
        assert table[3 * x + y] == pytest.approx(float(mid * (at + 1) * (bt * (at + 1) + 2)), rel=1e-14, abs=1e-14)
    assert lost <= 1e-15 and np.isnan(table[1])  # K(0, 1) = 0


def test_a_derivative_under_a_guard_is_read_where_the_guard_holds():
    body = Sum(i, 0, n, D(Ln(f(i) + t), t, 0), where=Lt(Y.x(0), i))  # f(0) = 0 would have no logarithm
    data = {**DATA, "tables": {**DATA["tables"], "f": ["0", "2", "4"]}}
    one = sampler(E(body), data)
    assert {float(v) for v in one._together()[0]} == {0.75, 0.25, 0.0}


def test_a_kink_on_a_live_path_is_undefined():
    with pytest.raises(Undefined, match="kink"):
        sampler(E(D(Max(t * b, t), t, 0))).spread()


def test_a_share_has_two_values():
    one = sampler(E(Ind(Le(c, 1)))).spread()
    assert (one.low, one.high, one.two_valued) == (0.0, 1.0, True)
    assert not sampler(E(c)).spread().two_valued
