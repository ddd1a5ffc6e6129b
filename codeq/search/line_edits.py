"""Line edits, the study's first design: episodes of turns, each one action on a line or a run of the tests."""

from collections.abc import Sequence

from codeq import actions
from codeq.config import SearchSettings
from codeq.prompts import Feedback, Style
from codeq.search.expansion import Candidates, cases, execute, failures, sample
from codeq.search.requests import Search, Task
from codeq.search.tree import Node, Tree, backpropagate, path_to_root


def line_edits(task: Task, settings: SearchSettings, style: Style, stop_when_solved: bool) -> Search:
    """`candidates` episodes side by side, one turn of each per rollout: as many replies as best of n has rewrites.

    An episode starts at the bug. Each turn is the only child of the one before it and holds the program after its
    action; an edit being a smaller step than a rewrite, the depth limit does not apply. The tests run when the
    policy asks for it, and after the last turn; all other turns have no verdict and no reward. An episode ends when
    they pass. No critic is asked.
    """
    tree = Tree(task, "line_edits")
    turns = [tree.root] * settings.candidates
    for rollout in range(1, settings.rollouts + 1):
        turns = yield from act(tree, turns, rollout, settings, style)
        last = rollout == settings.rollouts
        yield from execute(tree, [turn for turn in turns if last or turn.parse_status == "run_tests"])
        for turn in turns:
            backpropagate(turn)
        going = [turn for turn in turns if not turn.passed]
        if not going or (stop_when_solved and len(going) < len(turns)):
            break
        turns = going
    return tree


def act(tree: Tree, nodes: Sequence[Node], rollout: int, settings: SearchSettings, style: Style) -> Candidates:
    """Sample the next turn of each episode; `parse_status` is its action, in lower case, or why there is none.

    "unparsed": the reply was cut off or holds no single action that can be read; "inapplicable": the program has no
    such lines. Both leave the program as it is, cost their turn, and the next prompt says so.
    """
    public = cases(tree.task)
    turns = yield from sample(
        tree, nodes, lambda node: actions.ask(style, node.code, public, *_so_far(tree, node)), rollout, settings
    )
    for turn in turns:
        assert turn.completion is not None
        assert turn.parent is not None
        action = None if turn.truncated else actions.parse(turn.completion.text)
        edited = actions.apply(action, turn.parent.code) if action else None
        turn.code = turn.parent.code if edited is None else edited
        if action is None:
            turn.parse_status = "unparsed"
        else:
            turn.parse_status = "inapplicable" if edited is None else action.name.lower()
    return turns


def _so_far(tree: Tree, node: Node) -> tuple[list[str], list[Feedback]]:
    """What each turn up to `node` came to, and the tests that failed when they last ran."""
    history: list[str] = []
    failed: list[Feedback] = []
    for turn in reversed(list(path_to_root(node))[:-1]):
        assert turn.completion is not None
        action = actions.parse(turn.completion.text)
        if turn.parse_status == "unparsed":
            history.append("a reply without one readable CODE_ACTION: nothing was done")
        elif turn.parse_status == "inapplicable":
            history.append(f"{action}: the program had no such lines, nothing was done")
        elif turn.verdict is not None:
            failed = failures(cases(tree.task), turn.verdict)
            history.append(f"{action}: {len(failed)} of {len(tree.task.tests)} tests failed")
        else:
            history.append(f"{action}: done")
    return history, failed
