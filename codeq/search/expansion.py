"""The steps that modes share: sample rewrites of a node, and run them."""

import warnings
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from functools import lru_cache
from typing import Any

from codeq import prompts
from codeq.config import SearchSettings
from codeq.prompts import Case, Feedback, Style
from codeq.sandbox import Test, TestResult, Verdict
from codeq.search.requests import Execute, Request, Sample, Sampled, Task
from codeq.search.tree import Node, Tree

Candidates = Generator[Sequence[Request], Sequence[Any], list[Node]]
Nothing = Generator[Sequence[Request], Sequence[Any], None]


def expand(tree: Tree, nodes: Sequence[Node], rollout: int, settings: SearchSettings, style: Style) -> Candidates:
    """Sample one rewrite of each node's program, k of a node named k times, as children that are not yet evaluated."""
    children = yield from sample(tree, nodes, lambda node: rewrite_prompt(tree, node, style), rollout, settings)
    for child in children:
        assert child.completion is not None
        reply = prompts.parse_rewrite(child.completion.text)
        child.code, child.parse_status = reply.code, reply.status
    return children


def sample(
    tree: Tree, nodes: Sequence[Node], ask: Callable[[Node], prompts.Messages], rollout: int, settings: SearchSettings
) -> Candidates:
    """Append one reply to each node's prompt as a child of the node, yet to be parsed."""
    counts = Counter(nodes)
    requests = [
        Sample(
            ask(node),
            tuple(tree.seed(node, len(node.children) + k) for k in range(count)),
            settings.temperature,
            settings.top_p,
            settings.max_new_tokens,
        )
        for node, count in counts.items()
    ]
    answers: Sequence[Sampled] = yield requests
    children = []
    for node, request, sampled in zip(counts, requests, answers, strict=True):
        for completion, seed in zip(sampled.completions, request.seeds, strict=True):
            child = tree.add(node, rollout, completion, sampled.prompt, seed)
            child.seconds = sampled.seconds / len(request.seeds)
            children.append(child)
    return children


def execute(tree: Tree, candidates: Sequence[Node]) -> Nothing:
    """Run the candidates on the public tests; set verdict and reward.

    Equal programs of one tree run once; `duplicate_of` is the node that did.
    """
    runs: list[Node] = []
    for node in candidates:
        node.verdict = unexecuted(node, tree.task.tests)
        if node.verdict is None:
            first = tree.executed.setdefault(node.code_key, node)
            if first is node:
                runs.append(node)
            else:
                node.duplicate_of = first
    verdicts: Sequence[Verdict] = yield [Execute(tree.task.program(node.code), tree.task.tests) for node in runs]
    for node, verdict in zip(runs, verdicts, strict=True):
        node.verdict = verdict
        node.seconds += verdict.seconds
    for node in candidates:
        if node.duplicate_of is not None:
            node.verdict = node.duplicate_of.verdict
        assert node.verdict is not None
        node.reward = 1.0 if node.verdict.passed else 0.0


def unexecuted(node: Node, tests: Sequence[Test]) -> Verdict | None:
    """The verdict on a rewrite that need not be run, or None if it must be."""
    if node.truncated:
        status, message = "truncated", "the program was cut off at the token limit"
    elif not node.code:
        status, message = "missing_entry_point", "the reply holds no program"
    else:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(node.code, "<rewrite>", "exec", dont_inherit=True)
            return None
        except SyntaxError as error:
            status, message = "syntax_error", f"{type(error).__name__}: {error.msg} (line {error.lineno})"
        except (ValueError, RecursionError, MemoryError, OverflowError) as error:
            status, message = "syntax_error", f"{type(error).__name__}: {error}"
    return Verdict(status, tuple(TestResult(test.test_id, "not_run", None, message, None, 0.0) for test in tests), 0.0)


def rewrite_prompt(tree: Tree, node: Node, style: Style) -> prompts.Messages:
    """Ask for a rewrite of the bug at the root; below it also show the attempt and the tests it failed."""
    public = cases(tree.task)
    if node.parent is None:
        return prompts.rewrite(style, node.code, public)
    assert node.verdict is not None
    return prompts.rewrite(style, tree.task.buggy_code, public, node.code, failures(public, node.verdict))


def failures(public: Sequence[Case], verdict: Verdict) -> list[Feedback]:
    """The public tests that a program did not pass, and what happened instead."""
    return [
        Feedback(case, prompts.outcome(result.status, result.returned, result.message), result.printed)
        for case, result in zip(public, verdict.results, strict=True)
        if result.status != "pass"
    ]


@lru_cache(maxsize=1024)
def cases(task: Task) -> tuple[Case, ...]:
    """The public tests as the model reads them."""
    called = (task.entry_point, task.kind, task.returns)
    return tuple(prompts.case(*called, test.arguments, test.expected, test.comparison) for test in task.tests)
