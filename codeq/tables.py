"""The schema of every parquet table, in one place; the first columns are the keys."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from codeq.errors import DataError

_S, _I, _F, _B = pl.String, pl.Int64, pl.Float64, pl.Boolean

UNFIXED = "unfixed"  # the policy that leaves every program as it is, in tables of results

# A public test as a search needs it: the columns of `tests` that are not said elsewhere.
PUBLIC_TEST = pl.Struct({"test_id": _S, "arguments": _S, "expected": _S, "comparison": _S, "reference_seconds": _F})
# How one test of one execution ended; `status` is one of codeq.sandbox.STATUSES.
TEST_RESULT = pl.Struct({"test_id": _S, "status": _S, "returned": _S, "message": _S, "printed": _S, "seconds": _F})
CRITIC = pl.Struct({"correctness": _F, "clarity": _F, "plausibility": _F, "score": _F, "rationale": _S, "status": _S})

# How a program is called; `parameters` and `returns` are types as in codeq.sandbox.Program.
CALL: dict[str, pl.DataType | type[pl.DataType]] = {
    "entry_point": _S,
    "kind": _S,  # function | method | operations
    "parameters": pl.List(_S),
    "returns": _S,
}

SCHEMAS: dict[str, dict[str, pl.DataType | type[pl.DataType]]] = {
    # One row per raw benchmark row, verbatim: everything downstream traces back to (shard, row).
    "raw": {"shard": _S, "row": _I, "sha256": _S, "record": _S},
    "problems": {
        "problem_id": _S,
        "statement": _S,
        "constraints": _S,
        "examples": pl.List(_S),
        "reference_codes": pl.List(_S),
        **CALL,
        "level": _S,  # easy | medium | hard
    },
    "bugs": {
        "bug_id": _S,
        "problem_id": _S,
        "category": _S,  # syntax | reference | logic | multiple
        "subtype": _S,  # joined by "+" where there are several
        "buggy_code": _S,
        "reference_code": _S,
        "shard": _S,
        "row": _I,
    },
    "tests": {
        "problem_id": _S,
        "test_id": _S,
        "visibility": _S,  # public | hidden
        **CALL,  # the problem's again, so that a tests table suffices to judge programs
        "arguments": _S,  # codeq.values text of a list
        "expected": _S,  # codeq.values text
        "comparison": _S,  # one of codeq.sandbox.comparisons.COMPARISONS
        "reference_seconds": _F,  # CPU time of the slowest reference; 0 below 0.2 s or where it is not known
        "origin": _S,  # example | generated
    },
    # Every example and generated input that did not become a test, with the reason.
    "untested": {"problem_id": _S, "origin": _S, "number": _I, "reason": _S, "text": _S},
    # How programs of others were judged (`codeq judge`); tests that were not run count as failed.
    "scores": {
        "id": _S,
        "problem_id": _S,
        "verdict": _S,  # pass | fail | timeout | oom | error | syntax_error | missing_entry_point
        "public_passed": _I,
        "public_failed": _I,
        "hidden_passed": _I,
        "hidden_failed": _I,
        "test_id": _S,  # the first failing test, and what happened there; null for a pass
        "visibility": _S,
        "arguments": _S,
        "expected": _S,
        "returned": _S,
        "message": _S,
        "seconds": _F,
    },
    "duplicates": {"bug_id": _S, "cluster_id": _S, "representative": _S, "similarity": _F},
    # What the sandbox said of every bug and of its reference (null: there are no tests): a usable bug fails a
    # test, its reference passes every one. Search and training go by the table made with public tests;
    # `hidden_screen`, made with hidden ones, is of the audit and of evaluation.
    "screen": {
        "bug_id": _S,
        "bug_verdict": _S,
        "reference_verdict": _S,
        "usable": _B,
        "reason": _S,
    },
    "splits": {"bug_id": _S, "problem_id": _S, "cluster_id": _S, "split": _S},  # train | test | unused
    # All that a search of one split is given (codeq.data.tasks): neither a reference nor a hidden test.
    "tasks": {
        "bug_id": _S,
        "problem_id": _S,
        "statement": _S,
        "buggy_code": _S,
        **CALL,
        "tests": pl.List(PUBLIC_TEST),
    },
    "trajectories": {
        "tree_id": _S,
        "node_id": _S,
        "parent_id": _S,
        "bug_id": _S,
        "problem_id": _S,
        "round": _I,
        "policy": _S,  # digest of the policy's manifest
        "mode": _S,
        "depth": _I,
        "rollout": _I,  # the rollout (from 1) that created the node; 0 for the root
        "prompt": _S,  # the rendered prompt, verbatim
        "prompt_digest": _S,  # of the prompt's token ids
        "completion": _S,
        "finish_reason": _S,  # stop | length
        "code": _S,
        "code_key": _S,  # equal programs share it (codeq.identity.code_key); null where there is no program
        "parse_status": _S,  # of codeq.prompts.Rewrite, or of codeq.search.line_edits.act
        "results": pl.List(TEST_RESULT),  # public tests only: hidden ones never guide a search
        "verdict": _S,  # null where no test was run: the root, and most turns of line edits
        "peak_mb": _F,  # memory of the program's process at its highest; null where it was not run
        "duplicate_of": _S,  # the node whose execution this one shares
        "reward": _F,
        "critic": CRITIC,
        "visits": _I,
        "q_mcts": _F,
        "q_ai": _F,
        "q": _F,
        "logprob": _F,  # sum over the completion under the sampling policy, temperature 1
        "seed": _I,
        "prompt_tokens": _I,
        "tokens": _I,  # of the completion
        "critic_tokens": _I,  # of the critic's reply about it; 0 where none was asked
        "seconds": _F,
    },
    "pairs": {
        "pair_id": _S,
        "bug_id": _S,
        "problem_id": _S,
        "tree_id": _S,
        "chosen_node": _S,
        "rejected_node": _S,
        "round": _I,  # in which it was found: an earlier one for a replayed pair
        "strategy": _S,  # siblings | best_vs_worst
        "prompt": _S,
        "prompt_digest": _S,  # of the prompt's token ids in the search
        "chosen": _S,
        "rejected": _S,
        "q_chosen": _F,
        "q_rejected": _F,
        "margin": _F,
        "tokens_chosen": _I,  # as sampled, with the end token
        "tokens_rejected": _I,
        "logprob_chosen": _F,  # under the policy that sampled it, as in `trajectories`
        "logprob_rejected": _F,
    },
    # Log-probabilities of completions under the policy that training starts from, each with its end of sequence.
    "reference": {
        "pair_id": _S,
        "key": _S,  # digest of everything that determines the values (codeq.training.reference)
        "chosen": _F,  # nats
        "rejected": _F,
    },
    "training_curve": {"step": _I, "metric": _S, "value": _F},
    "evaluation": {
        "bug_id": _S,
        "policy": _S,
        "mode": _S,
        "seed": _I,
        "problem_id": _S,
        "category": _S,
        "level": _S,
        "policy_digest": _S,
        "tree_id": _S,
        "node_id": _S,  # the candidate handed in
        "solved_public": _B,
        "solved_hidden": _B,  # null where the problem has no hidden test
        "samples": _I,
        "unparsed": _I,  # samples that were cut off or hold no usable program or action
        "tokens": _I,  # generated, the critic's included
        "executions": _I,
        "seconds": _F,
        "first_solved_rollout": _I,  # the next three: what the first public pass took; null where there is none
        "first_solved_samples": _I,
        "first_solved_tokens": _I,
    },
    # How far a round's policy is from the base model (codeq.training.divergence): one row.
    "drift": {
        "prompts": _I,
        "tokens": _I,  # of the completions that were compared
        "kl_mean": _F,  # KL(policy || base) per token, nats
        "kl_largest": _F,
    },
    # One row per policy and seed (codeq.evaluation.rounds); what a policy that was not trained lacks is null.
    "rounds": {
        "policy": _S,
        "seed": _I,
        "pairs": _I,  # trained on
        "held_out": _I,
        "dropped": _I,
        "step": _I,  # of the checkpoint that was kept
        "accuracy": _F,  # of the rewards of held-out pairs there, 0..1
        "margin": _F,
        "kl_mean": _F,  # to the base model, nats per token
        "kl_largest": _F,
        "fix_tokens": _F,  # mean length of the rewrites handed in
        "samples": _F,  # mean per problem
        "distinct": _F,  # different programs among them, mean per problem
        "regressions": _I,  # bugs solved by the policy before and not by this one, over all modes
        "gains": _I,  # the other way round
    },
    # Bugs that the policy before had solved under hidden tests, in the same mode and at the same seed.
    "regressions": {
        "seed": _I,
        "mode": _S,
        "policy_before": _S,
        "policy_after": _S,
        "bug_id": _S,
        "problem_id": _S,
        "category": _S,
        "level": _S,
        "node_before": _S,  # what each handed in; null where it was nothing
        "node_after": _S,
    },
    # pass@k over seeds (codeq.evaluation.pass_at_k).
    "pass_at_k": {
        "policy": _S,
        "mode": _S,
        "k": _I,
        "bugs": _I,  # with hidden tests
        "rate": _F,
        "ci_low": _F,
        "ci_high": _F,
    },
    # Rates of solved bugs had every search been held to a budget (codeq.evaluation.anytime).
    "anytime": {
        "policy": _S,
        "mode": _S,
        "seed": _I,
        "unit": _S,  # samples | tokens: what is equal between the modes
        "rollouts": _I,  # the budget in rollouts
        "budget": _I,  # the budget in its unit, per bug
        "n": _I,
        "n_hidden": _I,
        "solved_public": _I,
        "solved_hidden": _I,
        "ended": _I,  # unsolved searches that had ended below the budget
        "rate_public": _F,
        "rate_hidden": _F,
        "ci_low": _F,
        "ci_high": _F,
    },
}


def frame(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """Rows as a table of the named schema. Raises DataError on a missing, surplus or mistyped column."""
    schema = SCHEMAS[name]
    for index, row in enumerate(rows):
        if row.keys() != schema.keys():
            missing, surplus = sorted(schema.keys() - row.keys()), sorted(row.keys() - schema.keys())
            raise DataError(f"table {name!r}, row {index}: missing columns {missing}, unknown columns {surplus}")
    columns = []
    for column, kind in schema.items():
        try:
            columns.append(pl.Series(column, [row[column] for row in rows], dtype=kind, strict=True))
        except (TypeError, pl.exceptions.PolarsError) as error:
            raise DataError(f"table {name!r}, column {column!r}: not {kind}: {str(error).splitlines()[0]}") from error
    return pl.DataFrame(columns)


def write(name: str, table: pl.DataFrame, path: Path) -> None:
    """Write a table after checking it against its schema."""
    check(name, table, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(path, compression="zstd", statistics=False)


def read(name: str, path: Path) -> pl.DataFrame:
    """Read a table and check it against its schema. Raises DataError naming the file."""
    try:
        table = pl.read_parquet(path, glob=False)
    except (FileNotFoundError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, error) from error
    check(name, table, path)
    return table


@contextmanager
def writer(name: str, path: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
    """A function that appends rows to a table which need not fit into memory; the file appears when all is well."""
    from pyarrow.parquet import ParquetWriter

    schema = pl.DataFrame(schema=SCHEMAS[name]).to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with ParquetWriter(part, schema, compression="zstd", write_statistics=False) as file:

            def append(rows: pl.DataFrame) -> None:
                check(name, rows, path)
                if len(rows):
                    file.write_table(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))

            yield append
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def scan(name: str, paths: Sequence[Path]) -> pl.LazyFrame:
    """The rows of one or more tables, in order, unread; only their schemas are checked. Raises DataError as `read`."""
    for path in paths:
        try:
            schema = pl.read_parquet_schema(path)
        except (FileNotFoundError, pl.exceptions.PolarsError) as error:
            raise _unreadable(path, error) from error
        check(name, pl.DataFrame(schema=schema), path)
    return pl.scan_parquet(list(paths), glob=False)


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: no such table; run the rule that makes it")
    return DataError(f"{path}: not a readable parquet file ({error}); delete it and rerun its rule")


def check(name: str, table: pl.DataFrame, path: Path) -> None:
    """Raise DataError, naming the file and the columns, unless the table has the named schema."""
    expected = pl.Schema(SCHEMAS[name])
    if table.schema != expected:
        wrong = [
            f"{column} is {table.schema.get(column, 'missing')}, not {expected.get(column, 'part of the table')}"
            for column in {**expected, **table.schema}
            if table.schema.get(column) != expected.get(column)
        ]
        reason = "; ".join(wrong) or "columns are in another order"
        raise DataError(f"{path}: not a {name!r} table: {reason}. Delete it and rerun its rule")
