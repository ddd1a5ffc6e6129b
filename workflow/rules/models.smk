# Policy 0, and the mini model that ships with CodeQ.
#
# Reads   model.base: a directory or a hub id
# Writes  results/<name>/base/manifest.json and the model beside it
#         results/mini-base-model/ (target mini_base_model: the shipped mini model, rebuilt from nothing)


rule base_model:
    input:
        base_files,
    output:
        f"{RESULTS}/base/manifest.json",
    log:
        f"{RESULTS}/logs/base_model.log",
    benchmark:
        f"{RESULTS}/logs/base_model.tsv"
    # A hub may be out of reach for a moment; a directory is not.
    retries: 0 if Path(STUDY.model.base).is_dir() else 2
    conda:
        "../../environment.yml"
    resources:
        machine="inference",
        mem_mb=2000,
        runtime=120,
    params:
        # Only which model it is: how it samples is the business of search.
        settings=settings(model=["base", "revision"]),
        code=code("base_model"),
    shell:
        "python scripts/base_model.py --settings {params.settings:q} --source {input:q}"
        " --policy {output:q} 2> {log:q}"


rule mini_base_model:
    output:
        "results/mini-base-model/manifest.json",
    log:
        "results/logs/mini_base_model.log",
    benchmark:
        "results/logs/mini_base_model.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        machine="training",
        mem_mb=3000,
        runtime=240,
    params:
        code=code("mini_base_model"),
    shell:
        "python scripts/mini_base_model.py --model {output:q} 2> {log:q}"
