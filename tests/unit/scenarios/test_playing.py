"""Steps played against a scripted charge point."""

from __future__ import annotations

import threading
from pathlib import Path

import orjson
import pytest

from rig.csms import CallErrorReceived, Csms
from rig.scenarios import NotSupportedError, Stage, play
from rig.util.errors import AuthorError, ExpectationError
from tests.unit.conftest import STEPPED
from tests.unit.csms.conftest import Peer
from tests.unit.scenarios.conftest import Load, Perform, Person

HEARTBEAT_THEN_STATUS = """\
  - expect: Heartbeat
  - expect: StatusNotification
    with: {connectorId: 1, status: Available}
"""


def when_asked(person: Person, act: object) -> None:
    """Let the charge point act when the scenario asks the person for something."""
    person.on_request = lambda _: act()  # type: ignore[operator]


def test_messages_are_expected_in_the_order_of_the_steps(perform: Perform, person: Person, peer: Peer) -> None:
    def act() -> None:
        peer.call("Heartbeat", {})
        peer.status("Available")

    when_asked(person, act)
    perform("  - note: go\n" + HEARTBEAT_THEN_STATUS)


def test_messages_in_another_order_fail(perform: Perform, person: Person, peer: Peer) -> None:
    def act() -> None:
        peer.status("Available")
        peer.call("Heartbeat", {})

    when_asked(person, act)
    steps = "  - note: go\n" + HEARTBEAT_THEN_STATUS.replace(
        "status: Available}", "status: Available}\n    timeout: 10 ms"
    )
    with pytest.raises(ExpectationError, match=r"^s\.yaml:5:3: expect: expected within 0\.01 s: StatusNotification"):
        perform(steps)


def test_any_order_accepts_both_orders(perform: Perform, person: Person, peer: Peer) -> None:
    def act() -> None:
        peer.status("Available")
        peer.call("Heartbeat", {})

    when_asked(person, act)
    perform("""\
  - note: go
  - any_order:
      - expect: Heartbeat
      - expect: StatusNotification
""")


def test_either_plays_the_alternative_whose_message_comes(perform: Perform, person: Person, peer: Peer) -> None:
    def act() -> None:
        if person.requests == ["go"]:
            peer.status("Faulted")

    when_asked(person, act)
    perform("""\
  - note: go
  - either:
      - - expect: Heartbeat
        - note: it was a heartbeat
      - - expect: StatusNotification
        - note: it was a status
""")
    assert person.requests == ["go", "it was a status"]


def test_an_optional_message_may_be_missing(perform: Perform, person: Person) -> None:
    perform("""\
  - optional:
      - expect: Heartbeat
      - note: it came
    for: 1 ms
  - note: the end
""")
    assert person.requests == ["the end"]


def test_an_optional_message_that_has_come_is_played(perform: Perform, person: Person, peer: Peer) -> None:
    when_asked(person, lambda: person.requests == ["go"] and peer.call("Heartbeat", {}))
    perform("""\
  - note: go
  - optional:
      - expect: Heartbeat
      - note: it came
""")
    assert person.requests == ["go", "it came"]


def test_a_forbidden_message_fails(perform: Perform, person: Person, peer: Peer) -> None:
    when_asked(person, lambda: peer.call("Heartbeat", {}))
    with pytest.raises(ExpectationError, match="forbid: forbidden, but it came: Heartbeat"):
        perform("  - note: go\n  - forbid: [StatusNotification, Heartbeat]\n    for: 1 ms\n")


def test_forbid_during_ends_with_the_last_match_of_its_steps(perform: Perform, person: Person, peer: Peer) -> None:
    def act() -> None:
        peer.call("Heartbeat", {})
        peer.status("Available")

    when_asked(person, act)
    perform("""\
  - note: go
  - forbid: StatusNotification
    during:
      - expect: Heartbeat
  - expect: StatusNotification
""")


