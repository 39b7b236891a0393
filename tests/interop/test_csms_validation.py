"""The third-party CSMSs detect invalid messages; otherwise a session without violations would prove nothing."""

from __future__ import annotations

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest
import websockets

from tests.interop.central_system import CentralSystem
from tests.interop.node_csms import SCRIPTS, needs_node, node_csms
from tests.interop.python_csms import python_csms

ALL = [
    pytest.param(python_csms, id="ocpp"),
    *(pytest.param(partial(node_csms, package), id=package, marks=needs_node) for package in SCRIPTS),
]
VALIDATE_RESPONSES = ALL[:2]
"""The other packages validate only calls."""
Opens = Any  # a function that opens a CentralSystem


async def _exchange(csms: CentralSystem, *frames: str) -> list[Any]:
    """Send frames as a charge point, each after the answer to the one before. Return the answers."""
    subprotocol = websockets.Subprotocol("ocpp1.6")
    async with websockets.connect(f"{csms.url}/CP", subprotocols=[subprotocol]) as socket:
        answers = []
        for frame in frames:
            await socket.send(frame)
            answers.append(json.loads(await socket.recv()))
        return answers


@pytest.mark.parametrize("opens", ALL)
async def test_a_valid_call_is_answered(opens: Opens) -> None:
    """A valid call is answered, without a violation."""
    opened: AbstractAsyncContextManager[CentralSystem] = opens()
    async with opened as csms:
        (answer,) = await _exchange(csms, '[2,"a","Heartbeat",{}]')
        assert answer[:2] == [3, "a"]
        await csms.inbox.take("Heartbeat")
        assert csms.problems() == []


@pytest.mark.parametrize(
    "frame",
    [
        '[2,"a","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Idle"}]',
        '[2,"a","Authorize",{"idTag":"LONGER-THAN-TWENTY-CHARACTERS"}]',
        '[2,"a","StopTransaction",{"transactionId":1,"meterStop":"7","timestamp":"2024-01-01T00:00:00Z"}]',
        '[2,"a","Heartbeat",{"more":1}]',
    ],
)
@pytest.mark.parametrize("opens", ALL)
async def test_an_invalid_call_is_found(opens: Opens, frame: str) -> None:
    """An invalid value, length, type or property gets a CALLERROR and is recorded."""
    opened: AbstractAsyncContextManager[CentralSystem] = opens()
    async with opened as csms:
        answers = await _exchange(csms, frame, '[2,"b","Heartbeat",{}]')
        assert [answer[:2] for answer in answers] == [[4, "a"], [3, "b"]]
        await csms.inbox.take("Heartbeat")
        assert csms.problems() != []


@pytest.mark.parametrize("opens", VALIDATE_RESPONSES)
async def test_an_invalid_answer_is_found(opens: Opens) -> None:
    """A response to a call of the CSMS is validated, too."""
    opened: AbstractAsyncContextManager[CentralSystem] = opens()
    async with opened as csms:
        subprotocol = websockets.Subprotocol("ocpp1.6")
        async with websockets.connect(f"{csms.url}/CP", subprotocols=[subprotocol]) as socket:
            await socket.send('[2,"a","Heartbeat",{}]')
            await socket.recv()

            async def answer_wrongly() -> None:
                request = json.loads(await socket.recv())
                await socket.send(json.dumps([3, request[1], {"status": "Perhaps"}]))

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(answer_wrongly())
                with pytest.raises(Exception, match=r"(?i)perhaps|constraint|format|valid|enum"):
                    await csms.call("ClearCache")
