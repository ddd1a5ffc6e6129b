"""Crates: a finished study as a Workflow Run RO-Crate, after the profile Provenance Run Crate 0.5.

The study's directory is the crate. All facts are those of its lineage records: each run of a script is a CreateAction
with its inputs, settings, results, times and machine, so equal records give equal bytes. The workflow and its scripts
are copied beside the results. https://www.researchobject.org/workflow-run-crate/profiles/provenance_run_crate
"""

import json
import mimetypes
import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from codeq.errors import LineageError
from codeq.identity import digest
from codeq.lineage import read_record, record
from codeq.lineage.differences import flat
from codeq.lineage.files import MANIFEST, SIDECAR, sidecar_of
from codeq.lineage.manifests import listed
from codeq.lineage.records import ROOT
from codeq.lineage.verification import files

METADATA = "ro-crate-metadata.json"
MAIN = "workflow/Snakefile"
SCRIPT = "scripts/crate.py"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    WORKFLOW_CRATE: "Workflow RO-Crate",
}
TERMS = {name: f"https://w3id.org/ro/terms/workflow-run#{name}" for name in ("sha256", "resourceUsage")}
_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".safetensors": "application/octet-stream",
    ".md": "text/markdown",
}

Entity = dict[str, Any]


def workflow_files() -> list[str]:
    """The workflow and its scripts, relative to the project and to a crate."""
    paths = [*(ROOT / "workflow").rglob("*"), *(ROOT / "scripts").glob("*.py")]
    return sorted(
        path.relative_to(ROOT).as_posix() for path in paths if path.is_file() and "__pycache__" not in path.parts
    )


def write(study: Path) -> None:
    """Make the directory of a study a crate: write its metadata and copy the workflow into it, with their records.

    Raises LineageError if nothing in the directory has a record, or a record or manifest is unreadable.
    """
    study = Path(os.path.abspath(study))
    own = {study / name for name in (METADATA, *workflow_files())}
    records = _records(study, own)
    used = {_place(path, entry) for path, found in records.items() for entry in found["inputs"]}
    last = sorted(path for path in records if path not in used)
    with record(script=ROOT / SCRIPT, inputs={"results": last}, outputs={"crate": sorted(own)}, settings={}):
        for name in workflow_files():
            (study / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, study / name)
        text = json.dumps(_crate(study, records).metadata.generate(), indent=1, sort_keys=True, ensure_ascii=False)
        (study / METADATA).write_text(text + "\n")


def write_zip(study: Path, out: Path) -> None:
    """Pack a crate, with its records but without logs, as one zip file. Raises LineageError if `study` is no crate."""
    if not (study / METADATA).exists():
        raise LineageError(f"{study / METADATA}: no such file; run the rule crate, or codeq lineage crate {study}")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(map(Path, files(study))):
            archive.write(path, path.relative_to(study))


def _records(study: Path, own: set[Path]) -> dict[Path, dict[str, Any]]:
    """The records of a study by their file, but for the crate's own."""
    paths = (path.with_name(path.name.removesuffix(SIDECAR)) for path in sorted(study.rglob(f"*{SIDECAR}")))
    found = {path: values for path in paths if path not in own and (values := read_record(path))}
    if not found:
        raise LineageError(f"{study}: no lineage records below it; give the directory of a study, results/<name>")
    for path in found:
        if not path.exists():
            raise LineageError(f"{path}: its record is here, but the file is not; run codeq lineage verify {study}")
    return found


def _place(made: Path, entry: Mapping[str, Any]) -> Path:
    return Path(os.path.normpath(made.parent / entry["path"]))


