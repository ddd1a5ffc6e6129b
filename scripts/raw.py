"""Read the benchmark, or write the curriculum, as raw rows: everything traces back to these."""

from pathlib import Path

from codeq import lineage, stage, tables


def main() -> None:
    parser = stage.parser(__doc__)
    parser.add_argument("--source", type=Path, nargs="*", default=[], help="shards, recorded as the origin")
    parser.add_argument("--raw", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    data = args.settings.data
    with lineage.record(
        script=__file__,
        inputs={"source": args.source},
        outputs={"raw": args.raw},
        settings=stage.sections(args.settings, data=["bugs_per_function", "language", "revision", "seed", "source"]),
        seed=data.seed,
    ):
        if data.source == "curriculum":
            from codeq.data.curriculum import records

            raw = records.raw(data.seed, data.bugs_per_function)
        else:
            from codeq.data import debugbench

            raw = debugbench.read_source(data.source, data.revision, data.language)
        tables.write("raw", raw, args.raw)


if __name__ == "__main__":
    stage.run(main)
