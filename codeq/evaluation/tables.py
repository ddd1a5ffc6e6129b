"""Tables of results, made from table `evaluation`: fix rates by seed, pooled, and in slices.

Every hidden rate is over the bugs that have hidden tests (`n_hidden`), every public rate over all
(`n`). Rows are sorted unfixed, base, round-1, round-2, ...; as `codeq.config.Mode` lists the modes; seed.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.table import Table

from codeq.config import Category, Mode
from codeq.errors import DataError
from codeq.evaluation.statistics import clustered_interval, wilson
from codeq.tables import UNFIXED

BASE, BASELINE = "base", "single_pass"
MODES: tuple[str, ...] = get_args(Mode)
CATEGORIES: tuple[str, ...] = get_args(Category)
LEVELS = ("easy", "medium", "hard")
LABELS = {
    "none": "–",
    "single_pass": "single pass",
    "best_of_n": "best of n",
    "line_edits": "line edits",
    "mcts_no_critic": "plain MCTS",
    "mcts": "MCTS",
}

_LATEX = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
}
_RATES = {
    "n": pl.Int64,
    "n_hidden": pl.Int64,
    "solved_public": pl.Int64,
    "solved_hidden": pl.Int64,
    "rate_public": pl.Float64,
    "rate_hidden": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "n_parsed": pl.Int64,
    "rate_parsed": pl.Float64,
    "overfit": pl.Int64,
    "rate_overfit": pl.Float64,
    "samples": pl.Int64,
    "unparsed": pl.Int64,
    "tokens": pl.Int64,
    "executions": pl.Int64,
    "seconds": pl.Float64,
}
_POOLED = {
    "seeds": pl.Int64,
    "problems": pl.Int64,
    "n_hidden": pl.Int64,
    "solved_hidden": pl.Int64,
    "rate_hidden": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
}


def policy_rank(policy: str) -> tuple[bool, int, str]:
    """Sort key: unfixed, base, then rounds by number, then anything else by name."""
    if policy in (UNFIXED, BASE):
        return False, -1 if policy == UNFIXED else 0, policy
    number = re.fullmatch(r"round-(\d+)", policy)
    return number is None, int(number[1]) if number else 0, policy


def predecessor(policy: str) -> str | None:
    """The policy that a round's policy was trained from: base for round-1; None for any other."""
    number = re.fullmatch(r"round-([1-9]\d*)", policy)
    if number is None:
        return None
    return BASE if number[1] == "1" else f"round-{int(number[1]) - 1}"


def rank(known: Sequence[str]) -> Callable[[str], tuple[int, str]]:
    """Sort key: the known names in their order, then others by name."""
    return lambda name: (known.index(name) if name in known else len(known), name)


def label(name: str) -> str:
    """How a policy or mode is called in print, such as "round 1" or "best of n"."""
    return LABELS.get(name) or re.sub(r"^round-(\d+)$", r"round \1", name)


def fix_rates(evaluation: pl.DataFrame) -> pl.DataFrame:
    """One row per policy, mode and seed: counts and rates of solved bugs, and what they cost.

    n is the number of bugs, n_hidden that of bugs with hidden tests; ci_low and ci_high are the
    95 % Wilson interval of rate_hidden = solved_hidden / n_hidden (all three null where n_hidden
    is 0). rate_parsed is rate_hidden over the n_parsed bugs for which at least one reply could be used, so
    that replies which could not be parsed are not mistaken for wrong fixes (null where there is no
    such bug). overfit counts bugs solved on public and not on hidden tests, rate_overfit is its share of the bugs
    solved on public tests that have hidden ones (null where there is none). samples, unparsed, tokens,
    executions and seconds are sums. Raises DataError if a bug was evaluated twice.
    """
    return _rates(evaluation, None, ())


def by_category(evaluation: pl.DataFrame) -> pl.DataFrame:
    """`fix_rates` for each category of bug."""
    return _rates(evaluation, "category", CATEGORIES)


def by_level(evaluation: pl.DataFrame) -> pl.DataFrame:
    """`fix_rates` for each level of difficulty."""
    return _rates(evaluation, "level", LEVELS)


def _rates(evaluation: pl.DataFrame, by: str | None, known: Sequence[str]) -> pl.DataFrame:
    check_unique(evaluation)
    keys = ["policy", "mode", "seed", *([by] if by else [])]
    counts = evaluation.group_by(keys).agg(
        n=pl.len(),
        n_hidden=pl.col("solved_hidden").count(),
        solved_public=pl.col("solved_public").sum(),
        solved_hidden=pl.col("solved_hidden").sum(),
        n_parsed=(pl.col("solved_hidden").is_not_null() & (pl.col("unparsed") < pl.col("samples"))).sum(),
        overfit=(pl.col("solved_public") & ~pl.col("solved_hidden")).sum(),
        n_public=(pl.col("solved_public") & pl.col("solved_hidden").is_not_null()).sum(),
        samples=pl.col("samples").sum(),
        unparsed=pl.col("unparsed").sum(),
        tokens=pl.col("tokens").sum(),
        executions=pl.col("executions").sum(),
        seconds=pl.col("seconds").sum(),
    )
    rows = counts.to_dicts()
    for row in rows:
        solved, n = row["solved_hidden"], row["n_hidden"]
        row["rate_public"] = row["solved_public"] / row["n"]
        row["rate_hidden"] = solved / n if n else None
        row["rate_parsed"] = solved / row["n_parsed"] if row["n_parsed"] else None
        public = row.pop("n_public")
        row["rate_overfit"] = row["overfit"] / public if public else None
        row["ci_low"], row["ci_high"] = wilson(solved, n) if n else (None, None)
    mode_rank, by_rank = rank(MODES), rank(known)
    rows.sort(
        key=lambda row: (
            policy_rank(row["policy"]),
            mode_rank(row["mode"]),
            row["seed"],
            by_rank(row[by]) if by else (0, ""),
        )
    )
    return pl.DataFrame(rows, schema={**{key: evaluation.schema[key] for key in keys}, **_RATES}, orient="row")


