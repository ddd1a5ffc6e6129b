"""The tree viewer of the report in a real browser: opens, filters, steps, shows nodes, says nothing on the console."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect
from searched import PUBLIC, SETTINGS, searched
from test_report import context

from codeq.config import Study
from codeq.evaluation import report, viewer
from codeq.search import MODES

HOSTILE = "<img src=x onerror=\"document.title = 'taken'\">"
BUGS = [f"bug-{number}" for number in range(9)]
POLICIES = ("base", "round-1")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def searches() -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """Every mode by two policies, the second with other seeds; one completion would run in a careless page."""
    made = [searched(mode, len(BUGS), policy, seed) for mode in MODES for seed, policy in enumerate(POLICIES)]
    evaluation, trajectories = made[0]
    first = pl.col("node_id") == trajectories["node_id"][1]
    made[0] = (
        evaluation,
        trajectories.with_columns(completion=pl.when(first).then(pl.lit(HOSTILE)).otherwise("completion")),
    )
    return [(evaluation.with_columns(seed=pl.lit(0)), trajectories) for evaluation, trajectories in made]


@pytest.fixture(scope="module")
def path(searches: list[tuple[pl.DataFrame, pl.DataFrame]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    trees = viewer.gather(((evaluation, nodes.lazy()) for evaluation, nodes in searches), PUBLIC)
    study = Study(name="tiny", search=SETTINGS)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report.render(context(study=study, trees=trees)))
    return path


@contextmanager
def opened(browser: Browser, path: Path) -> Iterator[Page]:
    """The open report; at the end nothing may have been said on the console, and nothing fetched but the page."""
    page = browser.new_page()
    said: list[str] = []
    fetched: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator("#tree")).to_be_visible()
    yield page
    assert said == []
    assert fetched == [path.as_uri()]
    page.close()


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    with opened(browser, path) as page:
        yield page
        assert page.title() == "CodeQ · tiny"


def listed(page: Page) -> list[str]:
    return page.locator("#tree-list option").all_inner_texts()


def pick(page: Page, bug: str, mode: str, policy: str = "base") -> None:
    """Show one search; it is open when its title says so."""
    page.fill("#tree-search", bug)
    page.select_option("#tree-mode", mode)
    page.select_option("#tree-policy", policy)
    expect(page.locator("#tree-title")).to_contain_text(f"by {policy}, {mode}")
    expect(page.locator("#tree-about")).to_contain_text(bug)


def tree_of(searches: list[tuple[pl.DataFrame, pl.DataFrame]], mode: str, bug: str) -> list[dict[str, object]]:
    """The rows of the base policy's search."""
    for evaluation, nodes in searches:
        if evaluation["mode"][0] == mode and evaluation["policy"][0] == "base":
            return nodes.filter(pl.col("bug_id") == bug).to_dicts()
    raise LookupError(mode)


def test_searches_are_filtered_by_result_policy_mode_and_words(
    page: Page, searches: list[tuple[pl.DataFrame, pl.DataFrame]]
) -> None:
    table = pl.concat([evaluation for evaluation, _ in searches])
    assert len(listed(page)) == table.height == 2 * len(BUGS) * len(MODES)
    counts = {}
    for outcome, mark in (("solved", "✓"), ("overfit", "≈"), ("unsolved", "✗")):
        page.select_option("#tree-outcome", outcome)
        counts[outcome] = len(listed(page))
        assert {text[0] for text in listed(page)} == {mark}
        assert page.inner_text("#tree-count") == f"{counts[outcome]} of {table.height}"
    assert counts["solved"] == table["solved_hidden"].sum()
    assert counts["overfit"] == (table["solved_public"] & ~table["solved_hidden"]).sum() > 0
    assert sum(counts.values()) == table.height
    page.select_option("#tree-outcome", "")
    page.select_option("#tree-mode", "MCTS")
    assert len(listed(page)) == 2 * len(BUGS)
    page.select_option("#tree-policy", "round 1")
    assert len(listed(page)) == len(BUGS)
    page.fill("#tree-search", "BUG-4")
    assert [text.rpartition(" ")[2] for text in listed(page)] == ["bug-4"]
    page.fill("#tree-search", "no such bug")
    expect(page.locator("#tree")).to_be_hidden()


