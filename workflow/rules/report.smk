# Results: tables, plots, the report, the model cards and the crate.
#
# Reads   every evaluation and its trees, the tests and screens, the training curves and drifts, the audit,
#         what others published, config/published.yaml; for the cards, the lineage of each policy
# Writes  results/<name>/tables/*.{parquet,csv,md,tex}, results/<name>/plots/*.svg, results/<name>/report.html
#         results/<name>/seed-<s>/round-<r>/{adapter,policy}/README.md
#         results/<name>/ro-crate-metadata.json, with copies of the workflow and its scripts beside it

ATTEMPTS, EVALUATIONS = (
    expand(
        f"{RUN}/{kind}/{{policy}}/{{mode}}.parquet",
        seed=STUDY.seeds,
        policy=POLICIES,
        mode=STUDY.evaluation.modes,
    )
    for kind in ("attempts", "evaluation")
)
CURVES = {
    f"{seed}/{name}": f"{RESULTS}/seed-{seed}/{name}/training_curve.parquet"
    for seed in STUDY.seeds
    for name in POLICIES[1:]
}
DRIFTS = [str(Path(path).with_name("drift.parquet")) for path in CURVES.values()]
TABLES, ROUNDS = (
    expand(
        f"{RESULTS}/tables/{{table}}.{{suffix}}",
        table=names,
        suffix=["parquet", "csv", "md", "tex"],
    )
    for names in (
        [
            "fix_rates",
            "pooled",
            "by_category",
            "by_level",
            "pass_at_k",
            "comparisons",
            "anytime",
        ],
        ["rounds", "regressions"],
    )
)
# Published figures beside ours. Not one of TABLES: other figures make no table of ours stale.
PUBLISHED = expand(
    f"{RESULTS}/tables/published.{{suffix}}", suffix=["parquet", "csv", "md", "tex"]
)
PLOTS = [
    f"{RESULTS}/plots/{name}.svg"
    for name in (
        "fix_rates",
        "anytime",
        "cost",
        "categories",
        "duplication",
        *(["training", "optimisation"] if CURVES else []),
    )
]
CARDS = expand(
    f"{RUN}/{{policy}}/{{kind}}/README.md",
    seed=STUDY.seeds,
    policy=POLICIES[1:],
    kind=["adapter", "policy"],
)


rule tables:
    input:
        evaluations=EVALUATIONS,
        screen=f"{DATA}/screen.parquet",
        hidden_screen=f"{DATA}/hidden_screen.parquet",
    output:
        [reported(path) if path.endswith(".csv") else path for path in TABLES],
    log:
        f"{RESULTS}/logs/tables.log",
    benchmark:
        f"{RESULTS}/logs/tables.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=10,
    params:
        settings=settings(search=["candidates", "rollouts"]),
        code=code("tables"),
        out=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python scripts/tables.py --settings {params.settings:q} --evaluations {input.evaluations:q}"
        " --screen {input.screen:q} --hidden-screen {input.hidden_screen:q} --out {params.out:q} 2> {log:q}"


rule rounds:
    input:
        evaluations=EVALUATIONS,
        attempts=ATTEMPTS,
        curves=list(CURVES.values()),
        drifts=DRIFTS,
    output:
        [reported(path) if path.endswith(".csv") else path for path in ROUNDS],
    log:
        f"{RESULTS}/logs/rounds.log",
    benchmark:
        f"{RESULTS}/logs/rounds.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=4000,
        runtime=30,
    params:
        code=code("rounds"),
        names=list(CURVES),
        out=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python scripts/rounds.py --evaluations {input.evaluations:q} --attempts {input.attempts:q}"
        " --curves {input.curves:q} --drifts {input.drifts:q} --names {params.names:q} --out {params.out:q} 2> {log:q}"


rule published:
    input:
        figures="config/published.yaml",
        tables=expand(
            f"{RESULTS}/tables/{{table}}.parquet",
            table=["fix_rates", "by_category", "by_level", "anytime"],
        ),
    output:
        [reported(path) if path.endswith(".csv") else path for path in PUBLISHED],
    log:
        f"{RESULTS}/logs/published.log",
    benchmark:
        f"{RESULTS}/logs/published.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=10,
    params:
        code=code("published"),
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
        out=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python scripts/published.py --figures {input.figures:q} --tables {params.tables:q} --out {params.out:q}"
        " 2> {log:q}"


