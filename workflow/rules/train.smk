# Training: from search trees to the next policy.
#
# Reads   results/<name>/seed-<s>/round-<r>/trajectories.parquet, the splits, the manifest of policy r-1
# Writes  results/<name>/seed-<s>/round-<r>/{pairs,reference,training_curve}.parquet, pairs.md
#         results/<name>/seed-<s>/round-<r>/{adapter,policy}/manifest.json, the models beside them
#         results/<name>/seed-<s>/round-<r>/drift.parquet: how far policy r is from the base model
#         results/<name>/seed-<s>/round-<r>/checkpoints/ while DPO runs; several GPUs: --set-resources dpo:gpu=2


rule pairs:
    input:
        trajectories=f"{RUN}/round-{{round}}/trajectories.parquet",
        earlier=earlier_pairs,
        bugs=f"{DATA}/bugs.parquet",
        splits=f"{DATA}/splits.parquet",
    output:
        pairs=f"{RUN}/round-{{round}}/pairs.parquet",
        audit=report(
            f"{RUN}/round-{{round}}/pairs.md",
            caption="../report/pairs.rst",
            category="Data",
            labels={"table": "pairs", "seed": "{seed}", "round": "{round}"},
        ),
    log:
        f"{RUN}/logs/pairs-{{round}}.log",
    benchmark:
        f"{RUN}/logs/pairs-{{round}}.tsv"
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        machine="training",
        mem_mb=4000,
        runtime=30,
    params:
        settings=round_settings("pairs"),
        code=code("pairs"),
    shell:
        "python scripts/pairs.py --settings {params.settings:q} --trajectories {input.trajectories:q}"
        " --earlier {input.earlier:q} --bugs {input.bugs:q} --splits {input.splits:q}"
        " --pairs {output.pairs:q} --audit {output.audit:q} 2> {log:q}"


rule reference:
    input:
        pairs=f"{RUN}/round-{{round}}/pairs.parquet",
        policy=lambda wildcards: policy(int(wildcards.round) - 1, wildcards.seed),
    output:
        f"{RUN}/round-{{round}}/reference.parquet",
    log:
        f"{RUN}/logs/reference-{{round}}.log",
    benchmark:
        f"{RUN}/logs/reference-{{round}}.tsv"
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        machine="training",
        gpu=1,
        mem_mb=64000,
        runtime=60,
    params:
        settings=round_settings(
            dpo=["dtype", "eval_fraction", "max_length", "micro_batch_size"],
            pairs=["minimum"],
        ),
        code=code("reference"),
    shell:
        "python scripts/reference.py --settings {params.settings:q} --pairs {input.pairs:q} --policy {input.policy:q}"
        " --reference {output:q} 2> {log:q}"


rule dpo:
    input:
        pairs=f"{RUN}/round-{{round}}/pairs.parquet",
        reference=f"{RUN}/round-{{round}}/reference.parquet",
        policy=lambda wildcards: policy(int(wildcards.round) - 1, wildcards.seed),
    output:
        adapter=f"{RUN}/round-{{round}}/adapter/manifest.json",
        curve=f"{RUN}/round-{{round}}/training_curve.parquet",
    log:
        f"{RUN}/logs/dpo-{{round}}.log",
    benchmark:
        f"{RUN}/logs/dpo-{{round}}.tsv"
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        machine="training",
        gpu=1,
        mem_mb=64000,
        runtime=240,
    params:
        settings=round_settings("dpo", pairs=["minimum"]),
        code=code("dpo"),
        # Outside the outputs, which Snakemake deletes before it runs a job again.
        checkpoints=f"{RUN}/round-{{round}}/checkpoints",
    shell:
        "python scripts/dpo.py --settings {params.settings:q} --pairs {input.pairs:q} --reference {input.reference:q}"
        " --policy {input.policy:q} --seed {wildcards.seed} --processes {resources.gpu}"
        " --checkpoints {params.checkpoints:q} --adapter {output.adapter:q} --curve {output.curve:q} 2> {log:q}"


rule merge:
    input:
        policy=lambda wildcards: policy(int(wildcards.round) - 1, wildcards.seed),
        adapter=f"{RUN}/round-{{round}}/adapter/manifest.json",
        pairs=f"{RUN}/round-{{round}}/pairs.parquet",
    output:
        f"{RUN}/round-{{round}}/policy/manifest.json",
    log:
        f"{RUN}/logs/merge-{{round}}.log",
    benchmark:
        f"{RUN}/logs/merge-{{round}}.tsv"
    priority: 10
    conda:
        "../../environment.yml"
    resources:
        machine="training",
        gpu=1,  # for the comparison with 4-bit weights
        mem_mb=64000,
        runtime=60,
    params:
        settings=round_settings(
            model=["quantization"],
            dpo=["eval_fraction", "max_length"],
        ),
        code=code("merge"),
    shell:
        "python scripts/merge.py --settings {params.settings:q} --policy {input.policy:q} --adapter {input.adapter:q}"
        " --pairs {input.pairs:q} --merged {output:q} 2> {log:q}"


rule drift:
    input:
        base=policy(0, None),
        policy=f"{RUN}/round-{{round}}/policy/manifest.json",
        pairs=f"{RUN}/round-{{round}}/pairs.parquet",
    output:
        f"{RUN}/round-{{round}}/drift.parquet",
    log:
        f"{RUN}/logs/drift-{{round}}.log",
    benchmark:
        f"{RUN}/logs/drift-{{round}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="training",
        gpu=1,
        mem_mb=64000,
        runtime=60,
    params:
        settings=round_settings(dpo=["eval_fraction", "max_length"]),
        code=code("drift"),
    shell:
        "python scripts/drift.py --settings {params.settings:q} --base {input.base:q} --policy {input.policy:q}"
        " --pairs {input.pairs:q} --drift {output:q} 2> {log:q}"
