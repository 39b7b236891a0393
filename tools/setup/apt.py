"""Access to Debian's archive without root: lists and cache are inside the clone, and the system is unchanged."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tools.setup.steps import CACHE, Log, SetupError

HINT = """Likely causes: no network; a proxy that is not set for apt (Acquire::http::Proxy in /etc/apt/apt.conf.d/);
a mirror in /etc/apt/sources.list that is down. Check with `apt-get update`."""

# Origins that may have signed a machine's main archive, and the key ring that their package installs.
_KEYRINGS = {
    "Debian": Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    "Raspbian": Path("/usr/share/keyrings/raspbian-archive-keyring.gpg"),
}

_HOOKS = ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success")


@dataclass(frozen=True, slots=True)
class Archive:
    """The package archive of this machine."""

    origin: str
    codename: str
    site: str


class Apt:
    """apt-get with its own directories."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._home = CACHE / "apt"
        self._home.mkdir(parents=True, exist_ok=True)

    def binary(self, package: str) -> Path:
        """Download a package and unpack it.

        Args:
            package: its name.

        Returns:
            The folder with its files.

        Raises:
            SetupError: the archive cannot be reached or does not have it.
        """
        folder = self._fetch("deb", self._archive.codename, "download", package)
        for file in folder.glob("*.deb"):
            self._log.command(["dpkg", "-x", file, folder / "root"], hint="Free some disk space and try again.")
        return folder / "root"

    def source(self, package: str, codename: str) -> Path:
        """Download a source package, without unpacking it.

        Args:
            package: its name.
            codename: the release. A mirror has several.

        Returns:
            The folder with its files.

        Raises:
            SetupError: the archive cannot be reached or does not have it.
        """
        return self._fetch("deb-src", codename, "source", "--download-only", package)

    def _fetch(self, kind: str, codename: str, *command: str) -> Path:
        archive = self._archive
        keyring = _KEYRINGS[archive.origin]
        signed = f"[signed-by={keyring}] " if keyring.exists() else ""
        for place in ("lists/partial", "cache/archives/partial", "parts"):
            (self._home / place).mkdir(parents=True, exist_ok=True)
        (self._home / "sources.list").write_text(f"{kind} {signed}{archive.site} {codename} main\n")
        apt = self._command(self._own())
        self._log.command([*apt, "update", "--error-on=any"], hint=HINT)
        package = command[-1]
        folder = self._home / package
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._log.command([*apt, *command], hint=HINT, cwd=folder)
        return folder

    @cached_property
    def _archive(self) -> Archive:
        # If the machine has no lists yet (a new container), they are loaded into our own folder.
        lists = self._home / "machine-lists"
        archive = _machine_archive([]) or _machine_archive([f"--option=Dir::State::lists={lists}"])
        if archive is None:
            (lists / "partial").mkdir(parents=True, exist_ok=True)
            machine = {"Dir::State::lists": lists, "Dir::Cache": self._home / "cache"}
            self._log.command([*self._command(machine), "update", "--error-on=any"], hint=HINT)
            archive = _machine_archive([f"--option=Dir::State::lists={lists}"])
        if archive is None:
            raise SetupError(
                f"apt knows no Debian or Raspbian archive for {_codename()!r} here. Use Debian 12 or newer, or "
                "Raspberry Pi OS, with its archive in /etc/apt/sources.list."
            )
        return archive

    def _own(self) -> dict[str, Path]:
        return {
            "Dir::Etc::sourcelist": self._home / "sources.list",
            "Dir::Etc::sourceparts": self._home / "parts",
            "Dir::State::lists": self._home / "lists",
            "Dir::Cache": self._home / "cache",
        }

    def _command(self, directories: dict[str, Path]) -> list[str]:
        options = {"Acquire::Languages": "none", "Acquire::Retries": "2", "Debug::NoLocking": "true"}
        options |= {key: str(path) for key, path in directories.items()}
        if os.geteuid() == 0:
            # apt would switch to its own user, who cannot write to a clone of root.
            options["APT::Sandbox::User"] = "root"
        # Hooks of the machine's apt clean or index the machine's directories, so they must not run.
        hooks = self._home / "apt.conf"
        hooks.write_text("".join(f"#clear APT::Update::{when};\n" for when in _HOOKS))
        words = ["apt-get", "--quiet=2", "--config-file", str(hooks)]
        return words + [f"--option={key}={value}" for key, value in options.items()]


def _machine_archive(options: list[str]) -> Archive | None:
    try:
        output = subprocess.run(
            ["apt-get", *options, "indextargets", "--format", "$(ORIGIN)|$(CODENAME)|$(SITE)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise SetupError(
            "This machine has no working apt-get, which the set-up needs to find its Debian mirror. Use Debian 12 or "
            "newer, or Raspberry Pi OS."
        ) from error
    codename = _codename()
    archives = (Archive(*line.split("|", 2)) for line in output.splitlines())
    return next((a for a in archives if a.origin in _KEYRINGS and a.codename == codename), None)


def _codename() -> str:
    release = Path("/etc/os-release")
    lines = release.read_text().splitlines() if release.exists() else []
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("VERSION_CODENAME", "").strip('"')
