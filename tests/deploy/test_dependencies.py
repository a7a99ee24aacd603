"""What is said of the packages that Pitlane is made of."""

from __future__ import annotations

import json
from pathlib import Path

from deploy import dependencies
from deploy.dependencies import judged, locked

VERSIONS = {"uvicorn": "0.54.0", "pillow": "13.0.0"}
SOUND = {"name": "uvicorn", "version": "0.54.0", "vulns": []}
ADVISORY = {"id": "PYSEC-2026-1", "fix_versions": ["13.0.1"]}


def test_an_advisory_fails_and_is_named_with_the_version_that_mends_it() -> None:
    ill = {"name": "Pillow", "version": "13.0.0", "vulns": [ADVISORY]}
    verdict = judged({"dependencies": [SOUND, ill]}, VERSIONS)
    assert verdict.failed
    assert "Pillow 13.0.0: PYSEC-2026-1 (mended in 13.0.1)" in verdict.words()
    assert "NOT AUDITED" not in verdict.words()


def test_what_could_not_be_asked_about_is_told_aloud_and_fails_nothing() -> None:
    skipped = {"name": "pillow", "skip_reason": "not found"}
    verdict = judged({"dependencies": [SOUND, skipped]}, VERSIONS)
    assert not verdict.failed
    assert "nothing is known against 1 locked packages" in verdict.words()
    assert "1 PACKAGES WERE NOT AUDITED" in verdict.words()


def test_without_the_database_nothing_is_called_sound() -> None:
    verdict = judged({}, VERSIONS)
    assert not verdict.failed
    assert "nothing is known against" not in verdict.words()
    assert "2 PACKAGES WERE NOT AUDITED" in verdict.words()


def test_the_list_names_every_locked_package_with_its_version_and_hash(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    assert dependencies.sbom(file) == 0
    told = json.loads(file.read_text())
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "pitlane"
    assert {each["name"].lower(): each["version"] for each in told["components"]} == locked()
    for each in told["components"]:
        hashes = [hash_ for place in each["externalReferences"] for hash_ in place["hashes"]]
        assert {hash_["alg"] for hash_ in hashes} == {"SHA-256"}, each["name"]
    assert len(locked()) > 50
