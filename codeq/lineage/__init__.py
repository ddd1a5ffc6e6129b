"""Lineage: what every file was made from, by which code, with which settings.

Beside each output ``x`` stands ``x.lineage.json``, its sidecar; a model directory carries
``manifest.json``, and consumers name the manifest. Everything here needs the standard library
only, writes nothing but sidecars and manifests, and works without Snakemake's own records.
"""

from codeq.lineage.code_versions import code_version
from codeq.lineage.differences import Difference, differences
from codeq.lineage.environment import package_versions
from codeq.lineage.files import file_digest
from codeq.lineage.manifests import manifest_digest, verify_manifest, write_manifest
from codeq.lineage.records import Run, read_record, record
from codeq.lineage.tracing import Node, trace
from codeq.lineage.verification import Fault, Verification, invalidate, verify

__all__ = [
    "Difference",
    "Fault",
    "Node",
    "Run",
    "Verification",
    "code_version",
    "differences",
    "file_digest",
    "invalidate",
    "manifest_digest",
    "package_versions",
    "read_record",
    "record",
    "trace",
    "verify",
    "verify_manifest",
    "write_manifest",
]
