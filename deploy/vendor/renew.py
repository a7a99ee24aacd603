"""Fetches the vendored files anew, of pages and of print: ``python -m deploy.vendor.renew``.

To take another version, write it into ``manifest.json`` and empty the package's ``integrity``.
With an integrity the fetched package must be the very one that was recorded. Only here is npm
needed: the files are committed, and nothing at run time knows of it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).with_name("manifest.json")
_SERVICES = Path(__file__).parents[2] / "services"
VENDORED = _SERVICES / "gateway" / "static" / "vendor"
PRINTED = _SERVICES / "documents" / "vendor"
"""What print forms are set in: packages that the manifest has ``"for": "print"``."""
TESTED = _SERVICES.parent / "tests" / "browser" / "vendor"
"""What pages are tested with: ``"for": "tests"``."""


def main() -> int:
    """Writes the files and their checksums; 1 when a package is not what it was."""
    manifest = json.loads(MANIFEST.read_bytes())
    for package in manifest["packages"]:
        try:
            _renew(package)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            print(f"{package['name']}: {error}", file=sys.stderr)
            return 1
        print(f"{package['name']} {package['version']}")
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n")
    return 0


def differences() -> Iterator[str]:
    """What is vendored and what the manifest says: one line for each thing that differs."""
    expected: dict[str, str] = {}
    for package in json.loads(MANIFEST.read_bytes())["packages"]:
        for file, sha256 in package["files"].items():
            expected[f"{package['folder']}/{Path(file).name}"] = sha256
    present = {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for home in (VENDORED, PRINTED, TESTED)
        for path in home.glob("*/*")
    }
    for name in sorted(expected.keys() | present.keys()):
        if name not in present:
            yield f"{name} is missing"
        elif name not in expected:
            yield f"{name} is not in the manifest"
        elif present[name] != expected[name]:
            yield f"{name} is not the file that the manifest knows"


def home_of(package: dict[str, Any]) -> Path:
    return {"print": PRINTED, "tests": TESTED}.get(package.get("for", ""), VENDORED)


def _renew(package: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = _packed(package, Path(folder))
        integrity = _integrity(archive)
        if package["integrity"] not in ("", integrity):
            raise ValueError(f"is {integrity}, and was {package['integrity']}")
        target = home_of(package) / package["folder"]
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        with tarfile.open(archive) as files:
            for name in package["files"]:
                content = _content(files, name)
                (target / Path(name).name).write_bytes(content)
                package["files"][name] = hashlib.sha256(content).hexdigest()
        package["integrity"] = integrity


def _packed(package: dict[str, Any], folder: Path) -> Path:
    """The package as npm packs it, from whatever registry npm is set up with."""
    subprocess.run(
        ["npm", "pack", "--silent", f"{package['name']}@{package['version']}"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = folder.glob("*.tgz")
    return archive


def _content(files: tarfile.TarFile, name: str) -> bytes:
    try:
        member = files.extractfile(f"package/{name}")
    except KeyError:
        member = None
    if member is None:
        raise ValueError(f"has no file {name}")
    return member.read()


def _integrity(archive: Path) -> str:
    """As npm writes it: algorithm and digest."""
    return f"sha512-{b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()}"


if __name__ == "__main__":
    sys.exit(main())
