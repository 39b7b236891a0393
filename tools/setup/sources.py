"""Sources of third parties that the firmware is built from and that are not in the repository.

littlefs and Unity are pinned by SHA-256. mbed TLS is the newest 3.6.x with a signature of Debian: it gets security
fixes, and Debian's archive keeps only the newest version.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tools.setup.apt import Apt
from tools.setup.environment import PIP_HINT, VENV, pip
from tools.setup.steps import CACHE, DEPS, ROOT, Log, SetupError, Step

# littlefs, BSD-3-Clause: in the sdist of littlefs-python.
LITTLEFS = {
    "lfs.c": "a36d6a095785ddea9571d541d68d3e4ef01d5b255a99d17d3f07fb6ea60ea132",
    "lfs.h": "b1befd7288d08815accc8f9af744c55686c0b9e3ac0061c32ceee38a1b3eb96d",
    "lfs_util.c": "f2fbde533670560434bd9f5a547174cc7c5a4670a02c47b4bd85180dced8b2ec",
    "lfs_util.h": "548d46aa524dc7449e16739286c1a422a52f9de727ff0be0c2ffc5593f5ca981",
}

# Unity 2.5.1, MIT: in tests/unity of the source package ntpsec of Debian 12, on any release (that of Debian 13 has a
# later Unity).
UNITY_RELEASE = "bookworm"
UNITY = {
    "unity.c": "2e3a0610268455520a5796345b503d00c34a47fe97ed3750349cbd4b2b1990f3",
    "unity.h": "681ac98a63ac11effb11e59d580f6ca82abca1bd34069465c38e3b15344256c0",
    "unity_internals.h": "adfd612c217e59468c5ebe978640e77e5f539e820ffc0c195a98c5a36f0ac868",
}

# mbed TLS, Apache-2.0: the source package of Debian 13, on any release.
MBEDTLS_RELEASE = "trixie"
MBEDTLS_BRANCH = "3.6"
_MBEDTLS_FOLDERS = ("include", "library")

_LITTLEFS_LOCK = ROOT / "requirements" / "sources.txt"


def steps() -> list[Step]:
    """Return the steps that fill `.deps`."""
    littlefs, unity, mbedtls = DEPS / "littlefs", DEPS / "unity", DEPS / "mbedtls"
    return [
        Step("littlefs", _fetch_littlefs, [_LITTLEFS_LOCK, repr(LITTLEFS)], [littlefs / name for name in LITTLEFS]),
        Step("Unity", _fetch_unity, [repr(UNITY)], [unity / name for name in UNITY]),
        Step("mbed TLS", _fetch_mbedtls, [MBEDTLS_RELEASE, MBEDTLS_BRANCH], [mbedtls / "VERSION"]),
    ]


def _fetch_littlefs(log: Log) -> None:
    folder = CACHE / "littlefs"
    log.command(
        [
            *(*pip(VENV), "download", "--no-deps", "--no-binary", "littlefs-python", "--require-hashes"),
            *("--dest", folder, "--requirement", _LITTLEFS_LOCK),
        ],
        hint=PIP_HINT,
    )
    unpack(max(folder.glob("*.tar.gz")), "/littlefs/", LITTLEFS, DEPS / "littlefs")


def _fetch_unity(log: Log) -> None:
    folder = Apt(log).source("ntpsec", UNITY_RELEASE)
    unpack(max(folder.glob("*.orig.tar.*")), "/tests/unity/", UNITY, DEPS / "unity")


def _fetch_mbedtls(log: Log) -> None:
    folder = Apt(log).source("mbedtls", MBEDTLS_RELEASE)
    unpack_mbedtls(max(folder.glob("*.orig.tar.*")), DEPS / "mbedtls")


def unpack_mbedtls(archive: Path, into: Path) -> None:
    """Unpack the library and its headers from the source archive, and write its version to the file `VERSION`.

    Args:
        archive: `mbedtls_<version>.orig.tar.*`.
        into: the target folder; its previous content is removed.

    Raises:
        SetupError: the archive is not mbed TLS 3.6.
    """
    named = re.match(r"mbedtls_([\d.]+)\.orig\.tar\.", archive.name)
    version = named[1] if named else ""
    if not f"{version}.".startswith(f"{MBEDTLS_BRANCH}."):
        raise SetupError(
            f"{archive.name} is not mbed TLS {MBEDTLS_BRANCH}, which the firmware needs. Check that this machine's "
            f"mirror has Debian {MBEDTLS_RELEASE}."
        )
    shutil.rmtree(into, ignore_errors=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            path = Path(member.name.partition("/")[2])
            stream = tar.extractfile(member) if member.isfile() else None
            if stream is None or path.suffix not in (".c", ".h") or path.parts[0] not in _MBEDTLS_FOLDERS:
                continue
            target = into / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(stream.read())
    (into / "VERSION").write_text(f"{version}\n")


def unpack(archive: Path, below: str, files: Mapping[str, str], into: Path) -> None:
    """Unpack some files of a tar archive, and check the SHA-256 of each.

    Args:
        archive: the archive.
        below: the path before each file's name, relative to the archive's top folder.
        files: SHA-256 by name.
        into: the target folder.

    Raises:
        SetupError: a file is missing, or is not the pinned one.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        members = {member.name.partition("/")[2]: member for member in tar if member.isfile()}
        for name, digest in files.items():
            path = f"{below.strip('/')}/{name}"
            stream = tar.extractfile(members[path]) if path in members else None
            if stream is None:
                raise SetupError(f"{archive.name} has no {path}: it is not the pinned version.")
            data = stream.read()
            found = hashlib.sha256(data).hexdigest()
            if found != digest:
                raise SetupError(
                    f"{path} of {archive.name} is not the pinned file: SHA-256 {found}, expected {digest}. "
                    "Either the download is damaged, or this machine's archive has another version."
                )
            (into / name).write_bytes(data)