def test_forbid_during_finds_a_message_before_the_last_match(perform: Perform, person: Perform, peer: Peer) -> None:
    def act() -> None:
        peer.status("Available")
        peer.call("Heartbeat", {})

    when_asked(person, act)  # type: ignore[arg-type]
    with pytest.raises(ExpectationError, match="forbidden, but it came: StatusNotification"):
        perform("""\
  - note: go
  - forbid: StatusNotification
    during:
      - expect: Heartbeat
""")


@STEPPED
def test_steps_that_take_longer_than_within_fail(perform: Perform) -> None:
    with pytest.raises(ExpectationError, match="the steps took longer than 2 s"):
        perform("  - within: 2 s\n    steps:\n      - wait: 3 s\n")


@STEPPED
def test_within_shortens_the_timeouts_in_it(perform: Perform) -> None:
    with pytest.raises(ExpectationError, match="expected within 2 s: Heartbeat"):
        perform("  - within: 2 s\n    steps:\n      - expect: Heartbeat\n        timeout: 1 h\n")


def test_measure_compares_the_time_between_two_events(perform: Perform, person: Person, peer: Peer) -> None:
    def act() -> None:
        peer.call("Heartbeat", {})
        peer.status("Available")

    when_asked(person, act)
    with pytest.raises(ExpectationError, match="s from one to two, which is less than 1 h"):
        perform("""\
  - note: go
  - expect: Heartbeat
    as: one
  - expect: StatusNotification
    as: two
  - measure: {from: one, to: two}
    at_least: 1 h
""")


def test_a_saved_value_is_used_with_its_type(perform: Perform, person: Person, peer: Peer) -> None:
    def act() -> None:
        peer.status("Available", 7)
        peer.status("Available", 8)

    when_asked(person, act)
    perform("""\
  - note: go
  - expect: StatusNotification
    save: {connector: connectorId}
  - expect: StatusNotification
    with: {connectorId: "${connector + 1}"}
""")


def test_a_place_in_an_array_is_found_by_a_value(perform: Perform, person: Person, peer: Peer) -> None:
    thread = answering(
        peer,
        [3, {"configurationKey": [{"key": key, "readonly": True, "value": f"of {key}"} for key in ("One", "Two")]}],
    )
    perform("""\
  - call: GetConfiguration
    with: {}
    save: {value: configurationKey.key=two.value}
  - note: "${value}"
""")
    thread.join()
    assert person.requests == ["of Two"]


def test_a_place_that_an_array_does_not_have_fails(perform: Perform, peer: Peer) -> None:
    thread = answering(peer, [3, {"configurationKey": []}])
    with pytest.raises(ExpectationError, match=r"there is no configurationKey\.key=Two\.value to save"):
        perform("  - call: GetConfiguration\n    with: {}\n    save: {value: configurationKey.key=Two.value}\n")
    thread.join()


@pytest.mark.parametrize("reference", ["${tag + 5}", "${now + 5}", "${now - 365 d}${now + 999999999 h}"])
def test_an_amount_that_cannot_be_added_names_the_step(perform: Perform, peer: Peer, reference: str) -> None:
    with pytest.raises(AuthorError, match=r"^s\.yaml:3:3: note: .* cannot be added to "):
        perform(f"  - note: '{reference}'\n")


def test_an_argument_of_a_fault_can_be_a_variable(read: Load, csms: Csms, peer: Peer, person: Person) -> None:
    scenario = read("""\
        scenario: a test
        params: {delay: 500}
        steps:
          - fault: latency
            with: {ms: "${delay}"}
            during: [{note: slow}]
        """)
    play(scenario, Stage(csms, csms.timeline, person=person))
    assert "slow" in person.requests


