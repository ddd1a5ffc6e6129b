"""Gather what a search of one split is given: its bugs, each with its problem and its public tests.

Of the test split only the bugs that are evaluated, as `evaluation` says; of the train split all.
"""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("problems", "bugs", "tests", "splits"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--split", choices=("train", "test"), required=True, help="whose bugs")
    parser.add_argument("--tasks", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.data import splits
    from codeq.data.tasks import tasks

    read = ("problems", "bugs", "tests", "splits")
    study, of_test = args.settings, args.split == "test"
    parts = {"data": ["seed"], "evaluation": ["bugs_per_problem", "max_bugs"]} if of_test else {}
    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in read},
        outputs={"tasks": args.tasks},
        settings={**stage.sections(study, **parts), "split": args.split},
        seed=study.data.seed if of_test else None,
    ):
        data = {name: tables.read(name, getattr(args, name)) for name in read}
        if of_test:
            chosen = splits.evaluated(data["splits"], study.evaluation, study.data.seed)
        else:
            chosen = data["splits"].filter(split="train")["bug_id"].to_list()
        tables.write("tasks", tasks(data["bugs"], data["problems"], data["tests"], chosen), args.tasks)


if __name__ == "__main__":
    stage.run(main)
