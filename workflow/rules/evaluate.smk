# Evaluation: what each policy handed in, in each mode, scored on the hidden tests.
#
# Reads   results/<name>/seed-<s>/attempts/<policy>/<mode>.parquet and the data tables
# Writes  results/<name>/seed-<s>/evaluation/<policy>/<mode>.parquet


rule evaluation:
    input:
        problems=f"{DATA}/problems.parquet",
        bugs=f"{DATA}/bugs.parquet",
        hidden_tests=f"{DATA}/hidden_tests.parquet",
        hidden_screen=f"{DATA}/hidden_screen.parquet",
        trajectories=f"{RUN}/attempts/{{policy}}/{{mode}}.parquet",
    output:
        f"{RUN}/evaluation/{{policy}}/{{mode}}.parquet",
    log:
        f"{RUN}/logs/evaluation-{{policy}}-{{mode}}.log",
    benchmark:
        f"{RUN}/logs/evaluation-{{policy}}-{{mode}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=60,
    params:
        settings=settings("sandbox"),
        code=code("evaluation"),
    shell:
        "python scripts/evaluation.py --settings {params.settings:q} --problems {input.problems:q}"
        " --bugs {input.bugs:q} --hidden_tests {input.hidden_tests:q} --hidden_screen {input.hidden_screen:q}"
        " --trajectories {input.trajectories:q}"
        " --policy {wildcards.policy} --mode {wildcards.mode} --seed {wildcards.seed}"
        " --evaluation {output:q} 2> {log:q}"
