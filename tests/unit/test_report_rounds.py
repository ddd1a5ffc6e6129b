"""What the report says of rounds, transfer, regressions, pass@k and the unfixed programs is what the tables say."""

import polars as pl
import pytest
from test_evaluation_tables import evaluation
from test_report import Page, context, study
from test_rounds import screens

from codeq.evaluation import comparisons, report, tables
from codeq.evaluation.unfixed import unfixed


@pytest.mark.parametrize(("unseen", "said"), [(0, "none passes the hidden tests"), (2, "2 of them pass every hidden")])
def test_the_unfixed_programs_stand_first_with_what_their_rate_means(unseen: int, said: str):
    table = evaluation(seeds=(0,))
    verdicts = [("fail", "pass" if 3 <= bug < 3 + unseen else "fail") for bug in range(24)]
    both = pl.concat([unfixed(table, *screens(*verdicts)), table])
    made = context(table, fix_rates=tables.fix_rates(both), by_category=tables.by_category(both))
    page = Page(report.render(made))
    assert page.tables["table-fix-rates"][1][:6] == [
        *("unfixed", "–", "24", "21", f"{100 * unseen / 21:.1f} %", page.tables["table-fix-rates"][1][5])
    ]
    assert page.tables["table-fix-rates"][1][6:] == ["0.0 %", "–", "0", "0", "0"]
    assert page.tables["table-by-category"][1][:2] == ["unfixed", "–"]
    assert page.tables["table-replies"][1][0] == "base", "nothing was sampled"
    assert said in page.text
    assert report.headline(made.fix_rates, made.comparisons) == report.headline(
        tables.fix_rates(table), made.comparisons
    )


def test_pass_at_k_in_the_page_equals_the_table_where_there_are_several_seeds():
    made = context(evaluation(seeds=(0, 1, 2)))
    header, *rows = Page(report.render(made)).tables["table-pass-at-k"]
    assert header == ["policy", "mode", "bugs", "pass@1", "pass@2", "pass@3"]
    assert [cell for row in rows for cell in row[3:]] == [
        f"{100 * row['rate']:.1f} % {100 * row['ci_low']:.1f} % – {100 * row['ci_high']:.1f} %"
        for row in made.pass_at_k.to_dicts()
    ]
    assert "table-pass-at-k" not in Page(report.render(context())).tables


def test_rounds_in_the_page_equal_the_table():
    made = context()
    header, *rows = Page(report.render(made)).tables["table-rounds"]
    assert [row[0] for row in rows] == ["base", "round 1", "round 2", "round 10"]
    lost = dict(made.rounds.select("policy", "regressions").iter_rows())
    gained = dict(made.rounds.select("policy", "gains").iter_rows())
    assert rows[0][1:] == ["–", "–", "–", "–", "–", "–", "20.0", "1.0 of 6.0", "–", "–"]
    assert rows[1][1:] == [
        *("440", "3", "0.1", "75.0 %", "0.0021", "0.019", "20.0", "1.0 of 6.0"),
        *(str(gained["round-1"]), str(lost["round-1"])),
    ]
    assert len(header) == len(rows[0])


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_what_training_changed_in_each_mode_stands_in_one_table(seeds: tuple[int, ...]):
    made = context(evaluation(seeds=seeds))
    page = Page(report.render(made))
    header, *rows = page.tables["table-transfer"]
    first = 2 + (len(seeds) > 1)
    assert header[first:] == ["single pass", "best of n", "MCTS"]
    against = [("round 1", "base"), ("round 2", "base"), ("round 2", "round 1"), ("round 10", "base")]
    assert [tuple(row[:2]) for row in rows] == [each for each in against for _ in seeds]
    of_policies = made.comparisons.filter(pl.col("mode_a") == pl.col("mode_b"))
    cells = {f"{report.points(row['difference'])} {report.p_value(row['p_holm'])}" for row in of_policies.to_dicts()}
    assert {cell for row in rows for cell in row[first:]} == cells
    assert f"Chance alone could explain all {12 * len(seeds)} differences" in page.text
    better = Page(report.render(context(comparisons=comparisons.within(study(2, 14))))).text
    assert "1 of 3 differences is more than chance would explain" in better
    nothing = Page(report.render(context(study(2, 14, hidden=0)))).text
    assert "No bug has hidden tests, so nothing was tested." in nothing


def test_regressions_are_listed_by_name():
    made = context()
    _, *rows = Page(report.render(made)).tables["table-regressions"]
    assert [row[0] for row in rows] == made.regressions["bug_id"].to_list()
    first = made.regressions.row(0, named=True)
    assert rows[0][1:] == [
        *(first["problem_id"], first["category"], first["level"], tables.label(first["mode"])),
        f"{tables.label(first['policy_before'])} {first['node_before']}",
        f"{tables.label(first['policy_after'])} {first['node_after']}",
    ]
    none = report.render(context(regressions=made.regressions.clear()))
    assert "None: every bug that a policy had solved, the next one solved too." in none


def test_a_study_without_training_has_no_section_of_rounds():
    base = evaluation(seeds=(0,)).filter(pl.col("policy") == "base")
    page = Page(report.render(context(base, curves={})))
    assert "#rounds" not in [attributes.get("href") for _, attributes in page.elements]
    assert "table-transfer" not in page.tables
