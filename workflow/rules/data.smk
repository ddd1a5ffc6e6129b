# Data: from the benchmark to trusted bugs with tests, divided into train and test.
#
# Reads   data.source: the curriculum, a directory of DebugBench shards, or a hub id
# Writes  results/<name>/data/{raw,problems,bugs,tests,untested,screen,duplicates,splits}.parquet
#         results/<name>/data/tasks/{train,test}.parquet: all of these that a search of a split is given
#         results/<name>/data/hidden_{tests,untested,screen}.parquet, which no search and no training reads
#         results/<name>/data/audit.{json,md}


rule raw:
    input:
        shards,
    output:
        f"{DATA}/raw.parquet",
    log:
        f"{RESULTS}/logs/raw.log",
    benchmark:
        f"{RESULTS}/logs/raw.tsv"
    # A hub may be out of reach for a moment; what lies here fails the same way twice.
    retries: 0 if STUDY.data.source == "curriculum" or Path(STUDY.data.source).is_dir() else 2
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=1000,
        runtime=30,
    params:
        settings=settings(
            data=["bugs_per_function", "language", "revision", "seed", "source"]
        ),
        code=code("raw"),
    shell:
        "python scripts/raw.py --settings {params.settings:q} --source {input:q} --raw {output:q} 2> {log:q}"


rule problems:
    input:
        f"{DATA}/raw.parquet",
    output:
        problems=f"{DATA}/problems.parquet",
        bugs=f"{DATA}/bugs.parquet",
    log:
        f"{RESULTS}/logs/problems.log",
    benchmark:
        f"{RESULTS}/logs/problems.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=1000,
        runtime=30,
    params:
        settings=settings(data=["source"]),
        code=code("problems"),
    shell:
        "python scripts/problems.py --settings {params.settings:q} --raw {input:q}"
        " --problems {output.problems:q} --bugs {output.bugs:q} 2> {log:q}"


rule tests:
    input:
        raw=f"{DATA}/raw.parquet",
        problems=f"{DATA}/problems.parquet",
    output:
        tests=f"{DATA}/tests.parquet",
        untested=f"{DATA}/untested.parquet",
    log:
        f"{RESULTS}/logs/tests.log",
    benchmark:
        f"{RESULTS}/logs/tests.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=1000,
        runtime=60,
    params:
        settings=settings(data=["source"]),
        code=code("tests"),
    shell:
        "python scripts/tests.py --settings {params.settings:q} --raw {input.raw:q}"
        " --problems {input.problems:q} --tests {output.tests:q} --untested {output.untested:q} 2> {log:q}"


rule hidden_tests:
    input:
        raw=f"{DATA}/raw.parquet",
        problems=f"{DATA}/problems.parquet",
        tests=f"{DATA}/tests.parquet",
    output:
        hidden_tests=f"{DATA}/hidden_tests.parquet",
        hidden_untested=f"{DATA}/hidden_untested.parquet",
    log:
        f"{RESULTS}/logs/hidden_tests.log",
    benchmark:
        f"{RESULTS}/logs/hidden_tests.tsv"
    conda:
        "../../environment.yml"
    threads: STUDY.sandbox.workers
    resources:
        machine="inference",
        mem_mb=1000 + STUDY.sandbox.workers * STUDY.sandbox.memory_mb,
        runtime=60,
    params:
        settings=settings("sandbox", data=["seed", "source"]),
        code=code("hidden_tests"),
    shell:
        "python scripts/hidden_tests.py --settings {params.settings:q} --raw {input.raw:q}"
        " --problems {input.problems:q} --tests {input.tests:q} --hidden_tests {output.hidden_tests:q}"
        " --hidden_untested {output.hidden_untested:q} 2> {log:q}"


rule screen:
    input:
        problems=f"{DATA}/problems.parquet",
        bugs=f"{DATA}/bugs.parquet",
        tests=f"{DATA}/tests.parquet",
    output:
        f"{DATA}/screen.parquet",
    log:
        f"{RESULTS}/logs/screen.log",
    benchmark:
        f"{RESULTS}/logs/screen.tsv"
    conda:
        "../../environment.yml"
    threads: STUDY.sandbox.workers
    resources:
        machine="inference",
        mem_mb=1000 + STUDY.sandbox.workers * STUDY.sandbox.memory_mb,
        runtime=60,
    params:
        settings=settings("sandbox"),
        code=code("screen"),
    shell:
        "python scripts/screen.py --settings {params.settings:q} --problems {input.problems:q}"
        " --bugs {input.bugs:q} --tests {input.tests:q} --visibility public --screen {output:q} 2> {log:q}"


