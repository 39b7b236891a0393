"""The server of a live socket, through the client."""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.live import folder
from rig.live.calls import Call, Caller
from rig.live.client import Client, clients
from rig.live.client_session import ClientSession
from rig.live.feed import MOST_BEHIND
from rig.live.hold import Hold
from rig.live.messages import LONGEST_LINE
from rig.live.server import MOST_CLIENTS, LiveServer
from rig.timeline import Timeline
from rig.timeline.events import CLIENT_LEFT, HandAct, HandActFailed, LogLine, Note
from rig.util.errors import BenchError, DeviceError
from rig.util.known_secrets import remember_secret
from tests.unit.live.conftest import Lamp

Connect = Callable[[], Client]


def texts(client: Client, count: int) -> list[str]:
    """Return the texts of the next `count` log lines."""
    found: list[str] = []
    for message in client.pushed(10):
        if "event" in message:
            found.append(message["event"]["text"])
        if len(found) == count:
            break
    return found


def test_a_client_is_greeted(connect: Connect) -> None:
    hello = connect().hello
    assert (hello["bench"], hello["program"], hello["clock"]) == ("lamp", "a test", "real")


def test_state_has_the_sections_of_the_offer(connect: Connect, lamp: Lamp) -> None:
    lamp.is_on = True
    state = connect().request("state")
    assert state["lamp"] == {"on": True}
    assert (state["live"]["clients"], state["live"]["test"], state["live"]["paused"]) == (1, "", False)


def test_events_come_in_order_and_as_in_the_record(connect: Connect, timeline: Timeline) -> None:
    client = connect()
    client.request("subscribe")
    timeline.extend([LogLine(text=f"line {number}") for number in range(500)])
    assert texts(client, 500) == [f"line {number}" for number in range(500)]


def test_a_subscription_selects_kinds(connect: Connect, timeline: Timeline) -> None:
    client = connect()
    client.request("subscribe", kinds=["log_line"])
    timeline.extend([Note(text="no"), LogLine(text="yes")])
    assert texts(client, 1) == ["yes"]


def test_a_subscription_begins_at_an_event(connect: Connect, timeline: Timeline) -> None:
    timeline.extend([LogLine(text=text) for text in "abc"])
    client = connect()
    assert client.request("subscribe", since=2) == {"events": 3}
    assert texts(client, 2) == ["b", "c"]


def test_a_secret_is_masked(connect: Connect, timeline: Timeline) -> None:
    remember_secret("hunter2hunter2")
    client = connect()
    client.request("subscribe")
    timeline.append(LogLine(text="the word is hunter2hunter2"))
    (text,) = texts(client, 1)
    assert "hunter2" not in text


def test_a_slow_client_loses_events_with_their_number(connect: Connect, timeline: Timeline) -> None:
    """The client does not read, so the connection is full long before the last event."""
    client = connect()
    client.request("subscribe")
    timeline.append(LogLine(text="first"))
    assert texts(client, 1) == ["first"]
    total = 3 * MOST_BEHIND
    for start in range(0, total, 1000):
        timeline.extend([LogLine(text=f"{start + n}" + "." * 100) for n in range(1000)])
    received = lost = 0
    for message in client.pushed(10):
        received += "event" in message
        lost += message.get("lost", 0)
        if received + lost == total:
            break
    assert (received + lost, lost > 0) == (total, True)


def test_a_call_returns_its_result_and_is_on_the_timeline(connect: Connect, timeline: Timeline, lamp: Lamp) -> None:
    assert connect().call("lamp.switch", {"on": True}, by="rig lamp") == {"on": True}
    (act,) = timeline.events(HandAct)
    assert (lamp.is_on, act.call, act.arguments, act.test) == (True, "lamp.switch", {"on": True}, "")
    assert act.by.startswith("rig lamp (process ")


def test_looking_is_no_act(connect: Connect, timeline: Timeline, running: list[str]) -> None:
    running.append("test_it")
    assert connect().call("lamp.look") == {"on": False}
    assert timeline.events(HandAct) == []


def test_acting_during_a_test_needs_drive(connect: Connect, timeline: Timeline, lamp: Lamp, running: list[str]) -> None:
    running.append("test_it")
    client = connect()
    with pytest.raises(BenchError, match="runs test_it"):
        client.call("lamp.switch", {"on": True})
    assert not lamp.is_on
    client.call("lamp.switch", {"on": True}, drive=True)
    (act,) = timeline.events(HandAct)
    assert (lamp.is_on, act.test) == (True, "test_it")


def test_a_second_driver_is_rejected(connect: Connect, server: LiveServer, timeline: Timeline) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(_caller: Caller) -> None:
        """Take long."""
        begun.set()
        assert may_end.wait(10)

    server.offer.calls["slow"] = Call(slow)  # type: ignore[index]
    first, second = connect(), connect()
    acting = threading.Thread(target=first.call, args=("slow",), kwargs={"by": "rig first"})
    acting.start()
    assert begun.wait(10)
    with pytest.raises(BenchError, match=r"rig first \(process \d+\) with slow is acting on this bench now"):
        second.call("lamp.switch", {"on": True})
    may_end.set()
    acting.join()
    assert second.call("lamp.switch", {"on": True}) == {"on": True}


