"""The numbers in a finished study's report, computed again from its parquet tables without CodeQ's code."""

import math
from collections import Counter
from itertools import product
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from test_report import Page

Row = dict[str, object]
POLICIES = {"base": "base", "round-1": "round 1", "round-2": "round 2"}
MODES = {"single_pass": "single pass", "best_of_n": "best of n", "mcts": "MCTS"}


@pytest.fixture(scope="module")
def page(study: Path) -> Page:
    return Page((study / "report.html").read_text())


@pytest.fixture(scope="module")
def evaluated(study: Path) -> dict[tuple[str, str], list[Row]]:
    return {
        (policy, mode): parquet.read_table(study / "seed-0" / "evaluation" / policy / f"{mode}.parquet").to_pylist()
        for policy, mode in product(POLICIES, MODES)
    }


def cells(page: Page, table: str) -> list[dict[str, str]]:
    """The rows of a table of the report by their headings."""
    header, *rows = page.tables[table]
    return [dict(zip(header, row, strict=True)) for row in rows]


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def wilson(solved: int, n: int) -> tuple[float, float]:
    """Wilson 1927, with the normal quantile written out."""
    z = 1.959963984540054
    middle = (solved + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(solved * (n - solved) / n + z**2 / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def test_fix_rates(page: Page, evaluated: dict[tuple[str, str], list[Row]]) -> None:
    shown = {(row["policy"], row["mode"]): row for row in cells(page, "table-fix-rates")}
    for (policy, mode), rows in evaluated.items():
        cell = shown[POLICIES[policy], MODES[mode]]
        hidden, public = (sum(bool(row[f"solved_{kind}"]) for row in rows) for kind in ("hidden", "public"))
        low, high = wilson(hidden, len(rows))
        assert cell["bugs"] == str(len(rows))
        assert cell["hidden"] == percent(hidden, len(rows))
        assert cell["public"] == percent(public, len(rows))
        assert cell["95 % interval"] == f"{100 * low:.1f} % – {100 * high:.1f} %"
        assert cell["samples"] == f"{sum(int(str(row['samples'])) for row in rows):,}"
        assert cell["tokens"] == f"{sum(int(str(row['tokens'])) for row in rows):,}"


@pytest.mark.parametrize("by", ["category", "level"])
def test_slices(page: Page, evaluated: dict[tuple[str, str], list[Row]], by: str) -> None:
    shown = {(row["policy"], row["mode"]): row for row in cells(page, f"table-by-{by}")}
    for (policy, mode), rows in evaluated.items():
        cell = shown[POLICIES[policy], MODES[mode]]
        whole = Counter(str(row[by]) for row in rows)
        solved = Counter(str(row[by]) for row in rows if row["solved_hidden"])
        for name, n in whole.items():
            assert cell[name] == f"{percent(solved[name], n)} {solved[name]}/{n}"


def test_comparisons(page: Page, evaluated: dict[tuple[str, str], list[Row]]) -> None:
    """McNemar's exact test by counting: of d bugs that one side alone solved, how often a fair coin is as uneven."""
    verdicts = {key: {row["bug_id"]: bool(row["solved_hidden"]) for row in rows} for key, rows in evaluated.items()}
    names = {f"{POLICIES[policy]}, {MODES[mode]}": (policy, mode) for policy, mode in verdicts}
    shown = cells(page, "table-comparisons")
    p_values = []
    for row in shown:
        a, b = verdicts[names[row["A"]]], verdicts[names[row["B"]]]
        only_a, only_b = (sum(x[bug] and not y[bug] for bug in a) for x, y in ((a, b), (b, a)))
        d = only_a + only_b
        tail = sum(math.comb(d, k) for k in range(min(only_a, only_b) + 1)) / 2**d
        p_values.append(min(1.0, 2 * tail))
        assert (row["bugs"], row["only A"], row["only B"]) == (str(len(a)), str(only_a), str(only_b))
        assert row["A − B"] == f"{100 * (only_a - only_b) / len(a):.1f} points".replace("-", "−")
        assert row["p"] == f"p = {p_values[-1]:.3f}"
    for row, p in zip(shown, p_values, strict=True):  # Holm 1979: the largest of the steps up to this one
        steps = [q * (len(p_values) - rank) for rank, q in enumerate(sorted(p_values)) if q <= p]
        assert row["p, corrected"] == f"p = {min(1.0, max(steps)):.3f}"
