"""Our device at CSMSs of other hands: a working day without one strict-mode failure."""

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
    """The CSMS side of the Python package `ocpp`, which validates every payload both ways."""
    async with python_csms() as csms:
        await _day(csms)


@needs_node
@pytest.mark.parametrize("package", SCRIPTS)
async def test_an_npm_package_as_csms(package: str) -> None:
    """Three packages that share no code of OCPP; `ocpp-rpc` has its strict mode on."""
    async with node_csms(package) as csms:
        await _day(csms)
