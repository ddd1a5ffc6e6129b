# Search: trees of rewrites, made by a policy for the bugs of one split.
#
# Reads   results/<name>/data/tasks/<split>.parquet, and the manifest of a policy
# Writes  results/<name>/seed-<s>/round-<r>/trajectories.parquet: policy r-1 on the train split
#         results/<name>/seed-<s>/attempts/<policy>/<mode>.parquet: a policy on the test split
#         with search.shards or evaluation.shards > 1 the same files, in parts, below results/<name>/seed-<s>/shards/<i>-of-<n>/
#         <table>.journal beside each table until it is complete: a job that was stopped goes on where it was

SEARCH_COMMAND = (
    "python scripts/search.py --settings {params.settings:q} --tasks {input.tasks:q} --policy {input.policy:q}"
    " --seed {wildcards.seed} --shard {params.shard} --journal {params.journal:q} --trajectories {output:q} "
)
# Which shard a job searches, and where its table lies.
SHARD, SEARCHED = "1-of-1", RUN
if STUDY.search.shards > 1:
    SHARD, SEARCHED = "{shard}", f"{RUN}/shards/{{shard}}"
TEST_SHARD, ATTEMPTED = "1-of-1", RUN
if STUDY.evaluation.shards > 1:
    TEST_SHARD, ATTEMPTED = "{test_shard}", f"{RUN}/shards/{{test_shard}}"


rule search:
    input:
        tasks=f"{DATA}/tasks/train.parquet",
        policy=lambda wildcards: policy(int(wildcards.round) - 1, wildcards.seed),
    output:
        f"{SEARCHED}/round-{{round}}/trajectories.parquet",
    log:
        f"{SEARCHED}/logs/search-{{round}}.log",
    benchmark:
        f"{SEARCHED}/logs/search-{{round}}.tsv"
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
        settings=round_settings("model", "sandbox", "search"),
        code=code("search"),
        shard=SHARD,
        journal=f"{RUN}/round-{{round}}/trajectories.journal",
    shell:
        SEARCH_COMMAND
        + "--split train --mode mcts --round {wildcards.round} 2> {log:q}"


rule attempts:
    input:
        tasks=f"{DATA}/tasks/test.parquet",
        policy=lambda wildcards: policy(round_of(wildcards.policy), wildcards.seed),
    output:
        f"{ATTEMPTED}/attempts/{{policy}}/{{mode}}.parquet",
    log:
        f"{ATTEMPTED}/logs/attempts-{{policy}}-{{mode}}.log",
    benchmark:
        f"{ATTEMPTED}/logs/attempts-{{policy}}-{{mode}}.tsv"
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
        shard=TEST_SHARD,
        journal=f"{RUN}/attempts/{{policy}}/{{mode}}.journal",
        round=lambda wildcards: round_of(wildcards.policy),
    shell:
        SEARCH_COMMAND
        + "--split test --mode {wildcards.mode} --round {params.round} 2> {log:q}"
