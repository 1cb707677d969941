"""The error tables of log(1 - tanh(u)^2): the unit they count in, what they must show, and that the page prints them."""

import math
from pathlib import Path

import pytest
import torch
from flint import arb

from numeric.experiments.tanh_errors import BANDS, DTYPES, FORMS, exact_log, figure, grid, largest_error, tables, ulps

PAGE = Path(__file__).parents[2] / "docs/topics/tanh_gaussian.md"
FLOAT32_AT_32 = 4e-6  # a unit in the last place of a float32 between 32 and 64: the density table's rounding


def same(shown, printed):
    """Equal text, or figures within a factor of 3 or a rounding of each other: another processor has another tanh."""
    if shown == printed:
        return True
    try:
        a, b = float(shown), float(printed)
    except ValueError:
        return False
    return abs(a - b) <= 2 * FLOAT32_AT_32 or (b != 0 and 1 / 3 <= a / b <= 3)


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_page_prints_the_tables():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for table in tables():
        assert lines.count(table[0]) == 1, table[0]
        start = lines.index(table[0])
        shown = lines[start : start + len(table) + 1]
        assert shown[1] == table[1] and shown[-1] == ""
        for line, printed in zip(shown[2:-1], table[2:], strict=True):
            pairs = list(zip(cells(line), cells(printed), strict=True))
            assert all(same(*pair) for pair in pairs), [pair for pair in pairs if not same(*pair)]


def test_the_tables_are_the_same_every_time():
    assert tables() == tables()


def test_a_changed_figure_is_noticed():
    assert same("1.5e12", "1.6e12") and same("-1.1e-7", "3.7e-6") and same("∞", "∞")
    for pair in (("1.5e12", "1.5e11"), ("-1.2", "1.2"), ("∞", "1e6"), ("0.646", "0.000"), ("primitive", "epsilon")):
        assert not same(*pair)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_primitive_is_within_4_ulp_in_every_band_and_no_other_form_is(dtype):
    worst = {title: max(largest_error(form, dtype, *band) for band in BANDS) for title, form in FORMS.items()}
    assert worst.pop("primitive") <= 4
    assert all(error > 100 for error in worst.values()), worst


def test_an_ulp_is_the_distance_to_the_next_number_of_the_format():
    for dtype in DTYPES:
        eps = torch.finfo(dtype).eps
        assert ulps(-1 - eps, arb(-1), dtype) == 1
        assert ulps(3.0, arb(3.0 - 4 * eps), dtype) == 2
        assert ulps(math.inf, arb(1), dtype) == ulps(math.nan, arb(1), dtype) == math.inf


def test_the_exact_value_is_that_of_the_definition():
    for u in (-0.5, 1e-6, 2.0):
        assert float(exact_log(u).rad()) <= 1e-50
        assert float(exact_log(u).mid()) == pytest.approx(math.log1p(-(math.tanh(u) ** 2)), rel=1e-14)


def test_a_grid_holds_numbers_of_the_format_of_both_signs():
    for dtype in DTYPES:
        for low, high in BANDS:
            u = grid(low, high, dtype)
            assert u.dtype == dtype and torch.equal(u.sort().values, -u.sort(descending=True).values)
            assert low <= u.abs().min().item() and u.abs().max().item() < high and len(u.unique()) == len(u) >= 100


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2.74, "2.7"),
        (0.5, "0.5"),
        (156.3, "156"),
        (1.54e12, "1.5e12"),
        (-0.0053, "-0.0053"),
        (-1e-8, "-1e-8"),
        (math.inf, "∞"),
    ],
)
def test_figures_have_two_or_three_digits(number, text):
    assert figure(number) == text
