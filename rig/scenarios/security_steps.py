"""Steps for the security profiles: the device and the CSMS use the same profile."""

from __future__ import annotations

from typing import get_args

from rig.csms import Security
from rig.csms.authority import CertificateKind
from rig.device.secured import Secured
from rig.scenarios.player import Player
from rig.scenarios.step import FLAG, STEPS, TEXT, Schema, Values, saves, step
from rig.util.errors import AuthorError

PROFILE: Schema = {"type": "integer", "minimum": 0, "maximum": 3, "description": "a security profile, 0 to 3"}


@step("secured", PROFILE, options={"steps": STEPS}, required=["steps"])
def secured(player: Player, values: Values) -> None:
    """Switch the device and the CSMS to a security profile during steps. The device reboots for the change.

    During the steps, the device has the root of the scenario's authority, a client certificate, and an
    AuthorizationKey.
    """
    device = player.with_device("security profiles")
    player.secured = Secured(device.bench, device)
    # The certificate is revoked, but only a CSMS that has loaded the CRL rejects it: `csms_requires` with `revoked`.
    player.secured.client = player.secured.authority.client(player.identity, kind="revoked")
    try:
        with player.secured.on_profile(values.subject, backoff_initial_ms=1000, backoff_max_ms=1000):
            player.cursor = player.timeline.mark()
            player.play(values.options["steps"])
    finally:
        player.secured.forget()
        device.configure()


@step(
    "csms_requires",
    {
        "type": "object",
        "properties": {
            "profile": PROFILE,
            "password": {"type": "string", "pattern": "^([0-9a-f]{2})*$", "description": "in hexadecimal digits"},
            "certificate": {"enum": list(get_args(CertificateKind))},
            "revoked": {
                **FLAG,
                "description": "whether the CSMS rejects, by a CRL, the certificate that `secured` gave to the device",
            },
        },
        "required": ["profile"],
        "additionalProperties": False,
    },
    options={"steps": STEPS},
    required=["steps"],
)
def csms_requires(player: Player, values: Values) -> None:
    """Let the CSMS require this profile for new connections; the device keeps its profile. Only inside `secured`."""
    held = player.secured
    if held is None:
        raise AuthorError("`csms_requires` belongs in the steps of `secured`, which gives the device its secrets")
    wanted = values.subject
    kind = wanted.get("certificate", "good")
    normal = held.server(held.authority.server(held.host, kind=kind), wanted["profile"])
    passwords = {held.identity: bytes.fromhex(wanted["password"])} if "password" in wanted else normal.passwords
    revoked = held.authority.crl if wanted.get("revoked") else ""
    required = Security(normal.profile, passwords, normal.certificate, normal.client_root, revoked)
    with player.csms.secured(required):
        player.play(values.options["steps"])


@step(
    "issue_certificate",
    {**TEXT, "description": "a certificate request in PEM"},
    options={"save": saves("chain")},
    required=["save"],
)
def issue_certificate(player: Player, values: Values) -> None:
    """Sign a certificate request with the scenario's authority. `save` can take the certificate's `chain`."""
    player.save(values.options["save"], {"chain": player.authority.sign(values.subject)})