def test_steps_for_a_feature_are_played_if_it_is_declared(perform: Perform, person: Person, peer: Peer) -> None:
    steps = """\
  - if_supported: reservation
    steps: [{note: there}]
    otherwise: [{note: missing}]
"""
    for profiles in ("Core,Reservation", "Core"):
        key = {"key": "SupportedFeatureProfiles", "readonly": True, "value": profiles}
        thread = answering(peer, [3, {"configurationKey": [key]}])
        perform(steps)
        thread.join()
    assert person.requests == ["there", "missing"]


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        ("{$one_of: [Faulted, Available]}", True),
        ("{$one_of: [Faulted]}", False),
        ("{$not: Faulted}", True),
        ("{$not: Available}", False),
        ("{$matches: 'Av.*'}", True),
        ("{$matches: 'Av'}", False),
        ("{$any: true}", True),
        ("{$absent: true}", False),
    ],
)
def test_a_matcher(perform: Perform, person: Person, peer: Peer, matcher: str, matches: bool) -> None:
    when_asked(person, lambda: peer.status("Available"))
    steps = f"""\
  - note: go
  - expect: StatusNotification
    with: {{connectorId: {{$at_least: 1}}, vendorId: {{$absent: true}}, status: {matcher}}}
    timeout: 10 ms
"""
    if matches:
        perform(steps)
    else:
        with pytest.raises(ExpectationError, match="nearest miss: status: expected"):
            perform(steps)


def answering(peer: Peer, answer: list[object]) -> threading.Thread:
    """Answer the next call of the CSMS in a thread; `answer` lacks the id."""

    def serve() -> None:
        _, unique_id, *_ = peer.receive()
        peer.send(orjson.dumps([answer[0], unique_id, *answer[1:]]).decode())

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_the_result_of_a_call_is_compared(perform: Perform, peer: Peer) -> None:
    thread = answering(peer, [3, {"status": "Rejected"}])
    with pytest.raises(ExpectationError, match="the answer to ClearCache: status: expected 'Accepted', got 'Rejected'"):
        perform("  - call: ClearCache\n    result: {status: Accepted}\n")
    thread.join()


def test_an_expected_callerror_passes(perform: Perform, peer: Peer) -> None:
    thread = answering(peer, [4, "NotSupported", "", {}])
    perform("  - call: ClearCache\n    error: [NotImplemented, NotSupported]\n")
    thread.join()


def test_another_callerror_fails(perform: Perform, peer: Peer) -> None:
    thread = answering(peer, [4, "InternalError", "", {}])
    with pytest.raises(CallErrorReceived, match=r"s\.yaml:3:3: call: ClearCache was answered with CALLERROR Int"):
        perform("  - call: ClearCache\n    error: NotSupported\n")
    thread.join()


def test_a_replaced_answer_lasts_for_its_steps(perform: Perform, person: Person, peer: Peer) -> None:
    statuses: list[str] = []
    when_asked(person, lambda: statuses.append(peer.call("Authorize", {"idTag": "T"})["idTagInfo"]["status"]))
    perform("""\
  - answer: Authorize
    with: {idTagInfo: {status: Blocked}}
    during:
      - note: first
  - note: second
""")
    assert statuses == ["Blocked", "Accepted"]


def test_a_no_of_the_person_fails(perform: Perform, person: Person) -> None:
    person.answer = False
    with pytest.raises(ExpectationError, match=r"Is the contactor on \(closed\)\? The answer was no"):
        perform("  - output: contactor\n    is: true\n")


def test_a_feature_that_is_not_declared_is_not_supported(read: object, csms: Csms, peer: Peer, person: Person) -> None:
    scenario = read("scenario: a test\nrequires: [reservation]\nsteps: [plug_in]\n")  # type: ignore[operator]
    answer = [3, {"configurationKey": [{"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core"}]}]
    thread = answering(peer, answer)
    with pytest.raises(NotSupportedError) as lacking:
        play(scenario, Stage(csms, csms.timeline, person=person))
    thread.join()
    assert lacking.value.feature == "reservation"
    assert person.requests == []


def test_the_parameters_of_a_part_are_bound(perform: Perform, person: Person, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text('part: a part\nparams: {what: nothing}\nsteps:\n  - note: "do ${what} now"\n')
    perform("  - include: p.yaml\n  - include: p.yaml\n    with: {what: it}\n")
    assert person.requests == ["do nothing now", "do it now"]


def test_a_check_of_a_transaction_needs_one(perform: Perform) -> None:
    perform("  - transaction: {count: 0}\n")
    with pytest.raises(ExpectationError, match=r"^s\.yaml:3:3: transaction: there is no transaction"):
        perform("  - transaction: {energy_wh: 10}\n")
