"""Our device has a typical session with third-party CSMSs, without a violation."""

from __future__ import annotations

import pytest

from tests.interop import session
from tests.interop.central_system import CentralSystem
from tests.interop.device import running
from tests.interop.node_csms import SCRIPTS, needs_node, node_csms
from tests.interop.python_csms import python_csms

pytestmark = pytest.mark.slow


async def _day(csms: CentralSystem) -> None:
    async with running(csms.url) as device:
        try:
            await session.whole_session(csms, device)
        except AssertionError as error:
            problems = "\n".join(csms.problems()) or "none"
            raise AssertionError(f"{error}\nproblems: {problems}\n{device.tail()}") from None
        assert csms.problems() == []


async def test_the_ocpp_package_as_csms() -> None:
    """The CSMS of the Python package `ocpp` validates every payload, both ways."""
    async with python_csms() as csms:
        await _day(csms)


@needs_node
@pytest.mark.parametrize("package", SCRIPTS)
async def test_an_npm_package_as_csms(package: str) -> None:
    """The npm packages share no OCPP code; `ocpp-rpc` runs in strict mode."""
    async with node_csms(package) as csms:
        await _day(csms)