@pytest.mark.parametrize("mode", ["mcts", "refine", "line_edits"])
def test_stepping_shows_each_node_as_it_stood_after_that_rollout(
    page: Page, searches: list[tuple[pl.DataFrame, pl.DataFrame]], mode: str
) -> None:
    """Against sums over the paths to the root, and at the end against the values that the search stored."""
    bug = "bug-3"
    pick(page, bug, {"line_edits": "line edits", "mcts": "MCTS"}.get(mode, mode))
    rows = tree_of(searches, mode, bug)
    places = {row["node_id"]: place for place, row in enumerate(rows)}
    last = max(int(str(row["rollout"])) for row in rows)
    assert last > 1
    for rollout in range(last, -1, -1):
        drawn = [row for row in rows if int(str(row["rollout"])) <= rollout]
        labels = {}
        for row in drawn[1:]:
            under = [node for node in drawn[1:] if row["node_id"] in ancestors(node, rows, places)]
            mean = sum(float(node["reward"] or 0) for node in under) / len(under)
            critic = row["critic"]
            score = critic["score"] if isinstance(critic, dict) else None
            q = mean if score is None else SETTINGS.alpha * mean + (1 - SETTINGS.alpha) * score
            labels[str(places[row["node_id"]])] = (q, len(under))
            if rollout == last:
                assert (q, len(under)) == (pytest.approx(row["q"]), row["visits"])
        groups = page.locator("#tree-picture g.node")
        assert groups.count() == len(drawn)
        for group in groups.all():
            place = group.get_attribute("data-place")
            if place != "0":
                q, visits = (group.locator("text").text_content() or "").split(" · ")
                assert float(q) == pytest.approx(labels[str(place)][0], abs=0.0051)
                assert int(visits) == labels[str(place)][1]
        expect(page.locator("#tree-step")).to_contain_text(
            f"Rollout {rollout} of {last}" if rollout else "Before the first rollout"
        )
        if rollout:
            page.click("#tree-back")
    assert page.is_disabled("#tree-back")


def ancestors(node: dict[str, object], rows: list[dict[str, object]], places: dict[object, int]) -> Iterator[object]:
    """The node's id and those above it."""
    while node["parent_id"] is not None:
        yield node["node_id"]
        node = rows[places[node["parent_id"]]]


def test_a_search_opens_after_its_last_rollout_and_says_what_each_rollout_did(
    page: Page, searches: list[tuple[pl.DataFrame, pl.DataFrame]]
) -> None:
    rollouts = {bug: max(int(str(row["rollout"])) for row in tree_of(searches, "mcts", bug)) for bug in BUGS}
    short, long = min(rollouts, key=rollouts.__getitem__), max(rollouts, key=rollouts.__getitem__)
    assert rollouts[short] < rollouts[long]
    for bug in (short, long):
        pick(page, bug, "MCTS")
        expect(page.locator("#tree-step")).to_contain_text(f"Rollout {rollouts[bug]} of {rollouts[bug]}: 3 rewrites of")
    page.fill("#tree-rollout", "1")
    passing = sum(row["rollout"] == 1 and row["reward"] == 1 for row in tree_of(searches, "mcts", long))
    assert passing == 0
    expect(page.locator("#tree-step")).to_have_text(
        f"Rollout 1 of {rollouts[long]}: 3 rewrites of the bug; none passes"
    )


def test_a_node_shows_its_diff_failing_tests_critic_completion_and_prompt(
    page: Page, searches: list[tuple[pl.DataFrame, pl.DataFrame]]
) -> None:
    bug, rows = "bug-3", tree_of(searches, "mcts", "bug-3")
    pick(page, bug, "MCTS")
    place, row = next(
        (place, row)
        for place, row in enumerate(rows)
        if row["verdict"] == "fail" and row["depth"] == 2 and row["critic"]["status"] == "parsed"
    )
    page.click(f'#tree-picture [data-place="{place}"] .body')
    node = page.locator("#tree-node")
    expect(node.locator("h4")).to_contain_text(f"Node {place}")
    parent = next(other for other in rows if other["node_id"] == row["parent_id"])
    removed = [line.removeprefix("− ").rstrip("\n") for line in node.locator(".diff .removed").all_text_contents()]
    added = [line.removeprefix("+ ").rstrip("\n") for line in node.locator(".diff .added").all_text_contents()]
    before, after = str(parent["code"]).split("\n"), str(row["code"]).split("\n")
    assert removed == [line for line in before if line not in after]
    assert added == [line for line in after if line not in before]
    failed = [result for result in row["results"] if result["status"] == "fail"]
    expect(node).to_contain_text(f"{len(PUBLIC) - len(failed)} of {len(PUBLIC)} pass.")
    expect(node).to_contain_text(f"f(1) must give 2, but it returned {failed[0]['returned']}.")
    critic = row["critic"]
    assert isinstance(critic, dict)
    expect(node).to_contain_text(f"Score {critic['score']:.2f}: correctness {critic['correctness']:.2f}")
    expect(node.locator("blockquote")).to_have_text(critic["rationale"])
    assert node.locator("details pre").all_text_contents() == [row["code"], row["completion"], row["prompt"]]
    expect(node).to_contain_text(str(row["node_id"]))
    expect(node).to_contain_text(f"seed {row['seed']}")