def test_a_wait_ends_with_its_client(connect: Connect, server: LiveServer, timeline: Timeline) -> None:
    """Otherwise nobody could act until its end, for example after Ctrl-C in `rig csms call --timeout 1000`."""
    begun = threading.Event()

    def wait(_caller: Caller) -> None:
        """Wait long."""
        begun.set()
        timeline.clock.deadline(1_000).wait_out()

    server.offer.calls["wait"] = Call(wait, waits=True)  # type: ignore[index]
    client = connect()
    client._socket.sendall(b'{"id": 1, "do": "call", "call": "wait"}\n')
    assert begun.wait(10)
    client.close()
    assert server.driver.wait_until_free(10)
    assert [failed.call for failed in timeline.events(HandActFailed)] == ["wait"]


def test_an_act_ends_with_its_client(connect: Connect, server: LiveServer, lamp: Lamp) -> None:
    client = connect()
    client.call("lamp.borrow")
    assert lamp.is_on
    client.close()
    server.close()
    assert not lamp.is_on


def test_a_client_that_leaves_during_a_test_is_on_the_timeline(
    connect: Connect, server: LiveServer, timeline: Timeline, running: list[str]
) -> None:
    """Its acts are undone at any moment: the report of the test shows that."""
    client = connect()
    client.call("lamp.borrow")
    running.append("test_it")
    client.close()
    server.close()
    assert [(act.call, act.test) for act in timeline.events(HandAct)] == [("lamp.borrow", ""), (CLIENT_LEFT, "test_it")]


def test_a_failure_of_the_device_is_one_for_the_client(connect: Connect, timeline: Timeline) -> None:
    with pytest.raises(DeviceError, match="the lamp burned out"):
        connect().call("lamp.burn_out")
    (act,) = timeline.events(HandAct)
    (failed,) = timeline.events(HandActFailed)
    assert (failed.act, failed.call, failed.why) == (act.id, "lamp.burn_out", "the lamp burned out")


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("lamp.eat", {}, "has no call 'lamp.eat'. It offers: lamp.switch"),
        ("__init__", {}, "has no call '__init__'"),
        ("lamp.switch", {}, "lamp.switch lacks the argument 'on'. It takes on"),
        ("lamp.switch", {"on": True, "off": 1}, "lamp.switch has no argument 'off'. It takes on"),
        ("lamp.switch", {"on": "yes"}, "lamp.switch: on is True or False, not 'yes'"),
    ],
)
def test_a_wrong_call_names_what_is_accepted(connect: Connect, call: str, arguments: object, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        connect().request("call", call=call, arguments=arguments)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"do": "dance"}, "there is no request 'dance'. These exist: subscribe"),
        ({"do": "subscribe", "kinds": ["nonsense"]}, "there is no type of event 'nonsense'. These exist: access_point"),
        ({"do": "subscribe", "since": "1"}, "since is the id of an event, not '1'"),
        ({"do": "resume"}, "is not paused"),
    ],
)
def test_a_wrong_request_names_what_is_accepted(connect: Connect, fields: dict[str, object], message: str) -> None:
    client = connect()
    with pytest.raises(BenchError, match=message):
        client.request(**fields)  # type: ignore[arg-type]
    assert client.request("state")


@pytest.mark.parametrize("line", [b"{\n", b"[1]\n", b"\xff\xfe\n", b"null\n"])
def test_a_line_that_is_no_object_is_rejected(connect: Connect, line: bytes) -> None:
    client = connect()
    client._socket.sendall(line)
    (rejected, *_) = client.pushed(5)
    assert rejected["error"]["message"].startswith("the line is ")


def test_a_text_that_is_no_unicode_is_rejected(connect: Connect) -> None:
    """JSON can escape half of a surrogate pair. The bench cannot read such a request, so its reply has no id."""
    client = connect()
    client._socket.sendall(b'{"id": 1, "do": "lamp.switch", "on": "\\ud800"}\n')
    with pytest.raises(BenchError, match="the line is not JSON"):
        client.call("lamp.look")
    assert client.call("lamp.switch", {"on": True}) == {"on": True}


def test_a_line_that_is_too_long_ends_the_connection(connect: Connect) -> None:
    client = connect()
    client._socket.sendall(b"x" * (LONGEST_LINE + 2) + b"\n")
    messages = list(client.pushed(5))
    assert "longer than 1 MiB" in messages[0]["error"]["message"]


@pytest.mark.parametrize("value", [math.nan, math.inf, "\udcff"])
def test_a_value_that_json_lacks_is_not_sent(connect: Connect, value: object) -> None:
    """The bench could not read the line, so it could not answer it."""
    with pytest.raises(BenchError, match="the request cannot be written as JSON: "):
        connect().call("lamp.switch", {"on": value})


def test_a_request_that_the_bench_cannot_read_fails_with_its_reason(connect: Connect) -> None:
    with pytest.raises(BenchError, match="the line is longer than 1 MiB"):
        connect().call("lamp.switch", {"on": "x" * 4 * LONGEST_LINE})


