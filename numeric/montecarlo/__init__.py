"""Monte Carlo with a stated error rate: plan, pay, draw, judge.

The error model.  A check asks whether the mean of a statistic is its exact target t.  Something must be proved of the
statistic: a range, or where that is infinite a bound of its standard deviation; without either there is no verdict.
Before anything is drawn the check is planned: delta, the smallest deviation that matters (at most half of the smallest
planted mutant's effect and at most 2 % of the statistic's standard deviation); alpha, the chance of a false alarm; the
power; the bound; and from these, by a formula, n.  Then n samples give an interval that holds the true mean mu with
probability at least 1 - alpha, at this n and not only for n large:

    confirmed      the interval lies inside t +- delta.  Where |mu - t| > delta this has probability at most alpha
    refuted        it is disjoint from t +- delta.       Where |mu - t| <= delta this has probability at most alpha
    underpowered   neither: it says nothing, and is no pass

If mu = t the verdict is `confirmed`, and if mu is 2 delta away or more it is `refuted`, with probability at least the
power.  A run charges the alphas of its checks to one budget, 1e-6 in all; there are no retries.  What the model takes
for granted: the generator's draws behave as independent and uniform, and the sampler draws independent samples from
the law that it claims, each computed to within a stated slack of rounding.  Rounding itself is bounded and widens the
interval.

A worked example.  A coin shows heads with probability 3/8; each throw pays 1 or 0, so that the standard deviation is
sqrt(15)/8.  A mutant says 1/2: its effect is 1/8.  Two values are a binomial, whose tails are known exactly:

>>> import math
>>> from fractions import Fraction
>>> from numeric.montecarlo.budget import Budget
>>> from numeric.montecarlo.check import check
>>> from numeric.montecarlo.plan import plan
>>> coin = dict(low=0.0, high=1.0, sd=math.sqrt(15) / 8, mean=3 / 8, two_valued=True, effects={"fair": 1 / 8})
>>> print(plan(**coin).explain())  # doctest: +NORMALIZE_WHITESPACE
draw n = 222,401 samples in {0, 1} (standard deviation 0.484123) and take the binomial interval at alpha = 1e-09:
with probability at least 0.999 it lies inside target +- 0.00968246 (2 % of the standard deviation); about 0.044 s

The budget is charged before the first throw.  The statement is confirmed; the mutant's target is refuted by its own
check, at the statement's delta:

>>> def throw(rng, n):
...     return (rng.random(n) < 3 / 8).astype(float)
>>> budget = Budget()
>>> names = dict(claim="coin", version=1, nonce="fixed", budget=budget)
>>> said = check(throw, target=Fraction(3, 8), **coin, **names)
>>> said["verdict"], said["n"], said["bound"]
('confirmed', 222401, 'binomial')
>>> low, high = said["interval"]
>>> 3 / 8 - said["delta"] <= low <= 3 / 8 <= high <= 3 / 8 + said["delta"]
True
>>> check(throw, target=Fraction(1, 2), label="mutant fair", delta=plan(**coin), **coin, **names)["verdict"]
'refuted'
>>> budget.checks, budget.spent
(2, 2e-09)

What is known of the statistic decides which bound is used and how many samples it takes, never how often it errs:

>>> less = {key: value for key, value in coin.items() if key != "two_valued"}
>>> [(one.bound, one.n) for one in (plan(**less), plan(**less, bound="hoeffding"), plan(**less | {"mean": None}))]
[('betting', 284510), ('hoeffding', 284520), ('hoeffding', 284520)]
>>> plan(**less | {"high": math.inf})  # doctest: +ELLIPSIS
Traceback (most recent call last):
ValueError: low and high must be finite, ...

Import from the modules: `budget` (who pays), `methods` (which bound is used when), `bounds`, `betting`, `binomial`, `heavy`
(the bounds), `question` (what is known beforehand), `plan` (n by formula, pure), `moments` and `estimate` (streaming),
`verdicts` (three outcomes), `check` (all of it in one call), `vector` (several means in one check), `workers` and `device` (who
draws).  From a statement to its samples: `cases` and `forms` (what is sampled), `statistic` and `reading` (the number on a path),
`sampler` (paths), `known` (what enumeration tells), `channel`.  `docs/how-statistics-work.md` explains it to a reader.
"""