def test_nodes_are_chosen_with_the_keyboard_too(page: Page) -> None:
    pick(page, "bug-3", "MCTS")
    page.focus('#tree-picture [data-place="2"]')
    page.keyboard.press("Enter")
    expect(page.locator("#tree-node h4")).to_contain_text("Node 2")
    assert page.evaluate("document.activeElement.dataset.place") == "2"


def test_a_bug_leads_to_its_other_searches(page: Page) -> None:
    pick(page, "bug-2", "MCTS")
    buttons = page.locator("#tree-others button")
    assert buttons.count() == 2 * len(MODES)
    assert page.locator('#tree-others button[aria-pressed="true"]').inner_text().endswith("base, MCTS")
    buttons.filter(has_text=re.compile("round 1, best of n$")).click()
    expect(page.locator("#tree-title")).to_contain_text("by round 1, best of n")


def test_what_a_model_wrote_is_text(page: Page, searches: list[tuple[pl.DataFrame, pl.DataFrame]]) -> None:
    evaluation, nodes = searches[0]
    pick(page, nodes["bug_id"][0], viewer.label(evaluation["mode"][0]))
    page.click('#tree-picture [data-place="1"] .body')
    page.click("text=Completion")
    expect(page.locator("#tree-node")).to_contain_text(HOSTILE)
    assert page.locator("#tree-node img").count() == 0


def test_the_report_of_a_finished_study_holds_every_search_it_evaluated(browser: Browser, study: Path) -> None:
    evaluation = pl.read_parquet(study / "seed-0" / "evaluation" / "*" / "*.parquet")
    with opened(browser, study / "report.html") as page:
        assert len(listed(page)) == evaluation.height
        page.select_option("#tree-outcome", "solved")
        assert len(listed(page)) == evaluation["solved_hidden"].sum()
        for place in range(0, len(listed(page)), 7):
            page.select_option("#tree-list", index=place)
            expect(page.locator("#tree-node h4")).to_contain_text("handed in")
            expect(page.locator("#tree-node")).to_contain_text(re.compile(r"(\d+) of \1 pass\."))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_themes(browser: Browser, path: Path, scheme: str) -> None:
    """Letters and nodes stand out from the page by the contrast that WCAG 2.2 asks for: 4.5 and 3 to 1."""
    page = browser.new_page(viewport=PHONE, color_scheme=scheme)
    page.goto(path.as_uri())
    expect(page.locator("#tree")).to_be_visible()
    for mode in ("MCTS", "best of n", "line edits"):
        page.select_option("#tree-mode", mode)
        expect(page.locator("#tree-title")).to_contain_text(mode)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    paper = colour(page, "body", "background-color")
    assert (luminance(paper) > 0.5) == (scheme == "light")
    for kind in ("pass", "fail", "error", "broken"):
        assert contrast(colour(page, f".legend .node.{kind} .body", "fill"), paper) >= 3
    for letters in ("#tree-title", "#tree-about", "#tree-step", "#tree-node h4", "#tree-others button"):
        assert contrast(colour(page, letters, "color"), paper) >= 4.5
    page.close()


def colour(page: Page, selector: str, property: str) -> tuple[float, ...]:
    """Red, green and blue in 0..1."""
    text = page.locator(selector).first.evaluate("(element, name) => getComputedStyle(element)[name]", property)
    return tuple(int(part) / 255 for part in re.findall(r"\d+", text)[:3])


def luminance(colour: tuple[float, ...]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
