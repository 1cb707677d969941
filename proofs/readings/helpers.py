"""The functions that a SymPy script may need, as text; a script carries those that it calls."""

from __future__ import annotations

HELPERS: dict[str, str] = {
    "refuted": """
def refuted(why):
    print("REFUTED:", why)
    sys.exit(3)""",
    "row": """
def row(numbers):  # {0: first, 1: second, ...}
    return dict(enumerate(map(Q, numbers.split())))""",
    "table": '''
def table(numbers, *shape):
    """{index: number}, the last index running first; a dash is an entry that a hypothesis defines."""
    at = product(*map(range, shape)) if shape[1:] else range(*shape)
    return {i: Q(x) for i, x in zip(at, numbers.split(), strict=True) if x != "-"}''',
    "symbols": """
def symbols(name, like, **sort):  # one for each entry
    return {i: sp.Symbol(f"{name}{i}", **sort) for i in like}""",
    "pmf": '''
def pmf(name, like):
    """Symbols for the positive entries, divided by their sum."""
    x = {i: like[i] and sp.Symbol(f"{name}{i}", positive=True) for i in like}
    return {i: x[i] / sum(x.values()) for i in like}''',
    "still": """
step = sp.Symbol("step", real=True)
def still(x):
    return sp.sympify(x).subs(step, 0)""",
    "residual": """
def residual(x):  # in lowest terms: 0 just where x is identically 0
    return sp.cancel(sp.together(sp.sympify(x)))""",
    "indicator": """
def indicator(holds):
    return 1 if holds else 0""",
    "exp": """
def exp(x):  # a product over the terms of x
    return sp.expand(sp.exp(sp.expand(x)), power_exp=True)""",
    "div": """
def div(a, b):
    return refuted(f"division by zero: {a} / {b}") if residual(b) == 0 else sp.sympify(a) / b""",
    "slope": """
def slope(f, at):  # f a step beside the point, differentiated by the step
    return sp.expand_log(still(sp.diff(sp.sympify(f(at + step)), step)), factor=True)""",
    "power": """
def power(x, k):
    return refuted(f"undefined: the power {k} of {x}") if k < 0 else x**k""",
    "ln": """
def ln(x):  # split over the factors of x
    x = sp.factor(x)
    if not x.is_positive:
        (sys.exit if x.is_positive is None else refuted)(f"the logarithm of {x}")
    return sp.expand_log(sp.log(x), factor=True)""",
    "sign": '''
def sign(x):
    """Where logarithms remain, by 60 digits if these settle it."""
    return 0 if x == 0 else sp.sign(x.evalf(60)) if abs(x.evalf(60)) > Q(1, 10**40) else sys.exit(f"{x} > 0?")''',
    "least": """
def least(a, b):  # the sign of b - a must be known
    gap = sp.factor(b - a)
    return a if gap.is_nonnegative else b if gap.is_nonpositive else sys.exit(f"which is smaller, {a} or {b}?")""",
    "greatest": """
def greatest(a, b):
    return a + b - least(a, b)""",
    "clip": """
def clip(x, low, high):
    return refuted("undefined: clip to an empty interval") if low > high else least(greatest(x, low), high)""",
    "around": '''
def around(*kinks):
    """Each kink, the points between them, and one on either side."""
    at = sorted(set(kinks))
    return [at[0] - 1, *at, *[(a + b) / 2 for a, b in zip(at, at[1:])], at[-1] + 1]''',
    "draw": """
def draw(w, name, time):
    return w[name, time] if (name, time) in w else refuted(f"undefined: there is no draw {name} at time {time}")""",
    "draws": '''
def draws(X, name, time, size, law):
    """Each outcome continued by one more draw."""
    return [(p * law(w, y), {**w, (name, time): y}) for p, w in X for y in range(size) if law(w, y) != 0]''',
    "E": """
def E(X, f):  # the mean of f over the outcomes
    return sp.expand(sp.Add(*[p * f(w) for p, w in X]))""",
    "Var": """
def Var(X, f):
    mean = E(X, f)
    return E(X, lambda w: (f(w) - mean) ** 2)""",
    "given": '''
def given(X, f, w, time, n):
    """The mean of f over the outcomes that agree with w before slot `time` and in the first n draws of that slot."""
    known = [d for d in w if d[1] < time] + [d for d in w if d[1] == time][:n]
    same = [(p, v) for p, v in X if all(v[d] == w[d] for d in known)] if 0 <= time <= list(w)[-1][1] else []
    return E(same, f) / sum(p for p, v in same) if same else refuted(f"undefined: time {time}")''',
}
# The same where a script differentiates: what decides a branch is the value at the point.
MOVING: dict[str, str] = {
    "div": """
def div(a, b):
    return refuted(f"division by zero: {a} / {b}") if residual(still(b)) == 0 else sp.sympify(a) / b""",
    "ln": """
def ln(x):
    at = sp.factor(still(x))
    if not at.is_positive:
        (sys.exit if at.is_positive is None else refuted)(f"the logarithm of {at}")
    return sp.expand_log(sp.log(sp.factor(x)), factor=True)""",
    "sign": """
def sign(x):
    at = residual(still(x))
    if at == 0:
        return 0 if residual(x) == 0 else refuted(f"a jump of a derivative: {x}")
    return sp.sign(at.evalf(60)) if abs(at.evalf(60)) > Q(1, 10**40) else sys.exit(f"{at} > 0?")""",
    "least": """
def least(a, b):  # the sign of b - a must be known
    gap = sp.factor(still(b - a))
    if gap == 0:
        return a if residual(b - a) == 0 else refuted(f"a kink of a derivative: {a} and {b}")
    return a if gap.is_nonnegative else b if gap.is_nonpositive else sys.exit(f"which is smaller, {a} or {b}?")""",
}
USES = {"slope": ["still"], "div": ["residual", "refuted"], "power": ["refuted"], "ln": ["refuted"], "greatest": ["least"],
        "clip": ["least", "greatest", "refuted"], "draw": ["refuted"], "Var": ["E"], "given": ["E", "refuted"]}  # fmt: skip


def needed(names: set[str]) -> list[str]:
    """The text of these helpers and of those that they call, in the order above."""
    todo, found = list(names), set[str]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += USES.get(name, [])
    if "slope" in found:
        found |= {"residual", "refuted"}
    texts = HELPERS | (MOVING if "slope" in found else {})
    return [line for name, text in texts.items() if name in found for line in text.strip("\n").split("\n")]