rule plots:
    input:
        tables=TABLES,
        published=PUBLISHED,
        curves=list(CURVES.values()),
        audit=f"{DATA}/audit.json",
        duplicates=f"{DATA}/duplicates.parquet",
    output:
        [reported(path) for path in PLOTS],
    log:
        f"{RESULTS}/logs/plots.log",
    benchmark:
        f"{RESULTS}/logs/plots.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=10,
    params:
        code=code("plots"),
        names=list(CURVES),
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
        out=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python scripts/plots.py --tables {params.tables:q} --curves {input.curves:q}"
        " --curve-names {params.names:q} --audit {input.audit:q} --duplicates {input.duplicates:q}"
        " --out {params.out:q} 2> {log:q}"


rule report:
    input:
        sources="config/published.yaml",
        tables=TABLES,
        rounds=ROUNDS,
        published=PUBLISHED,
        plots=PLOTS,
        curves=list(CURVES.values()),
        audit=f"{DATA}/audit.json",
        evaluations=EVALUATIONS,
        attempts=ATTEMPTS,
        tests=f"{DATA}/tests.parquet",
    output:
        report(
            f"{RESULTS}/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "whole report"},
        ),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/logs/report.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=10,
    params:
        settings=json.dumps(STUDY.determinants(), sort_keys=True),
        code=code("report"),
        names=list(CURVES),
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
    shell:
        "python scripts/report.py --settings {params.settings:q} --tables {params.tables:q}"
        " --plots {input.plots:q} --curves {input.curves:q} --curve-names {params.names:q}"
        " --audit {input.audit:q} --evaluations {input.evaluations:q} --attempts {input.attempts:q}"
        " --tests {input.tests:q} --sources {input.sources:q} --report {output:q} 2> {log:q}"


rule cards:
    input:
        adapter=f"{RUN}/round-{{round}}/adapter/manifest.json",
        policy=f"{RUN}/round-{{round}}/policy/manifest.json",
        pairs=f"{RUN}/round-{{round}}/pairs.parquet",
        curve=f"{RUN}/round-{{round}}/training_curve.parquet",
        fix_rates=f"{RESULTS}/tables/fix_rates.parquet",
        comparisons=f"{RESULTS}/tables/comparisons.parquet",
        evaluations=expand(
            f"{RUN}/evaluation/round-{{round}}/{{mode}}.parquet",
            mode=STUDY.evaluation.modes,
            allow_missing=True,
        ),
    output:
        adapter=f"{RUN}/round-{{round}}/adapter/README.md",
        policy=f"{RUN}/round-{{round}}/policy/README.md",
    log:
        f"{RUN}/logs/cards-{{round}}.log",
    benchmark:
        f"{RUN}/logs/cards-{{round}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=10,
    params:
        code=code("cards"),
        study=STUDY.name,
    shell:
        "python scripts/cards.py --adapter {input.adapter:q} --policy {input.policy:q} --pairs {input.pairs:q}"
        " --curve {input.curve:q} --fix-rates {input.fix_rates:q} --comparisons {input.comparisons:q}"
        " --evaluations {input.evaluations:q} --study {params.study:q} --round {wildcards.round}"
        " --seed {wildcards.seed} --adapter-card {output.adapter:q} --policy-card {output.policy:q} 2> {log:q}"


rule crate:
    input:
        report=f"{RESULTS}/report.html",
        audit=[f"{DATA}/audit.json", f"{DATA}/audit.md"],
        cards=CARDS,
        tables=[*TABLES, *ROUNDS, *PUBLISHED],
        plots=PLOTS,
        evaluations=EVALUATIONS,
        curves=list(CURVES.values()),
    output:
        metadata=f"{RESULTS}/ro-crate-metadata.json",
        workflow=expand(f"{RESULTS}/{{file}}", file=crates.workflow_files()),
    log:
        f"{RESULTS}/logs/crate.log",
    benchmark:
        f"{RESULTS}/logs/crate.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=10,
    params:
        code=code("crate"),
        study=lambda wildcards, output: Path(output.metadata).parent,
    shell:
        "python scripts/crate.py --study {params.study:q} 2> {log:q}"
