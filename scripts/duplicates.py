"""Group bugs whose statement and tests are near-duplicates: MinHash candidates, verified by true Jaccard."""

from pathlib import Path

import polars as pl

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    for name in ("problems", "bugs", "tests"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="table to read")
    parser.add_argument("--duplicates", type=Path, required=True, help="table to write")
    args = parser.parse_args()

    from codeq.data import duplicates

    with lineage.record(
        script=__file__,
        inputs={name: getattr(args, name) for name in ("problems", "bugs", "tests")},
        outputs={"duplicates": args.duplicates},
        settings=stage.sections(args.settings, data=["jaccard", "permutations", "shingle_words"]),
        seed=None,
    ):
        problems, bugs, tests = (tables.read(name, getattr(args, name)) for name in ("problems", "bugs", "tests"))
        public = tests.filter(pl.col("visibility") == "public").partition_by("problem_id", as_dict=True)
        texts = [
            {
                "problem_id": problem["problem_id"],
                "text": duplicates.text_of(
                    problem, public[(problem["problem_id"],)].to_dicts() if (problem["problem_id"],) in public else []
                ),
            }
            for problem in problems.iter_rows(named=True)
        ]
        located = bugs.select("bug_id", "problem_id").join(pl.DataFrame(texts), on="problem_id", maintain_order="left")
        tables.write("duplicates", duplicates.duplicates(located, args.settings.data), args.duplicates)


if __name__ == "__main__":
    stage.run(main)
