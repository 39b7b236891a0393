"""The model at the fake CSMS, in stepped time."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rig.csms import Authority, Csms
from rig.device import Device
from rig.files import Files
from rig.scenarios import Stage, load, play
from rig.util.clock import BenchClock
from rig.wiring.virtual.stepping.clock import SteppedClock
from tests.unit.scenarios.model import Model
from tests.unit.scenarios.model.firmware import IMAGE
from tests.unit.scenarios.model.person import ModelDevice, ModelPerson
from tests.unit.scenarios.model.security_ext import MANUFACTURER

ROOT = Path(__file__).parents[4]
PlayCase = Callable[[str, type[Model]], None]


@pytest.fixture
def clock() -> BenchClock:
    return SteppedClock()


@pytest.fixture
def play_case(csms: Csms, files: Files, loop: asyncio.AbstractEventLoop) -> Iterator[PlayCase]:
    """Return a function that plays a case of the compliance set against a model."""
    files.put("firmware.bin", IMAGE)
    files.put("invalid.bin", "no image")
    with contextlib.ExitStack() as stack:

        def play_it(case: str, kind: type[Model]) -> None:
            model, device = stack.enter_context(connected(kind, csms, loop))
            scenario = load(ROOT / f"scenarios/octt-1.6/{case}.yaml", ROOT)
            given = signed_image(model)
            person = ModelPerson(model, loop)
            # Only `secured` needs a device. Without one, the person does everything.
            has_profile = "security profiles" in scenario.requires
            stage = Stage(csms, csms.timeline, person=person, files=files, device=device if has_profile else None)
            play(scenario, stage, {name: value for name, value in given.items() if name in scenario.parameters})
            assert csms.violations() == []

        yield play_it


@contextlib.contextmanager
def connected(kind: type[Model], csms: Csms, loop: asyncio.AbstractEventLoop) -> Iterator[tuple[Model, Device]]:
    """Connect a model during the block."""
    model = kind(csms.url(), csms.timeline.clock)
    device = ModelDevice(model, csms, loop)
    device.wait_for(model.start_up())
    try:
        yield model, cast(Device, device)
    finally:
        device.wait_for(model.stop())


def signed_image(model: Model) -> dict[str, Any]:
    """Let a manufacturer sign the image, and the model trust the manufacturer; return the parameters of the cases."""
    manufacturer = Authority(model.clock.utc(), "Manufacturer")
    model.roots[MANUFACTURER] = [x509.load_pem_x509_certificate(manufacturer.root.encode())]
    signer = manufacturer.server("firmware.test")
    key = serialization.load_pem_private_key(signer.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = base64.b64encode(key.sign(IMAGE, ec.ECDSA(hashes.SHA256()))).decode()
    return {"certificate": signer.chain, "signature": signature}
