"""One error budget for a run: alpha for each statistical check, their sum bounded, overdrawing refused.

If every check of a run has a false-alarm rate of at most its alpha, the chance that the run contains any false alarm
is at most their sum (union bound; no independence is needed).  The default is 1e-9 a check, 1,000 checks, 1e-6 in
all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any


class BudgetExceeded(RuntimeError):
    """A check that the run's error budget cannot pay for."""


@dataclass(frozen=True)
class Draw:
    """One paid check: who drew how many samples, at which false-alarm rate."""

    claim: str
    version: str
    nonce: str
    check: str
    alpha: float
    n: int


class Budget:
    """The false-alarm budget of one run, and the sums over each claim's life.

    limit: largest sum of alphas.  alpha: largest alpha of one check.  most: largest number of checks.
    earlier: the `budget` record of an earlier ledger; its lifetime sums are carried on.  A draw that the earlier run
    made with the same claim, version, nonce, check, alpha and n is the same samples and the same verdict again: it is
    charged to this run, but a claim's life is not charged twice for it.
    """

    def __init__(
        self, limit: float = 1e-6, alpha: float = 1e-9, most: int = 1000, *, earlier: Mapping[str, Any] | None = None
    ) -> None:
        for name, rate in (("limit", limit), ("alpha", alpha)):
            if not rate > 0 or rate == float("inf"):
                raise ValueError(f"{name} must be positive and finite; got {rate!r}")
        if most < 1:
            raise ValueError(f"most must be at least 1; got {most!r}")
        self._limit, self._alpha, self._most = limit, alpha, most
        self._draws: list[Draw] = []
        self._spent = Fraction(0)
        record = earlier or {}
        self._lifetime = {str(claim): _exactly(spent) for claim, spent in record.get("lifetime", {}).items()}
        self._known = {Draw(**draw) for draw in record.get("draws", [])}

    @property
    def spent(self) -> float:
        """The sum of the alphas charged in this run."""
        return float(self._spent)

    @property
    def checks(self) -> int:
        """The number of checks charged in this run."""
        return len(self._draws)

    def charge(self, claim: str, version: int | str, nonce: str, check: str, alpha: float, n: int) -> None:
        """Pay for one check, before it is drawn.

        Raises BudgetExceeded where the alpha, their sum or the number of checks would pass its limit; ValueError on a
        rate outside (0, 1), a number of samples below 1, or a check that this run has drawn already (there are no
        retries).
        """
        if not 0 < alpha < 1:
            raise ValueError(f"alpha must lie in (0, 1); got {alpha!r}")
        if n < 1:
            raise ValueError(f"n must be at least 1; got {n!r}")
        draw = Draw(claim, str(version), nonce, check, float(alpha), int(n))
        self._refuse_retry(draw)
        self._refuse_overdraft(draw)
        self._draws.append(draw)
        self._spent += _exactly(alpha)
        if draw not in self._known:
            self._lifetime[claim] = self._lifetime.get(claim, Fraction(0)) + _exactly(alpha)

    def record(self) -> dict[str, Any]:
        """The `budget` object of the ledger."""
        return {
            "limit": self._limit,
            "alpha": self._alpha,
            "most": self._most,
            "checks": self.checks,
            "spent": self.spent,
            "lifetime": {claim: float(spent) for claim, spent in sorted(self._lifetime.items())},
            "draws": [asdict(draw) for draw in self._draws],
        }

    def _refuse_retry(self, draw: Draw) -> None:
        name = (draw.claim, draw.version, draw.nonce, draw.check)
        if any(name == (old.claim, old.version, old.nonce, old.check) for old in self._draws):
            raise ValueError(
                f"check must be new in this run; {draw.check!r} of {draw.claim}@{draw.version} with nonce"
                f" {draw.nonce!r} was drawn already. There are no retries: give each check of a claim its own label"
            )

    def _refuse_overdraft(self, draw: Draw) -> None:
        what = f"check {draw.check!r} of {draw.claim}@{draw.version}"
        if _exactly(draw.alpha) > _exactly(self._alpha):
            raise BudgetExceeded(f"{what}: alpha must be at most {self._alpha!r} a check; got {draw.alpha!r}")
        if self.checks >= self._most:
            raise BudgetExceeded(f"{what}: a run has at most {self._most} checks; this is number {self.checks + 1}")
        if self._spent + _exactly(draw.alpha) > _exactly(self._limit):
            raise BudgetExceeded(
                f"{what}: the alphas of a run may sum to at most {self._limit!r}; {self.spent!r} is spent"
                f" and {draw.alpha!r} more is asked for"
            )


def _exactly(rate: float) -> Fraction:
    """The decimal number that a float prints as: a thousand times 1e-9 is then 1e-6, not one rounding error more."""
    return Fraction(repr(float(rate)))