def pooled(evaluation: pl.DataFrame) -> pl.DataFrame:
    """One row per policy and mode: the hidden rate over all seeds, with a 95 % interval that clusters by problem.

    n_hidden counts evaluations, bugs times seeds, of bugs with hidden tests. Bugs of one problem and seeds of one bug
    are no independent trials: the interval draws whole problems (`clustered_interval`). Rate and interval are null
    where n_hidden is 0. Raises DataError if a bug was evaluated twice.
    """
    check_unique(evaluation)
    by_problem = evaluation.group_by("policy", "mode", "problem_id").agg(
        seeds=pl.col("seed").unique(), n=pl.col("solved_hidden").count(), solved=pl.col("solved_hidden").sum()
    )
    rows = []
    for (policy, mode), group in by_problem.sort("problem_id").group_by("policy", "mode"):
        scored = group.filter(pl.col("n") > 0)
        n, solved = scored["n"].to_list(), scored["solved"].to_list()
        low, high = clustered_interval(solved, n) if n else (None, None)
        rows.append(
            {
                "policy": policy,
                "mode": mode,
                "seeds": group["seeds"].explode().n_unique(),
                "problems": len(n),
                "n_hidden": sum(n),
                "solved_hidden": sum(solved),
                "rate_hidden": sum(solved) / sum(n) if n else None,
                "ci_low": low,
                "ci_high": high,
            }
        )
    mode_rank = rank(MODES)
    rows.sort(key=lambda row: (policy_rank(row["policy"]), mode_rank(row["mode"])))
    return pl.DataFrame(rows, schema={"policy": pl.String, "mode": pl.String, **_POOLED}, orient="row")


def check_unique(evaluation: pl.DataFrame) -> None:
    """Raise DataError if a bug was evaluated twice by one policy in one mode at one seed."""
    keys = ["bug_id", "policy", "mode", "seed"]
    twice = evaluation.filter(evaluation.select(keys).is_duplicated())
    if twice.height:
        raise DataError(
            f"table 'evaluation': {twice.select(keys).row(0)} occurs more than once; evaluate each bug once"
        )


def percent(rate: float | None) -> str:
    """A rate in 0..1 as "43.9 %"; an en dash for None."""
    return "–" if rate is None else f"{100 * rate:.1f} %"


def files(directory: Path, names: Sequence[str]) -> list[Path]:
    """The files of some tables of results in a directory."""
    return [directory / f"{name}.{suffix}" for name in names for suffix in ("parquet", "csv", "md", "tex")]


def write(table: pl.DataFrame, directory: Path, name: str) -> None:
    """Write a table of results as parquet, CSV, Markdown and LaTeX."""
    table.write_parquet(directory / f"{name}.parquet", statistics=False)
    table.write_csv(directory / f"{name}.csv")
    (directory / f"{name}.md").write_text(to_markdown(table) + "\n")
    (directory / f"{name}.tex").write_text(to_latex(table))


def to_markdown(table: pl.DataFrame) -> str:
    """A table as GitHub Markdown: numbers to four significant digits, aligned right."""
    numeric = [dtype.is_numeric() for dtype in table.dtypes]

    def cell(value: object) -> str:
        return _text(value).replace("\\", "\\\\").replace("|", "\\|")

    lines = [[cell(name) for name in table.columns], ["---:" if right else "---" for right in numeric]]
    lines += [[cell(value) for value in row] for row in table.iter_rows()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_latex(table: pl.DataFrame) -> str:
    """A table as LaTeX for package booktabs: numbers to four significant digits, aligned right."""

    def cell(value: object) -> str:
        return "".join(_LATEX.get(character, character) for character in _text(value))

    columns = "".join("r" if dtype.is_numeric() else "l" for dtype in table.dtypes)
    lines = [" & ".join(map(cell, row)) + r" \\" for row in (table.columns, *table.iter_rows())]
    body = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    return "\n".join([*body, r"\end{tabular}", ""])


def _text(value: object) -> str:
    """A cell on one line."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value).replace("\n", " ")


def console_table(rates: pl.DataFrame) -> Table:
    """`fix_rates` for a terminal of 80 columns, rates in percent.

    n is the number of bugs; where some have no hidden tests, "with hidden tests/all".
    """
    table = Table(
        title="Fix rates in %",
        caption="hidden: tests the search never saw, with a 95 % Wilson interval",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )
    several_seeds = rates["seed"].n_unique() > 1
    names, numbers = ("policy", "mode"), ("n", "public", "hidden", "interval", "samples", "tokens", "secs")
    for heading in names:
        table.add_column(heading, no_wrap=True)
    for heading in (*(["seed"] if several_seeds else []), *numbers):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = rates.to_dicts()
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        low, high = _hundredths(row["ci_low"]), _hundredths(row["ci_high"])
        table.add_row(
            label(row["policy"]),
            label(row["mode"]),
            *([str(row["seed"])] if several_seeds else []),
            str(row["n"]) if row["n"] == row["n_hidden"] else f"{row['n_hidden']}/{row['n']}",
            _hundredths(row["rate_public"]),
            _hundredths(row["rate_hidden"]),
            f"{low}–{high}" if row["n_hidden"] else "–",
            f"{row['samples']:,}",
            f"{row['tokens']:,}",
            f"{row['seconds']:,.0f}",
            end_section=following is not None and following["policy"] != row["policy"],
        )
    return table


def _hundredths(rate: float | None) -> str:
    return percent(rate).removesuffix(" %")