rule hidden_screen:
    input:
        problems=f"{DATA}/problems.parquet",
        bugs=f"{DATA}/bugs.parquet",
        tests=f"{DATA}/hidden_tests.parquet",
    output:
        f"{DATA}/hidden_screen.parquet",
    log:
        f"{RESULTS}/logs/hidden_screen.log",
    benchmark:
        f"{RESULTS}/logs/hidden_screen.tsv"
    conda:
        "../../environment.yml"
    threads: STUDY.sandbox.workers
    resources:
        machine="inference",
        mem_mb=1000 + STUDY.sandbox.workers * STUDY.sandbox.memory_mb,
        runtime=60,
    params:
        settings=settings("sandbox"),
        code=code("screen"),
    shell:
        "python scripts/screen.py --settings {params.settings:q} --problems {input.problems:q}"
        " --bugs {input.bugs:q} --tests {input.tests:q} --visibility hidden --screen {output:q} 2> {log:q}"


rule duplicates:
    input:
        problems=f"{DATA}/problems.parquet",
        bugs=f"{DATA}/bugs.parquet",
        tests=f"{DATA}/tests.parquet",
    output:
        f"{DATA}/duplicates.parquet",
    log:
        f"{RESULTS}/logs/duplicates.log",
    benchmark:
        f"{RESULTS}/logs/duplicates.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=30,
    params:
        settings=settings(data=["jaccard", "permutations", "shingle_words"]),
        code=code("duplicates"),
    shell:
        "python scripts/duplicates.py --settings {params.settings:q} --problems {input.problems:q}"
        " --bugs {input.bugs:q} --tests {input.tests:q} --duplicates {output:q} 2> {log:q}"


rule splits:
    input:
        bugs=f"{DATA}/bugs.parquet",
        duplicates=f"{DATA}/duplicates.parquet",
        screen=f"{DATA}/screen.parquet",
    output:
        f"{DATA}/splits.parquet",
    log:
        f"{RESULTS}/logs/splits.log",
    benchmark:
        f"{RESULTS}/logs/splits.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=1000,
        runtime=10,
    params:
        settings=settings(data=["seed", "test_problems", "train_bugs"]),
        code=code("splits"),
    shell:
        "python scripts/splits.py --settings {params.settings:q} --bugs {input.bugs:q}"
        " --duplicates {input.duplicates:q} --screen {input.screen:q} --splits {output:q} 2> {log:q}"


rule tasks:
    input:
        problems=f"{DATA}/problems.parquet",
        bugs=f"{DATA}/bugs.parquet",
        tests=f"{DATA}/tests.parquet",
        splits=f"{DATA}/splits.parquet",
    output:
        f"{DATA}/tasks/{{split}}.parquet",
    log:
        f"{RESULTS}/logs/tasks-{{split}}.log",
    benchmark:
        f"{RESULTS}/logs/tasks-{{split}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=1000,
        runtime=10,
    params:
        settings=task_settings,
        code=code("tasks"),
    shell:
        "python scripts/tasks.py --settings {params.settings:q} --problems {input.problems:q} --bugs {input.bugs:q}"
        " --tests {input.tests:q} --splits {input.splits:q} --split {wildcards.split} --tasks {output:q} 2> {log:q}"


rule audit:
    input:
        problems=f"{DATA}/problems.parquet",
        bugs=f"{DATA}/bugs.parquet",
        duplicates=f"{DATA}/duplicates.parquet",
        tests=f"{DATA}/tests.parquet",
        untested=f"{DATA}/untested.parquet",
        screen=f"{DATA}/screen.parquet",
        hidden_tests=f"{DATA}/hidden_tests.parquet",
        hidden_untested=f"{DATA}/hidden_untested.parquet",
        hidden_screen=f"{DATA}/hidden_screen.parquet",
        splits=f"{DATA}/splits.parquet",
    output:
        json=f"{DATA}/audit.json",
        markdown=report(
            f"{DATA}/audit.md",
            caption="../report/audit.rst",
            category="Data",
            labels={"table": "audit"},
        ),
    log:
        f"{RESULTS}/logs/audit.log",
    benchmark:
        f"{RESULTS}/logs/audit.tsv"
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=1000,
        runtime=10,
    params:
        code=code("audit"),
    shell:
        "python scripts/audit.py --problems {input.problems:q} --bugs {input.bugs:q}"
        " --duplicates {input.duplicates:q} --tests {input.tests:q} --untested {input.untested:q}"
        " --screen {input.screen:q} --hidden_tests {input.hidden_tests:q}"
        " --hidden_untested {input.hidden_untested:q} --hidden_screen {input.hidden_screen:q}"
        " --splits {input.splits:q}"
        " --json {output.json:q} --markdown {output.markdown:q} 2> {log:q}"
