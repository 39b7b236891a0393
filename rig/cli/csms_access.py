"""The options of commands that serve the fake CSMS: the address to listen on, and the login of charge points."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rig.csms.authority import Authority
from rig.csms.certificate import Certificate, read_pem
from rig.csms.security import Security, read_passwords
from rig.files import Files
from rig.ocpp.versions import VERSIONS
from rig.timeline import Timeline
from rig.util.errors import BenchError
from rig.util.known_secrets import remember_secret
from rig.util.tcp import reachable_address

HostOption = Annotated[str, typer.Option(help="The address to listen on.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The TCP port; 0: any free one.")]
TlsOption = Annotated[
    bool, typer.Option("--tls", help="Use TLS. Without --cert the server makes a certificate and prints its root.")
]
CertOption = Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate chain for TLS, in PEM.")]
KeyOption = Annotated[Path | None, typer.Option(metavar="FILE", help="The private key of --cert, in PEM.")]
BasicAuthOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Require passwords: lines of identity:password, or identity:hex:0123…"),
]
ClientRootOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Require client certificates of this root, in PEM.")
]
ProtocolOption = Annotated[
    list[str] | None,
    typer.Option("--protocol", metavar="NAME", help="Accept only this sub-protocol, such as ocpp2.0.1; repeatable."),
]
FilesOption = Annotated[
    Path | None,
    typer.Option(
        "--files",
        metavar="FOLDER",
        help="Serve the files of this folder over HTTP and HTTPS; uploads go to its subfolder `uploads`.",
    ),
]
FilesPortOption = Annotated[
    int, typer.Option(min=0, max=65534, help="The TCP port of the file server; HTTPS has the next one; 0: free ones.")
]
FilesLoginOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Require a login for files: lines of user:password.")
]
TolerantOption = Annotated[
    bool, typer.Option("--tolerant", help="Accept deviations that real CSMSs tolerate, and only note them.")
]


def accepted_protocols(named: list[str] | None) -> tuple[str, ...]:
    """Return the accepted sub-protocols: the named ones, or all.

    Raises:
        BenchError: there is no such sub-protocol.
    """
    for name in named or ():
        if name not in VERSIONS:
            raise BenchError(f"--protocol {name!r} is not a sub-protocol", f"Choose one of {', '.join(VERSIONS)}")
    return tuple(named or VERSIONS)


@dataclass(frozen=True, slots=True)
class FileAccess:
    """The options for the file server; see `rig csms serve --help`."""

    folder: Path | None = None
    port: int = 0
    login: Path | None = None

    def server(self, timeline: Timeline, loop: asyncio.AbstractEventLoop, host: str) -> Files:
        """Make the file server of the options. Without a folder it keeps files and uploads in memory.

        Raises:
            BenchError: there is no such folder, a port is taken, or the file of the login cannot be used.
        """
        return Files(
            timeline,
            loop,
            host,
            port=self.port,
            tls_port=self.port + 1 if self.port else 0,
            named=reachable_address(host),
            folder=self.folder,
            logins=read_passwords(self.login) if self.login is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Access:
    """The options for the login of charge points; see `rig csms serve --help`."""

    tls: bool = False
    cert: Path | None = None
    key: Path | None = None
    basic_auth_file: Path | None = None
    client_root: Path | None = None

    def security(self, host: str) -> tuple[Security, str]:
        """Make the security profile of the options.

        Args:
            host: the address for a new certificate, if no certificate is given.

        Returns:
            The security profile, and the root of the new certificate. The root is empty if no certificate was made.

        Raises:
            BenchError: options contradict each other, or a file cannot be used.
        """
        if (self.cert is None) != (self.key is None):
            raise BenchError("--cert and --key belong together", "Give both, or only --tls for a new certificate")
        if self.basic_auth_file is not None and self.client_root is not None:
            raise BenchError(
                "--basic-auth-file and --client-root exclude each other",
                "Give the first for security profile 1 or 2, the second for 3",
            )
        certificate, root = None, ""
        if self.cert is not None and self.key is not None:
            certificate = Certificate.read(self.cert, self.key)
        elif self.tls or self.client_root is not None:
            authority = Authority()
            names = dict.fromkeys((reachable_address(host), "localhost", "127.0.0.1"))
            certificate, root = authority.server(*names), authority.root
        if self.client_root is not None:
            return Security(3, certificate=certificate, client_root=read_pem(self.client_root)), root
        if self.basic_auth_file is not None:
            passwords = read_passwords(self.basic_auth_file)
            for password in passwords.values():
                remember_secret(_as_text(password))
            return Security(1 if certificate is None else 2, passwords, certificate), root
        return Security(0, certificate=certificate), root


def _as_text(password: bytes) -> str:
    """Return a password as a text of a frame may show it: its hex digits if it is no text."""
    try:
        return password.decode()
    except UnicodeDecodeError:
        return password.hex()
