# Results: tables, plots and the report.
#
# Reads   every evaluation, the training curves, the audit
# Writes  results/<name>/tables/*.{parquet,csv,md}, results/<name>/plots/*.svg, results/<name>/report.html

EVALUATIONS = expand(
    f"{RUN}/evaluation/{{policy}}/{{mode}}.parquet",
    seed=STUDY.seeds,
    policy=POLICIES,
    mode=STUDY.evaluation.modes,
)
CURVES = {
    f"{seed}/{name}": f"{RESULTS}/seed-{seed}/{name}/training_curve.parquet"
    for seed in STUDY.seeds
    for name in POLICIES[1:]
}
TABLES = expand(
    f"{RESULTS}/tables/{{table}}.{{suffix}}",
    table=["fix_rates", "by_category", "by_level", "comparisons", "anytime"],
    suffix=["parquet", "csv", "md"],
)
PLOTS = [
    f"{RESULTS}/plots/{name}.svg"
    for name in (
        "fix_rates",
        "anytime",
        "categories",
        *(["training"] if CURVES else []),
    )
]


rule tables:
    input:
        EVALUATIONS,
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
        "python scripts/tables.py --settings {params.settings:q} --evaluations {input:q} --out {params.out:q}"
        " 2> {log:q}"


rule plots:
    input:
        tables=TABLES,
        curves=list(CURVES.values()),
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
        " --curve-names {params.names:q} --out {params.out:q} 2> {log:q}"


rule report:
    input:
        tables=TABLES,
        plots=PLOTS,
        audit=f"{DATA}/audit.json",
        evaluations=EVALUATIONS,
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
        tables=lambda wildcards, input: Path(input.tables[0]).parent,
    shell:
        "python scripts/report.py --settings {params.settings:q} --tables {params.tables:q}"
        " --plots {input.plots:q} --audit {input.audit:q} --evaluations {input.evaluations:q}"
        " --report {output:q} 2> {log:q}"
