# Gather: the shards of a search, joined. Included only if search.shards or evaluation.shards is more than 1.
#
# Reads   results/<name>/seed-<s>/shards/<i>-of-<n>/<table>.parquet
# Writes  results/<name>/seed-<s>/<table>.parquet, the table that a search without shards writes itself


rule gather:
    input:
        lambda wildcards: expand(
            f"{RUN}/shards/{{part}}/{{table}}.parquet",
            part=GATHERED[wildcards.table],
            allow_missing=True,
        ),
    output:
        f"{RUN}/{{table}}.parquet",
    log:
        f"{RUN}/logs/gather/{{table}}.log",
    benchmark:
        f"{RUN}/logs/gather/{{table}}.tsv"
    wildcard_constraints:
        table="|".join(GATHERED),
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=4000,
        runtime=30,
    params:
        journal=f"{RUN}/{{table}}.journal",
        code=code("gather"),
    shell:
        "python scripts/gather.py --shards {input:q} --journal {params.journal:q} --trajectories {output:q} 2> {log:q}"
