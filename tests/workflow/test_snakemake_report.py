"""`snakemake --report report.zip` of a finished study holds every table and plot, with its label and caption."""

import json
import re
from pathlib import Path
from zipfile import ZipFile

import pytest
from planning import Snakemake

CAPTIONS = Path(__file__).resolve().parents[2] / "workflow" / "report"


@pytest.fixture(scope="module")
def archive(study: Path, snakemake: Snakemake, tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The report, made where no network can be reached: a proxy that refuses stands before every address."""
    path = tmp_path_factory.mktemp("report") / "report.zip"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")
        snakemake("--configfile", "config/small.yaml", "--report", str(path))
    return ZipFile(path)


@pytest.fixture(scope="module")
def shown(archive: ZipFile) -> dict[str, dict]:
    """What the report's page lists, by the path of each result."""
    page = archive.read("report/report.html").decode()
    start = re.search(r'<script id="results">\s*var results = ', page).end()
    found, _ = json.JSONDecoder().raw_decode(page[start:])
    return found


def test_every_table_and_plot_is_in_it_and_the_audits_and_the_page(
    study: Path, archive: ZipFile, shown: dict[str, dict]
) -> None:
    made = [*study.glob("tables/*.csv"), *study.glob("plots/*.svg"), *study.glob("seed-*/round-*/pairs.md")]
    made += [study / "report.html", study / "data" / "audit.md"]
    assert len(made) == 10 + 7 + 2 + 2
    inside = {Path(name).name: archive.read(name) for name in archive.namelist() if name.startswith("report/data/raw/")}
    assert inside == {path.name: path.read_bytes() for path in made}
    assert len(shown) == len(made)


def test_each_has_a_label_and_a_caption_in_words(shown: dict[str, dict]) -> None:
    for path, result in shown.items():
        assert result["labels"], path
        text = re.sub(r"<[^>]+>", "", result["caption"]).strip()
        assert len(text) > 40, path
        assert "{{" not in text, path
        assert "System Message" not in text, path  # what docutils says of a mistake


def test_every_caption_is_used() -> None:
    rules = "\n".join(path.read_text() for path in CAPTIONS.parent.rglob("*.smk"))
    named = {path.name for path in CAPTIONS.glob("*.rst")} - {"workflow.rst"}
    assert named == set(re.findall(r'"\.\./report/(\w+\.rst)"', rules))
    assert 'report: "report/workflow.rst"' in (CAPTIONS.parent / "Snakefile").read_text()


def test_the_first_page_names_the_study(archive: ZipFile) -> None:
    assert "Study <strong>small</strong>" in archive.read("report/report.html").decode().replace("\\u003c", "<")
