"""A device and a CSMS that use the same security profile."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from rig.bench import Bench
from rig.csms import Authority, Certificate, Security
from rig.csms.security import SecurityProfile
from rig.device.device import Device
from rig.firmware.nvs_secrets import make_nvs_secrets
from rig.firmware.secrets import make_secrets

KEY = bytes(range(0xE0, 0xF2))
"""An AuthorizationKey of 18 bytes that are no text."""


class Secured:
    """The authority of a test, and its certificates and keys on the device.

    Args:
        bench: the bench.
        device: the device on the bench.

    Attributes:
        authority: issues the certificates of both sides.
        identity: the identity of the device.
        host: the name under which the device reaches the CSMS.
    """

    def __init__(self, bench: Bench, device: Device) -> None:
        self.bench = bench
        self.device = device
        self.authority = Authority(bench.timeline.clock.utc())
        self.identity = bench.description.device.identity
        self.host = urlsplit(bench.csms_url).hostname or ""
        self.client = self.authority.client(self.identity)

    def install(self, **blobs: bytes | str) -> None:
        """Write the device's secrets, and nothing else in its flash. Secrets that are not named are removed.

        Args:
            blobs: the secrets by name. The root, our client certificate and the key of Basic authentication are the
                defaults; an empty blob leaves its secret out.
        """
        present: dict[str, bytes | str] = {
            "auth_key": KEY,
            "root": self.authority.root,
            "client_chain": self.client.chain,
            "client_key": self.client.key,
        }
        present |= blobs
        encoded = {name: blob.encode() if isinstance(blob, str) else blob for name, blob in present.items() if blob}
        self._write(encoded)

    def forget(self) -> None:
        """Remove the secrets from the device."""
        self._write({})

    def _write(self, blobs: dict[str, bytes]) -> None:
        manifest = self.device.firmware.manifest
        partition = manifest.partition_table()["secrets"]
        make = make_secrets if self.bench.description.device.firmware == "host" else make_nvs_secrets
        self.bench.flasher.flash_filesystem(make(blobs, partition.size), partition.offset, manifest.chip)

    def server(self, certificate: Certificate | None = None, profile: SecurityProfile = 2) -> Security:
        """Return the security of the CSMS for a profile.

        Args:
            certificate: the certificate of the CSMS; None: a good certificate.
            profile: the security profile.
        """
        return Security(
            profile,
            {self.identity: KEY},
            None if profile < 2 else certificate or self.authority.server(self.host),
            client_root=self.authority.root,
        )

    @contextlib.contextmanager
    def on_profile(self, profile: SecurityProfile, **settings: str | int) -> Iterator[None]:
        """Put both sides on a profile within the block, which begins with the device connected."""
        self.install()
        with self.bench.csms.secured(self.server(profile=profile)):
            self.device.configure(security_profile=profile, **settings)
            yield
