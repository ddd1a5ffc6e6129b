"""The report is one self-contained page whose numbers are those of the tables."""

import base64
import hashlib
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest
from searched import PUBLIC, searched
from test_evaluation_tables import evaluation
from test_plots import CURVES
from test_published import FIGURES as PUBLISHED
from test_published import beside
from test_rounds import drift, nodes

from codeq.config import Study
from codeq.errors import DataError
from codeq.evaluation import comparisons, plots, report, tables, viewer
from codeq.evaluation.anytime import anytime
from codeq.evaluation.pass_at_k import over_seeds
from codeq.evaluation.rounds import regressions, rounds

VOID = {"meta", "link", "br", "img", "input", "hr"}
FIGURES = {
    "fix_rates": plots.svg(plots.fix_rates(tables.fix_rates(evaluation(bugs=40)), beside(evaluation(bugs=40)))),
    "training": plots.svg(plots.training(CURVES)),
    "optimisation": plots.svg(plots.training(CURVES, plots.OPTIMISATION)),
}


class Page(HTMLParser):
    """Elements with their attributes, cells of tables by id, text; fails on tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.lines: list[str] = []
        self.rows: list[list[str]] | None = None
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows = self.tables.setdefault(dict(attributes).get("id", ""), [])
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif tag in ("td", "th") and self.rows is not None:
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open or "script" in self.open:
            return
        self.lines.append(data)
        if self.rows and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.lines).split())


def context(table: pl.DataFrame | None = None, **changes: object) -> report.Context:
    table = evaluation(seeds=(0,)) if table is None else table
    evaluated, trees = searched("mcts")
    made = report.Context(
        study=Study(name="tiny"),
        fix_rates=tables.fix_rates(table),
        pooled=tables.pooled(table),
        by_category=tables.by_category(table),
        by_level=tables.by_level(table),
        pass_at_k=over_seeds(table),
        rounds=rounds(
            table.with_columns(pl.col("node_id") + "-1"),
            nodes(table, ("x = 1", 20, "stop")),
            CURVES,
            {("round-1", 0): drift(0.0021)},
        ),
        regressions=regressions(table),
        comparisons=comparisons.within(table),
        anytime=anytime(table, 4, 10),
        published=beside(table),
        sources=PUBLISHED.sources,
        figures=FIGURES,
        curves=CURVES,
        audit={
            "filters": {"rows": {"bugs": 1414, "problems": 225}, "test": {"bugs": 123, "problems": 123}},
            "duplication": {"by problem": 0.8409},
            "left out": {},
        },
        trees=viewer.gather([(evaluated, trees.lazy())], PUBLIC),
        sandboxes=[{"backend": "process", "network": "none", "user": "nobody"}],
        inputs={"results/tiny/evaluation.parquet": "ab" * 32, "results/tiny/audit.json": "cd" * 32},
        policies={"base": "ef" * 32, "round-1": "01" * 32},
    )
    return replace(made, **changes)


def test_the_page_needs_nothing_from_outside():
    html = report.render(context())
    page = Page(html)
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form"), tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                assert value.startswith("#"), (tag, name, value)
    assert "url(" not in html
    assert "@import" not in html
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [
        {"type": "application/json", "id": "trees-data"},
        {},
    ]
    script = html.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policies = [a["content"] for tag, a in page.elements if tag == "meta" and "http-equiv" in a]
    assert policies == [f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"]


def test_every_link_has_its_target_and_ids_are_unique():
    page = Page(report.render(context()))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert len(ids) == len(set(ids))
    assert len(links) == 12
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_page_is_made_for_phones_and_for_both_themes():
    html = report.render(context())
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html
    assert "@media (prefers-color-scheme: dark)" in html


def test_the_same_context_gives_the_same_bytes():
    assert report.render(context()) == report.render(context())


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_fix_rates_in_the_page_equal_the_table(seeds: tuple[int, ...]):
    table = evaluation(seeds=seeds)
    rows = Page(report.render(context(table))).tables["table-fix-rates"]
    expected = [
        [
            row["policy"].replace("round-", "round "),
            {"single_pass": "single pass", "best_of_n": "best of n", "mcts": "MCTS"}[row["mode"]],
            *([str(row["seed"])] if len(seeds) > 1 else []),
            "24",
            "21",
            f"{100 * row['rate_hidden']:.1f} %",
            f"{100 * row['ci_low']:.1f} % – {100 * row['ci_high']:.1f} %",
            f"{100 * row['rate_public']:.1f} %",
            f"{100 * row['rate_overfit']:.1f} % ({row['overfit']})",
            f"{row['samples']:,}",
            f"{row['tokens']:,}",
            f"{row['seconds']:,.0f}",
        ]
        for row in tables.fix_rates(table).to_dicts()
    ]
    assert rows[1:] == expected
    assert len(rows[0]) == len(rows[1])


def test_the_cost_per_bug_and_the_rate_of_parsed_replies_stand_in_the_page():
    table = evaluation(seeds=(0,))
    header, *rows = Page(report.render(context(table))).tables["table-replies"]
    assert header[2:] == [
        *("replies per bug", "tokens per bug", "executions per bug", "seconds per bug"),
        *("unparsed", "hidden", "hidden, of parsed"),
    ]
    assert [row[2:] for row in rows] == [
        [
            f"{row['samples'] / 24:.1f}",
            f"{row['tokens'] / 24:,.0f}",
            f"{row['executions'] / 24:.1f}",
            f"{row['seconds'] / 24:.2f}",
            f"{100 * row['unparsed'] / row['samples']:.1f} %",
            f"{100 * row['rate_hidden']:.1f} %",
            f"{100 * row['rate_parsed']:.1f} %",
        ]
        for row in tables.fix_rates(table).to_dicts()
    ]


def test_comparisons_in_the_page_equal_the_table():
    made = context()
    rows = Page(report.render(made)).tables["table-comparisons"][1:]
    assert len(rows) == made.comparisons.height
    for cells, row in zip(rows, made.comparisons.to_dicts(), strict=True):
        assert cells[2:5] == [str(row["n"]), str(row["only_a"]), str(row["only_b"])]
        assert float(cells[5].removesuffix(" points").replace("−", "-")) == pytest.approx(
            100 * row["difference"], abs=0.051
        )
        assert cells[6] == "p < 0.001" or float(cells[6].removeprefix("p = ")) == pytest.approx(
            row["p_value"], abs=0.00051
        )
        assert cells[7] == report.p_value(row["p_holm"])
        assert cells[8] == ("–" if row["bugs_needed"] is None else f"{row['bugs_needed']:,}")


def test_pooled_rates_in_the_page_equal_the_table_where_trials_come_in_clusters():
    made = context()
    rows = Page(report.render(made)).tables["table-pooled"][1:]
    assert [row[2:] for row in rows] == [
        [
            *(str(row[key]) for key in ("seeds", "problems", "n_hidden")),
            f"{100 * row['rate_hidden']:.1f} %",
            f"{100 * row['ci_low']:.1f} % – {100 * row['ci_high']:.1f} %",
        ]
        for row in made.pooled.to_dicts()
    ]
    apart = evaluation(seeds=(0,)).with_columns(problem_id=pl.col("bug_id"))
    assert "table-pooled" not in Page(report.render(context(apart))).tables


def test_slices_in_the_page_equal_the_table():
    made = context()
    for by, table in (("category", made.by_category), ("level", made.by_level)):
        header, *rows = Page(report.render(made)).tables[f"table-by-{by}"]
        cells = [cell for row in rows for cell in row[2:]]
        assert header[2:] == table[by].unique(maintain_order=True).to_list()
        assert cells == [
            f"{100 * row['rate_hidden']:.1f} % {row['solved_hidden']}/{row['n_hidden']}"
            + (f", {row['overfit']} overfit" if row["overfit"] else "")
            for row in table.to_dicts()
        ]


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_rates_by_budget_in_the_page_equal_the_table(seeds: tuple[int, ...]):
    made = context(evaluation(seeds=seeds))
    page = Page(report.render(made))
    for unit in ("samples", "tokens"):
        header, *rows = page.tables[f"table-anytime-{unit}"]
        curve = made.anytime.filter(pl.col("unit") == unit)
        first = 2 + (len(seeds) > 1)
        budgets = curve["budget"].unique().sort()
        assert header[first:] == [
            f"{b} rollout{'s' if b > 1 else ''}{budget:,} {unit}"
            for b, budget in zip((1, 2, 5, 10), budgets, strict=True)
        ]
        assert len(rows) == 4 * 2 * len(seeds)
        assert [cell for row in rows for cell in row[first:]] == [
            f"{100 * row['rate_hidden']:.1f} %" + (f" ({row['ended']})" if row["ended"] else "")
            for row in curve.to_dicts()
        ]


def test_a_study_of_single_passes_has_no_section_by_budget():
    made = context(evaluation(seeds=(0,)).filter(pl.col("mode") == "single_pass"))
    page = Page(report.render(replace(made, figures={**FIGURES, "anytime": "<svg/>"})))
    assert "#budgets" not in [attributes.get("href") for _, attributes in page.elements]
    assert not [name for name in page.tables if name.startswith("table-anytime")]


def test_the_audit_the_sandbox_and_every_digest_are_in_the_page():
    made = context()
    page = Page(report.render(made))
    assert ["rows", "1,414", "225"] in page.tables[""]
    assert ["by problem", "84.1 %"] in page.tables[""]
    assert "Left out None." in page.text
    assert ["network", "none"] in page.tables[""]
    assert ["user", "nobody"] in page.tables[""]
    assert "Isolation was reduced" in page.text
    contained = {"backend": "docker", "network": "none"}
    assert "Isolation was reduced" not in Page(report.render(context(sandboxes=[contained]))).text
    both = Page(report.render(context(sandboxes=[contained, *made.sandboxes]))).text
    assert "the docker sandbox" in both
    assert "the process sandbox" in both
    for name, digest in {**made.inputs, **made.policies}.items():
        assert f"{tables.label(name)} {digest}" in page.text


def test_figures_are_set_in_and_a_study_without_training_has_no_such_section():
    page = Page(report.render(context()))
    assert len([tag for tag, _ in page.elements if tag == "figure"]) == len(FIGURES)
    assert all(svg in report.render(context()) for svg in FIGURES.values())
    page = Page(report.render(context(figures={}, curves={})))
    assert not [tag for tag, _ in page.elements if tag == "figure"]
    assert "#training" not in [attributes.get("href") for _, attributes in page.elements]


def test_the_table_of_trainings_has_a_row_for_each_policy_and_seed():
    early = CURVES["round-1", 0].with_columns(
        value=pl.when(pl.col("metric") == "max_steps").then(25.0).otherwise("value")
    )
    curves = {("round-2", 0): CURVES["round-2", 0], ("round-1", 0): early, ("round-1", 1): CURVES["round-1", 0]}
    header, *rows = Page(report.render(context(evaluation(seeds=(0, 1)), curves=curves))).tables["table-training"]
    assert header == [
        *("policy", "seed", "pairs", "held out", "dropped", "steps"),
        *("kept at", "held-out accuracy", "tokens/s", "peak memory"),
    ]
    assert [row[:2] for row in rows] == [["round 1", "0"], ["round 1", "1"], ["round 2", "0"]]
    assert rows[0][2:] == ["400", "40", "3", "10 of 25", "step 5", "75.0 %", "1,055", "2.0 GiB"]
    assert rows[1][5] == "10"


def test_hostile_names_are_text():
    hostile = "<script>alert('&')</script>"
    evaluated, trees = searched("mcts")
    base = evaluation(seeds=(0,)).filter(pl.col("policy") == "base")
    made = context(
        base.with_columns(policy=pl.lit(hostile), category=pl.lit(hostile)),
        audit={hostile: {hostile: hostile}},
        trees=viewer.gather(
            [(evaluated.with_columns(policy=pl.lit(hostile), problem_id=pl.lit(hostile)), trees.lazy())], PUBLIC
        ),
        sandboxes=[{"backend": hostile, hostile: hostile}],
        inputs={hostile: hostile},
        policies={hostile: hostile},
    )
    html = report.render(made)
    assert html.count("<script") == 2  # the trees and the viewer
    assert Page(html).text.count(hostile) >= 15


# Sixteen bugs in one mode: the base solves the first `before`, round 1 the first `after`, of those with hidden tests.
def study(before: int, after: int, seeds: tuple[int, ...] = (0,), hidden: int = 16) -> pl.DataFrame:
    table = evaluation(seeds=seeds, bugs=16, untested=0).filter(pl.col("policy").is_in(["base", "round-1"]))
    number = pl.col("bug_id").str.strip_prefix("bug-").cast(pl.Int64)
    solved = number < pl.when(pl.col("policy") == "base").then(before).otherwise(after)
    return table.with_columns(
        solved_public=pl.lit(True), solved_hidden=pl.when(number < hidden).then(solved & (pl.col("mode") == "mcts"))
    )


def first_sentence(table: pl.DataFrame) -> str:
    return report.headline(tables.fix_rates(table), comparisons.within(table))[0].replace("\xa0", " ")


def test_the_headline_says_up_down_or_no_change():
    assert first_sentence(study(4, 12)) == (
        "With MCTS, round 1 fixes 75.0 % of 16 bugs under hidden tests and the base model 25.0 %: "
        "up 50.0 points (paired exact McNemar test on 16 bugs, p = 0.008; p = 0.047 as one of 7 tests: "
        "more than chance would explain)."
    )
    assert first_sentence(study(12, 10)) == (
        "With MCTS, round 1 fixes 62.5 % of 16 bugs under hidden tests and the base model 75.0 %: "
        "down 12.5 points (paired exact McNemar test on 16 bugs, p = 0.500; p = 1.000 as one of 7 tests: "
        "chance alone could explain it)."
    )
    assert "no change (paired exact McNemar test on 16 bugs, p = 1.000" in first_sentence(study(8, 8))


def test_the_headline_averages_seeds_and_lists_their_p_values():
    table = pl.concat([study(4, 12), study(4, 6, seeds=(1,))])
    assert first_sentence(table) == (
        "With MCTS, averaged over 2 seeds, round 1 fixes 56.2 % of 16 bugs under hidden tests and the base model "
        "25.0 %: up 31.2 points (paired exact McNemar tests by seed: p = 0.008, p = 0.500)."
    )


def test_the_headline_tells_the_effect_of_search_and_the_public_rate():
    table = study(4, 12)
    _, search, public = report.headline(tables.fix_rates(table), comparisons.within(table))
    assert search.replace("\xa0", " ") == (
        "With the base model, MCTS fixes 25.0 % and a single pass 0.0 %: up 25.0 points "
        "(paired exact McNemar test on 16 bugs, p = 0.125; p = 0.625 as one of 7 tests: chance alone could explain it)."
    )
    assert public.replace("\xa0", " ") == (
        "By the public tests, which the search sees, MCTS with round 1 would score 100.0 %."
    )


def test_the_headline_speaks_of_the_last_round_even_if_an_earlier_one_was_better():
    table = study(4, 12)
    worse = study(4, 2).filter(pl.col("policy") == "round-1").with_columns(policy=pl.lit("round-2"))
    assert first_sentence(pl.concat([table, worse])).startswith("With MCTS, round 2 fixes 12.5 %")


def test_the_headline_of_a_study_without_training_or_comparison():
    base = study(4, 4).filter(pl.col("policy") == "base")
    assert first_sentence(base).startswith("With the base model, MCTS fixes 25.0 %")
    alone = base.filter(pl.col("mode") == "mcts")
    assert first_sentence(alone) == "With MCTS, the base model fixes 25.0 % of 16 bugs under hidden tests."


def test_without_hidden_tests_nothing_is_claimed():
    table = study(4, 12, hidden=0)
    assert len(report.headline(tables.fix_rates(table), comparisons.within(table))) == 1
    assert first_sentence(table).startswith("No bug has hidden tests, so nothing is scored")
    assert "Up to 16 of the evaluated bugs have no hidden test" in Page(report.render(context(table))).text


def test_methods_follow_the_configuration():
    text = Page(report.render(context())).text
    assert "up to 10 rollouts of 4 rewrites each, to depth 4" in text
    assert "learning rate 5e-06, 2 epochs, batches of 16 pairs" in text
    changed = Study(name="tiny", rounds=0, search={"rollouts": 3, "critic": "likelihood"}, data={"source": "shards/x"})
    text = Page(report.render(context(study=changed))).text
    assert "up to 3 rollouts" in text
    assert "the length-normalised likelihood" in text
    assert "Python rows of shards/x" in text
    assert "DPO (β" not in text
    assert "line edits are" not in text
    modes = {"search": {"critic": "none"}, "evaluation": {"modes": ["refine", "line_edits", "mcts_no_critic"]}}
    text = Page(report.render(context(study=Study(name="tiny", **modes)))).text
    assert "line edits are 4 episodes of up to 10 turns" in text
    assert "refine draws as many as best of n, each of the failed attempt before it, in chains of up to 4" in text
    assert "The value of a node is its mean reward." in text
    assert "every mode (refine, line edits, plain MCTS)" in text
    assert "plain MCTS asks no critic" in text


@pytest.mark.parametrize(
    "change", [{"figures": {"fixrates": "<svg/>"}}, {"fix_rates": tables.fix_rates(evaluation().clear())}]
)
def test_a_context_that_cannot_be_shown_is_refused(change: dict[str, object]):
    with pytest.raises(DataError, match="report: "):
        report.render(context(**change))


def test_what_a_round_does_in_its_own_way_stands_in_the_methods():
    plain = context()
    given = {"overrides": {"2": {"dpo": {"beta": 0.03}, "search": {"rollouts": 7}}}}
    study = type(plain.study).model_validate({**plain.study.model_dump(mode="json"), "rounds": 2, **given})
    assert "differs" not in Page(report.render(plain)).text
    text = " ".join(Page(report.render(context(study=study))).text.split())
    assert "Round 2 differs: search.rollouts is 7, dpo.beta is 0.03." in text
