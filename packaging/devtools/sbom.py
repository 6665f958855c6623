"""What is in an artefact, as a CycloneDX 1.6 document: https://cyclonedx.org/docs/1.6/json/."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devtools.contents import Part

OURS = "trayexec"


def written(artefact: Path, inside: Iterable[Part], *, version: str, epoch: int) -> str:
    """The document about this file, which has these inside.

    The same every time: its number comes from the file, and its date, in seconds since 1970, is given.
    """
    digest = hashlib.sha256(artefact.read_bytes()).hexdigest()
    about = {
        "type": "application",
        "bom-ref": artefact.name,
        "name": OURS,
        "version": version,
        "description": artefact.name,
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": f"pkg:pypi/{OURS}@{version}",
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    components = [_component(part) for part in inside]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycles": [{"phase": "build"}],
            "component": about,
        },
        "components": components,
        "dependencies": [
            {"ref": artefact.name, "dependsOn": [one["bom-ref"] for one in components]},
            *({"ref": one["bom-ref"]} for one in components),
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _component(part: Part) -> Mapping[str, Any]:
    version = {} if part.version is None else {"version": part.version}
    return {"type": "library", "bom-ref": part.purl, "name": part.name, **version, "purl": part.purl}
