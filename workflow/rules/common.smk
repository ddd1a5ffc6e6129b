# What every rule file uses. Reads the configuration; writes nothing.
#
# STUDY    the validated study; an invalid configuration stops here, before any rule is planned
# RESULTS  directory of the study
# settings(...), code(...)  the two params of a rule: what it is told, and the code that runs
# round_settings(...)  the same settings as the round of the job sees them, its overrides applied
# policy(...)  the manifest of a round's policy; round 0 is the base model
# everything(...)  the files of the study that rules write
import functools
import json
import shlex
import subprocess
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.io import strip_wildcard_constraints

from codeq import config as configuration
from codeq import crate as crates
from codeq import lineage, stage
from codeq.errors import ConfigError

try:
    STUDY = configuration.parse(configuration.Study, config)
except ConfigError as error:
    raise WorkflowError(str(error)) from None

ROOT = Path(workflow.basedir).parent
RESULTS = f"results/{STUDY.name}"
DATA = f"{RESULTS}/data"
RUN = f"{RESULTS}/seed-{{seed}}"
POLICIES = ["base", *(f"round-{number}" for number in range(1, STUDY.rounds + 1))]
# The shards of each round's search, and those of the attempts at the test bugs, by the wildcard that names one.
SHARDS = {
    wildcard: [f"{number}-of-{count}" for number in range(1, count + 1)]
    for wildcard, count in (
        ("shard", STUDY.search.shards),
        ("test_shard", STUDY.evaluation.shards),
    )
}
# The tables that are made in shards, and the shards of each.
GATHERED = {
    table: SHARDS[wildcard]
    for wildcard, tables in (
        ("shard", [f"{name}/trajectories" for name in POLICIES[1:]]),
        (
            "test_shard",
            expand(
                "attempts/{policy}/{mode}", policy=POLICIES, mode=STUDY.evaluation.modes
            ),
        ),
    )
    if len(SHARDS[wildcard]) > 1
    for table in tables
}

# Rules run the Python that runs Snakemake, whether or not its environment is activated. How the machine is used is
# no param of theirs: another value makes nothing stale.
MACHINE = json.dumps(stage.machine(STUDY)).replace("{", "{{").replace("}", "}}")
shell.prefix(
    f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
    f"export {stage.MACHINE}={shlex.quote(MACHINE)}; "
)


wildcard_constraints:
    seed=r"\d+",
    split="train|test",
    round=r"[1-9]\d*",
    policy=r"base|round-[1-9]\d*",
    mode="|".join(STUDY.evaluation.modes),
    shard=rf"\d+-of-{STUDY.search.shards}",
    test_shard=rf"\d+-of-{STUDY.evaluation.shards}",


def settings(*whole, **parts):
    """The sections of the study that a rule depends on, or parts of them, as one sorted JSON text.

    One text, since Snakemake compares params as an unordered bag: two values that swap places
    would go unnoticed.
    """
    return json.dumps(stage.sections(STUDY, *whole, **parts), sort_keys=True)


def round_settings(*whole, **parts):
    """The settings of the round a job belongs to, as a function of its wildcards."""
    study = settings(*whole, **parts)
    special = {
        str(number): json.dumps(
            stage.sections(STUDY.of_round(number), *whole, **parts), sort_keys=True
        )
        for number in STUDY.overrides
    }
    return lambda wildcards: special.get(wildcards.round, study)


def task_settings(wildcards):
    """What decides which bugs of a split are tried: of the train split all are."""
    if wildcards.split == "train":
        return settings()
    return settings(data=["seed"], evaluation=["bugs_per_problem", "max_bugs"])


@functools.cache
def code_version(script):
    return lineage.code_version(ROOT / "scripts" / f"{script}.py", ROOT)


def code(script):
    """Version of the code a script runs; comments, docstrings and layout do not count.

    A function of any wildcards: a job on a cluster reads the Snakefile anew, and only the code that it runs.
    """
    return lambda wildcards: code_version(script)


def round_of(policy):
    """The number of a policy: 0 for base, r for round-r."""
    return 0 if policy == "base" else int(policy.removeprefix("round-"))


def policy(number, seed):
    """The manifest of policy `number` at a seed; the base model is the same for every seed."""
    if number == 0:
        return f"{RESULTS}/base/manifest.json"
    return f"{RESULTS}/seed-{seed}/round-{number}/policy/manifest.json"


def earlier_pairs(wildcards):
    """The pairs of the rounds before this one, if the study replays any."""
    number = int(wildcards.round)
    rounds = range(1, number) if STUDY.of_round(number).pairs.replay else []
    return [
        f"{RESULTS}/seed-{wildcards.seed}/round-{number}/pairs.parquet"
        for number in rounds
    ]


def shards(wildcards):
    """The shards of a local benchmark; the curriculum is code, a hub id is pinned by its revision."""
    directory = Path(STUDY.data.source)
    return (
        sorted(map(str, directory.glob(f"{STUDY.data.language}_*.json")))
        if directory.is_dir()
        else []
    )


def base_files(wildcards):
    """The manifest of a local base model, or all its files where it has none; a hub id is pinned by its revision."""
    directory = Path(STUDY.model.base)
    if (directory / "manifest.json").exists():
        return [str(directory / "manifest.json")]
    return (
        sorted(map(str, filter(Path.is_file, directory.iterdir())))
        if directory.is_dir()
        else []
    )


def everything(rules):
    """Every file of the study that one of the rules writes."""
    rounds = range(1, STUDY.rounds + 1)
    values = {
        "split": ["train", "test"],
        "seed": STUDY.seeds,
        "round": rounds,
        "policy": POLICIES,
        "mode": STUDY.evaluation.modes,
        "table": list(GATHERED),
        **SHARDS,
    }
    patterns = [
        strip_wildcard_constraints(pattern) for rule in rules for pattern in rule.output
    ]
    return expand(
        [pattern for pattern in patterns if pattern.startswith(f"{RESULTS}/")], **values
    )


def reported(path):
    """An output that `snakemake --report` shows, with the caption that has its name."""
    folder, name = Path(path).parent.name, Path(path).stem
    return report(
        path,
        caption=f"../report/{folder}/{name}.rst",
        category=folder.capitalize(),
        labels={folder.removesuffix("s"): name.replace("_", " ")},
    )


def show_results():
    """Print the fix rates and the path of the report, where they exist."""
    if Path(RESULTS, "report.html").exists():
        subprocess.run(
            [sys.executable, ROOT / "scripts" / "show.py", RESULTS], check=False
        )
