"""A certificate with its key, issued by the authority or read from files."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rig.util.errors import BenchError
from rig.util.named_file import read_file

_LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class Certificate:
    """An end-entity certificate with its private key and its intermediate certificates.

    Attributes:
        chain: PEM, the end-entity certificate first.
        key: PEM, PKCS #8 or SEC 1; without a passphrase.
    """

    chain: str
    key: str = field(repr=False)

    @staticmethod
    def read(chain: Path, key: Path) -> Certificate:
        """Read a certificate and its key from PEM files.

        Args:
            chain: file with the certificate, followed by its intermediate certificates.
            key: file with its private key.

        Raises:
            BenchError: a file cannot be read.
        """
        return Certificate(read_pem(chain), read_pem(key))

    def load_into(self, context: ssl.SSLContext) -> None:
        """Make a TLS context present this certificate.

        Args:
            context: the context of a server or a client.

        Raises:
            BenchError: chain or key is not PEM, or the key belongs to another certificate.
        """
        with pem_file(self.chain) as chain, pem_file(self.key) as key:
            try:
                # Without a password function OpenSSL would ask for a passphrase on the terminal.
                context.load_cert_chain(chain, key, password=lambda: "")
            except ssl.SSLError as error:
                mismatch = error.reason == "KEY_VALUES_MISMATCH"
                raise BenchError(
                    "the TLS certificate cannot be used: "
                    + ("the key belongs to another certificate" if mismatch else f"{error.reason or error}"),
                    "Give a certificate chain and its own key in PEM, the key without a passphrase",
                ) from None


def read_pem(path: Path) -> str:
    """Read a PEM file.

    Args:
        path: the file.

    Raises:
        BenchError: the file cannot be read, or is not ASCII.
    """
    try:
        return read_file(path, _LARGEST_FILE, pipe=True).decode("ascii")
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}", "Name a PEM file that can be read") from None
    except UnicodeDecodeError:
        raise BenchError(
            f"{path} is not a PEM file: it has bytes that are not ASCII", "Convert it: openssl x509 -inform der"
        ) from None


@contextlib.contextmanager
def pem_file(content: str) -> Iterator[str]:
    """Keep a text in a file that only this user can read. The ssl module loads certificates only from files."""
    descriptor, name = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        yield name
    finally:
        Path(name).unlink()
