"""Score what a search handed in on the hidden tests: one row per bug.

A bug has no hidden score where its problem has no hidden tests, or its own reference fails one of them.
"""

from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("problems", "bugs", "hidden_tests", "hidden_screen", "trajectories"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--policy", required=True, help="name of the policy, such as base or round-1")
    parser.add_argument("--mode", required=True, help="mode of the search")
    parser.add_argument("--seed", type=int, required=True, help="the study's seed")
    parser.add_argument("--evaluation", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.evaluation.metrics import evaluation_row, handed_in
    from codeq.sandbox import Sandbox
    from codeq.sandbox.screening import program, suites

    read = ("problems", "bugs", "hidden_tests", "hidden_screen", "trajectories")
    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in read},
        outputs={"evaluation": args.evaluation},
        settings={
            **stage.sections(args.settings, "sandbox"),
            **{key: getattr(args, key) for key in ("policy", "mode")},
        },
        seed=args.seed,
    ) as run:
        problems, bugs, tests, screen, trajectories = (
            tables.read(name.removeprefix("hidden_"), getattr(args, name)) for name in read
        )
        located = bugs.join(problems.select("problem_id", "level", *tables.CALL), on="problem_id")
        by_id = {bug["bug_id"]: bug for bug in located.iter_rows(named=True)}
        tests_of = suites(tests.to_dicts())
        trusted = set(screen.filter(pl.col("reference_verdict") == "pass")["bug_id"])
        with Sandbox(args.settings.sandbox) as sandbox:
            run.note("sandbox", {"backend": sandbox.backend, **sandbox.isolation})
            waiting = []
            for nodes in trajectories.partition_by("tree_id", maintain_order=True):
                bug = by_id[nodes["bug_id"][0]]
                node = handed_in(nodes)
                hidden = tests_of[bug["problem_id"]]["hidden"] if bug["bug_id"] in trusted else ()
                # What fails in public is no fix, whatever the hidden tests would say.
                verdict = (
                    sandbox.submit(program(node["code"], bug), hidden)
                    if hidden and node is not None and node["verdict"] == "pass"
                    else None
                )
                waiting.append((nodes, bug, node, bool(hidden), verdict))
            rows = [
                evaluation_row(
                    bug=bug,
                    policy=args.policy,
                    mode=args.mode,
                    seed=args.seed,
                    policy_digest=nodes["policy"][0],
                    nodes=nodes,
                    handed_in=node["node_id"] if node else None,
                    solved_hidden=(verdict is not None and verdict.result().passed) if has_hidden else None,
                    extra_executions=int(verdict is not None),
                )
                for nodes, bug, node, has_hidden, verdict in waiting
            ]
        tables.write("evaluation", tables.frame("evaluation", rows), args.evaluation)


if __name__ == "__main__":
    stage.run(main)
