"""A charge point of the npm package `ocpp-rpc`, which validates strictly, finds nothing wrong in our CSMS."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from rig.csms import Csms
from rig.util.aio import in_thread
from tests.interop.node_csms import MODULES, needs_node

SCRIPT = Path(__file__).with_name("ocpp_rpc_station.mjs")
LIMIT_S = 60.0


@needs_node
@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
async def test_strict_mode_finds_no_violation(csms: Csms, protocol: str) -> None:
    """Boot, authorization, a charge and a TriggerMessage are valid for both sides."""
    url, _, identity = csms.url().rpartition("/")
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), str(MODULES), url, identity, protocol, stdout=asyncio.subprocess.PIPE
    )
    try:
        await in_thread(csms.expect_connected, LIMIT_S)
        ended = ("StopTransaction", {}) if protocol == "ocpp1.6" else ("TransactionEvent", {"eventType": "Ended"})
        await in_thread(csms.expect, ended[0], timeout=LIMIT_S, **ended[1])
        answer = await in_thread(csms.call, "TriggerMessage", {"requestedMessage": "Heartbeat"}, timeout=LIMIT_S)
        assert answer == {"status": "Accepted"}
        out, _ = await asyncio.wait_for(process.communicate(), LIMIT_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert [json.loads(line) for line in out.splitlines()] == [{"done": True}]
    await in_thread(csms.expect, "Heartbeat")
    assert csms.violations() == []
    if protocol == "ocpp1.6":
        (transaction,) = csms.transactions
        transaction.check()
    else:
        (of_station,) = csms.station_transactions
        of_station.check()