def test_requests_of_a_client_that_does_not_read_are_not_read(connect: Connect, server: LiveServer) -> None:
    client = connect()
    client._socket.settimeout(1)
    lines = b'{"do": "dance", "pad": "%s"}\n' % (b"x" * 1000) * (16 << 10)
    with pytest.raises(TimeoutError):
        client._socket.sendall(lines)
    (session,) = server._sessions
    assert len(session._outbox) < 100


def test_the_calls_are_described(connect: Connect) -> None:
    described = connect().request("calls")
    assert described["lamp.switch"] == {
        "summary": "Switch the lamp.",
        "acts": True,
        "arguments": {"on": {"type": "bool", "required": True}},
    }


def test_too_many_clients_are_refused(connect: Connect) -> None:
    for _ in range(MOST_CLIENTS):
        connect()
    with pytest.raises(BenchError, match=f"already has {MOST_CLIENTS} clients"):
        connect()


def test_a_bench_that_rejects_a_command_is_no_closed_bench(connect: Connect) -> None:
    """Otherwise the command would open a bench of its own."""
    for _ in range(MOST_CLIENTS):
        connect()
    with pytest.raises(BenchError, match=f"already has {MOST_CLIENTS} clients"):
        clients(folder=str(Path.cwd()))
    assert clients(folder="/") == clients(Path("benches/other.toml")) == clients(pid=1) == []


def test_a_bench_that_does_not_answer_is_no_closed_bench(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process listens, but accepts no connection. When its queue is full, nobody waits for it."""
    monkeypatch.setattr("rig.live.client._GREETING_S", 0.1)
    home.mkdir(mode=0o700)
    path = Path("benches/lamp.toml")
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(home / folder.socket_name(path, 1)))
        stopped.listen(0)
        with pytest.raises(BenchError, match=rf"process {os.getpid()} has opened a bench, but does not answer"):
            clients(path)
        assert list(folder.connections()) == []


def test_the_end_of_the_bench_is_announced(connect: Connect, server: LiveServer) -> None:
    client = connect()
    server.close()
    assert list(client.pushed(5)) == [{"end": "the bench was closed"}]
    with pytest.raises(BenchError, match=r"the bench ended meanwhile .*: the bench was closed"):
        client.request("state")


def test_a_client_that_has_stopped_reading_does_not_delay_the_end(
    connect: Connect, server: LiveServer, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as `rig log -f | less`. The limit of the server is out of reach here."""
    monkeypatch.setattr("rig.live.server._CLOSE_S", 1_000)
    connect().request("subscribe")
    for _ in range(20):
        timeline.extend([LogLine(text="." * 1000) for _ in range(1000)])
    server.close()
    assert not server._thread.is_alive()


def test_an_act_that_ends_the_bench_is_answered(
    connect: Connect, server: LiveServer, lamp: Lamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state comes with the reply, because a second request would find no bench."""
    ending, has_begun, end = threading.Thread(target=server.close), threading.Event(), ClientSession.end

    async def noticed(session: ClientSession, why: str) -> None:
        has_begun.set()
        await end(session, why)

    def fuse() -> None:
        ending.start()
        has_begun.wait()

    monkeypatch.setattr(ClientSession, "end", noticed)
    lamp.fuse = fuse
    client = connect()
    done = client.call("lamp.blow_the_fuse", state=True)
    assert (done["result"], done["state"]["lamp"]) == (None, {"on": True})
    assert list(client.pushed(5)) == [{"end": "the bench was closed"}]
    ending.join()


def test_a_pause_waits_for_the_running_test(connect: Connect, server: LiveServer) -> None:
    client = connect()
    assert client.request("pause")["pause_requested"]
    hold = server.offer.hold
    assert hold is not None
    holding = threading.Thread(target=hold.wait, args=("before test_it", lambda _: False))
    holding.start()
    assert hold.wait_until_holding(5)
    assert client.request("state")["live"]["why_paused"] == "before test_it"
    client.request("resume")
    holding.join(5)
    assert not holding.is_alive()


def test_a_pause_right_after_a_resume_is_kept() -> None:
    hold = Hold()

    def resume_and_request(_seconds: float) -> bool:
        hold.resume()
        hold.request()
        return False

    hold.wait("before test_it", resume_and_request)
    assert (hold.is_requested, hold.is_holding, hold.why) == (True, False, "")


def test_a_tick_that_ends_the_hold_takes_the_request() -> None:
    hold = Hold()
    hold.request()
    hold.wait("before test_it", lambda _: True)
    assert (hold.is_requested, hold.is_holding) == (False, False)


def test_a_stale_socket_is_removed(home: Path, timeline: Timeline, server: LiveServer) -> None:
    stale = home / "0123456789ab-1-1.sock"
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(str(stale))
    dead.close()
    second = LiveServer(server.offer)
    assert sorted(home.iterdir()) == sorted([server.path, second.path])
    second.close()
    assert list(home.iterdir()) == [server.path]