def _crate(study: Path, records: Mapping[Path, dict[str, Any]]) -> Any:
    """The crate as rocrate holds it."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms.update(TERMS)
    crate.metadata["conformsTo"] = [_ref(crate.metadata.profile), _ref(WORKFLOW_CRATE)]
    graph = _Graph(study)
    for path, found in records.items():
        graph.file(path, sha256=found["output"]["sha256"], contentSize=str(found["output"]["bytes"]))
        graph.file(sidecar_of(path), about=_ref(graph.id(path)))
        if path.name == MANIFEST:
            for name, (sha256, size) in listed(path).items():
                graph.file(path.parent / name, sha256=sha256, contentSize=str(size))
    for name in workflow_files():
        graph.file(study / name, **{"@type": ["File", "SoftwareSourceCode"]})
    runs: dict[str, dict[Path, dict[str, Any]]] = {}
    for path, found in records.items():
        runs.setdefault(found["run"], {})[path] = found
    ordered = sorted(runs.values(), key=lambda run: (_fact(run)["start"], min(run)))
    for number, run in enumerate(ordered, 1):
        graph.run(number, run)
    root = graph.whole(ordered)
    for name, properties in graph.files.items():
        crate.add_file(study / name, dest_path=name, properties=_single(properties))
    for identifier, properties in graph.context.items():
        crate.add(ContextEntity(crate, identifier, properties=_single(properties)))
    for key, value in root.items():
        crate.root_dataset[key] = value
    return crate


def _fact(run: Mapping[Path, dict[str, Any]]) -> dict[str, Any]:
    """What all outputs of one run of a script have in common."""
    return next(iter(run.values()))


def _ref(identifier: str) -> Entity:
    return {"@id": identifier}


class _Graph:
    """The entities of a crate: its files, and what is said about them, by id."""

    def __init__(self, study: Path) -> None:
        self.study = study
        self.files: dict[str, Entity] = {}
        self.context: dict[str, Entity] = {}
        self._steps: dict[str, str] = {}  # script -> its step
        self._tools: list[Entity] = []
        self._actions: list[Entity] = []
        self._controls: list[Entity] = []

    def id(self, path: Path) -> str:
        return path.relative_to(self.study).as_posix()

    def file(self, path: Path, **properties: Any) -> None:
        suffix = path.suffix
        known = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "text/plain")
        self.files[self.id(path)] = {"name": path.name, "encodingFormat": known, **properties}

    def entity(self, identifier: str, kind: str, /, **properties: Any) -> Entity:
        self.context.setdefault(identifier, {"@type": kind, **properties})
        return _ref(identifier)

    def run(self, number: int, run: Mapping[Path, dict[str, Any]]) -> None:
        """One run of a script: the action, its step, and the engine's control of it."""
        facts = _fact(run)
        tool = self._tool(facts)
        inputs: list[Entity] = []
        for path, found in run.items():
            for entry in found["inputs"]:
                inputs.append(self._connect(facts, "input", entry, self._used(path, entry)))
        results = [self._connect(facts, "output", found["output"], _ref(self.id(path))) for path, found in run.items()]
        settings = {**flat(facts["settings"]), "code version": facts["code"]["version"]}
        if facts["seed"] is not None:
            settings["seed"] = facts["seed"]
        values = [
            self.entity(f"#setting-{digest(key, value)[:16]}", "PropertyValue", name=key, value=_plain(value))
            for key, value in sorted(settings.items())
        ]
        machine = facts["machine"]
        place = self.entity(
            f"#machine-{digest(machine)[:16]}",
            "Place",
            name=machine["hostname"],
            description=", ".join([machine["cpu"], f"{machine['cores']} cores", *machine["gpus"]]),
        )
        seconds = self.entity(
            f"#{facts['run']}-seconds",
            "PropertyValue",
            name="wall time",
            propertyID="https://schema.org/duration",
            unitCode="SEC",
            value=str(facts["seconds"]),
        )
        script = Path(facts["script"]).stem
        action = self.entity(
            f"#{facts['run']}",
            "CreateAction",
            name=f"{script} made {', '.join(self.id(path) for path in run)}",
            description=f"Run {number} of the study: {facts['script']}",
            instrument=tool,
            object=_unique([*inputs, *values]),
            result=results,
            startTime=facts["start"],
            endTime=facts["end"],
            actionStatus="http://schema.org/CompletedActionStatus",
            location=place,
            resourceUsage=seconds,
        )
        self._actions.append(action)
        control = self.entity(
            f"#{facts['run']}-control",
            "ControlAction",
            name=f"orchestrate {script}",
            instrument=_ref(self._steps[facts["script"]]),
            object=action,
        )
        self._controls.append(control)

    def _tool(self, facts: Mapping[str, Any]) -> Entity:
        """The script, with the packages it ran with; a script that the crate does not hold is only named."""
        script = facts["script"]
        packages = [
            self.entity(f"#{name}-{version}", "SoftwareApplication", name=name, softwareVersion=version)
            for name, version in facts["packages"].items()
        ]
        if script not in self._steps:
            step = self._steps[script] = f"#step-{Path(script).stem}"
            self.entity(
                step, "HowToStep", name=Path(script).stem, position=str(len(self._steps)), workExample=_ref(script)
            )
            self._tools.append(_ref(script))
        held = self.files.get(script) or self.context.setdefault(
            script, {"@type": "SoftwareSourceCode", "name": script}
        )
        held["version"] = facts["code"]["version"]
        held["softwareRequirements"] = _unique([*held.get("softwareRequirements", []), *packages])
        return _ref(script)

    def _used(self, made: Path, entry: Mapping[str, Any]) -> Entity:
        """The file of the crate that was read; one that is elsewhere, or another one by now, is described."""
        path = _place(made, entry)
        if path.is_relative_to(self.study) and self.files.get(self.id(path), {}).get("sha256") == entry["sha256"]:
            return _ref(self.id(path))
        return self.entity(f"#source-{entry['sha256'][:16]}", "CreativeWork", name=path.name, sha256=entry["sha256"])

    def _connect(self, facts: Mapping[str, Any], side: str, entry: Mapping[str, Any], used: Entity) -> Entity:
        """Say which parameter of the script a file was given for. Returns the file."""
        parameter = f"#{Path(facts['script']).stem}-{side}-{entry['name']}"
        self.entity(parameter, "FormalParameter", name=entry["name"], additionalType="File")
        script = self.files.get(facts["script"]) or self.context[facts["script"]]
        script[side] = _unique([*script.get(side, []), _ref(parameter)])
        if example := self.files.get(used["@id"]):
            held = self.context[parameter]
            held["workExample"] = _unique([*held.get("workExample", []), used])
            example["exampleOfWork"] = _unique([*example.get("exampleOfWork", []), _ref(parameter)])
        return used

    def whole(self, runs: Iterable[Mapping[Path, dict[str, Any]]]) -> Entity:
        """The run of the workflow as one action, and what the root says."""
        facts = [_fact(run) for run in runs]
        start, end = min(fact["start"] for fact in facts), max(fact["end"] for fact in facts)
        versions = sorted({fact["packages"].get("snakemake", "unknown") for fact in facts})
        url = "https://snakemake.readthedocs.io"
        language = self.entity("#snakemake", "ComputerLanguage", name="Snakemake", url=_ref(url), version=versions[-1])
        engine = self.entity(url, "SoftwareApplication", name="Snakemake", url=url, softwareVersion=", ".join(versions))
        self.files[MAIN] |= {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "CodeQ",
            "programmingLanguage": language,
            "hasPart": self._tools,
            "step": [_ref(step) for step in self._steps.values()],
        }
        times = {"startTime": start, "endTime": end}
        read = {entity["@id"] for action in self._actions for entity in self.context[action["@id"]]["object"]}
        made = {entity["@id"] for action in self._actions for entity in self.context[action["@id"]]["result"]}
        run = self.entity(
            "#workflow-run",
            "CreateAction",
            name=f"Run of the study {self.study.name}",
            description="From the raw rows of the benchmark to the report",
            instrument=_ref(MAIN),
            object=[_ref(identifier) for identifier in sorted(read - made)],
            result=[_ref(identifier) for identifier in sorted(made - read)],
            actionStatus="http://schema.org/CompletedActionStatus",
            **times,
        )
        organised = self.entity(
            "#organised",
            "OrganizeAction",
            name="Run of Snakemake",
            instrument=engine,
            object=self._controls,
            result=run,
            **times,
        )
        licence = "https://spdx.org/licenses/MIT"
        profiles = [
            self.entity(uri, "CreativeWork", name=name, version=uri.rpartition("/")[2])
            for uri, name in PROFILES.items()
        ]
        return {
            "name": f"CodeQ study {self.study.name}",
            "description": "A code model that teaches itself to debug: data, search trees, pairs, models and results",
            "datePublished": end,
            "license": self.entity(licence, "CreativeWork", name="MIT", description="MIT License, of the workflow"),
            "conformsTo": profiles,
            "mainEntity": _ref(MAIN),
            "mentions": [organised, run, *self._actions, *self._controls],
        }


def _unique(references: list[Entity]) -> list[Entity]:
    return list({reference["@id"]: reference for reference in references}.values())


def _single(properties: Entity) -> Entity:
    """Lists of one value as that value, as RO-Crate 1.1 recommends."""
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value
        for key, value in properties.items()
        if value != []
    }


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
