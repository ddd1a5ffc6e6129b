# Search: trees of rewrites, made by a policy for the bugs of one split.
#
# Reads   the data tables and the manifest of a policy; public tests only
# Writes  results/<name>/seed-<s>/round-<r>/trajectories.parquet: policy r-1 on the train split
#         results/<name>/seed-<s>/attempts/<policy>/<mode>.parquet: a policy on the test split

SEARCH_INPUT = {
    name: f"{DATA}/{name}.parquet" for name in ("problems", "bugs", "tests", "splits")
}
SEARCH_COMMAND = (
    "python scripts/search.py --settings {params.settings:q} --problems {input.problems:q}"
    " --bugs {input.bugs:q} --tests {input.tests:q} --splits {input.splits:q} --policy {input.policy:q}"
    " --seed {wildcards.seed} --trajectories {output:q} "
)


rule search:
    input:
        **SEARCH_INPUT,
        policy=lambda wildcards: policy(int(wildcards.round) - 1, wildcards.seed),
    output:
        f"{RUN}/round-{{round}}/trajectories.parquet",
    log:
        f"{RUN}/logs/search-{{round}}.log",
    # The rounds wait for each other, evaluations for nothing: rounds first.
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        gpu=1,
        mem_mb=32000,
        runtime=720,
    params:
        settings=settings("model", "sandbox", "search"),
        code=code("search"),
    shell:
        SEARCH_COMMAND
        + "--split train --mode mcts --round {wildcards.round} 2> {log:q}"


rule attempts:
    input:
        **SEARCH_INPUT,
        policy=lambda wildcards: policy(round_of(wildcards.policy), wildcards.seed),
    output:
        f"{RUN}/attempts/{{policy}}/{{mode}}.parquet",
    log:
        f"{RUN}/logs/attempts-{{policy}}-{{mode}}.log",
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        gpu=1,
        mem_mb=32000,
        runtime=720,
    params:
        settings=settings("model", "sandbox", "search", evaluation=["max_bugs"]),
        code=code("search"),
        round=lambda wildcards: round_of(wildcards.policy),
    shell:
        SEARCH_COMMAND
        + "--split test --mode {wildcards.mode} --round {params.round} 2> {log:q}"
