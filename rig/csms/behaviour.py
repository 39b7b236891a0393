"""The answers of a normal CSMS (OCPP 1.6 section 4, 2.0.1 part 2)."""

from __future__ import annotations

import itertools
from collections import OrderedDict, UserDict
from collections.abc import Callable, Mapping, MutableMapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, get_type_hints

from rig.csms.answers import RegistrationStatus
from rig.ocpp.messages import AuthorizationStatus
from rig.ocpp.versions import V16, Version
from rig.util.arguments import did_you_mean
from rig.util.checked import Limits, validate_arguments
from rig.util.clock import BenchClock
from rig.util.errors import AuthorError

Payload = Mapping[str, Any]

_FIXED_ANSWERS_2: Mapping[str, Callable[[Payload], dict[str, Any]]] = {
    "DataTransfer": lambda _request: {"status": "UnknownVendorId"},
    "Get15118EVCertificate": lambda _request: {"status": "Failed", "exiResponse": ""},
    "GetCertificateStatus": lambda _request: {"status": "Failed"},
    "NotifyEVChargingNeeds": lambda _request: {"status": "Rejected"},
    "NotifyEVChargingSchedule": lambda _request: {"status": "Accepted"},
    "OpenPeriodicEventStream": lambda _request: {"status": "Rejected"},
    "PullDynamicScheduleUpdate": lambda _request: {"status": "Rejected"},
    "SignCertificate": lambda _request: {"status": "Rejected"},
    "VatNumberValidation": lambda request: {"status": "Rejected", "vatNumber": request["vatNumber"]},
}
"""The answers of OCPP 2.x that depend on the request only. The answers to other requests may be empty."""

_MOST_RUNNING = 256  # running transactions of a charge point; above this the oldest is dropped


class _Tags(UserDict[str, AuthorizationStatus]):
    """Authorization statuses by idTag. Setting a status that no answer may have raises `AuthorError`."""

    def __setitem__(self, id_tag: str, status: AuthorizationStatus) -> None:
        validate_arguments(
            "csms.behaviour.tags",
            {"an idTag": str, "a status": AuthorizationStatus},
            {"an idTag": id_tag, "a status": status},
        )
        super().__setitem__(id_tag, status)


class Behaviour:
    """A normal CSMS: accepts every charge point, assigns transaction ids, authorizes idTags.

    One instance serves all charge points of a CSMS. Its attributes may be changed at any time. Setting an attribute
    that does not exist, or a value that no answer may have, raises `AuthorError`.

    Args:
        clock: the bench's clock, the source of `currentTime`. Device and CSMS agree in stepped time too.
        heartbeat_interval_s: the `interval` of BootNotification.conf, in seconds.
        strict: the initial value of the attribute `strict`.

    Attributes:
        registration: the `status` of BootNotification.conf.
        clock_offset_s: how far the CSMS clock is ahead of the bench's clock, in seconds.
        tags: the authorization status by idTag; idTags are compared case-insensitively.
        unlisted_tag: the authorization status of any other idTag.
        strict: whether deviations that real CSMSs tolerate (`rig.csms.deviations`) count as violations.
    """

    registration: RegistrationStatus
    heartbeat_interval_s: Annotated[int, Limits(least=0)]
    clock_offset_s: Annotated[float, Limits(least=-1e12, most=1e12)]
    tags: MutableMapping[str, AuthorizationStatus]
    unlisted_tag: AuthorizationStatus
    strict: bool

    def __init__(self, clock: BenchClock, heartbeat_interval_s: int = 300, *, strict: bool = True) -> None:
        self._clock = clock
        self._strict_at_start = strict
        self._running: dict[str, OrderedDict[tuple[Any, ...], int]] = {}  # by charge point and content of the start
        self._numbers = itertools.count(1)
        self._heartbeat_at_start = heartbeat_interval_s
        self._answers: dict[str, Callable[[str, Payload], dict[str, Any]]] = {
            "Authorize": self._authorize,
            "BootNotification": self._boot,
            "DataTransfer": lambda _point, _request: {"status": "UnknownVendorId"},
            "Heartbeat": lambda _point, _request: {"currentTime": self.current_time()},
            "SignCertificate": lambda _point, _request: {"status": "Rejected"},
            "StartTransaction": self._start,
            "StopTransaction": self._stop,
        }
        self._answers_2: dict[str, Callable[[Payload], dict[str, Any]]] = {
            "Authorize": self._id_token_info,
            "BootNotification": lambda request: self._boot("", request),
            "GetCertificateChainStatus": self._certificate_chain_status,
            "Heartbeat": lambda _request: {"currentTime": self.current_time()},
            "TransactionEvent": self._id_token_info,
            **_FIXED_ANSWERS_2,
        }
        self.reset()

    def __setattr__(self, name: str, value: object) -> None:
        hints = _hints()
        if not name.startswith("_") and name not in hints:
            meant = did_you_mean(name, hints)
            nearest = f"Did you mean {meant!r}? " if meant else ""
            raise AuthorError(f"csms.behaviour has no {name!r}. {nearest}It has: {', '.join(hints)}")
        if name == "tags" and isinstance(value, Mapping):
            value = _Tags(value)
        validate_arguments("csms.behaviour", hints, {name: value})
        super().__setattr__(name, value)

    def reset(self) -> None:
        """Restore the normal answers. Transaction ids continue and are never assigned twice."""
        self.registration = "Accepted"
        self.heartbeat_interval_s = self._heartbeat_at_start
        self.clock_offset_s = 0.0
        self.tags = {}
        self.unlisted_tag = "Accepted"
        self.strict = self._strict_at_start

    def answer(self, charge_point: str, action: str, request: Payload, version: Version = V16) -> dict[str, Any]:
        """Return the payload that answers a valid request of a charge point."""
        if not version.is_16:
            answer_2 = self._answers_2.get(action)
            return answer_2(request) if answer_2 else {}
        answer = self._answers.get(action)
        return answer(charge_point, request) if answer else {}

    def stopped(self, charge_point: str, transaction_id: int) -> None:
        """Drop a transaction that has ended. The next start with the same content begins another transaction."""
        running = self._running.get(charge_point, OrderedDict())
        for key in [key for key, number in running.items() if number == transaction_id]:
            del running[key]

    def forget(self, charge_point: str) -> None:
        """Drop the transactions of a charge point."""
        self._running.pop(charge_point, None)

    def current_time(self) -> str:
        """Return the time of the CSMS: UTC, to the millisecond, RFC 3339."""
        now = self._clock.utc()
        if self.clock_offset_s:
            now += timedelta(seconds=self.clock_offset_s)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def tag_status(self, id_tag: str) -> AuthorizationStatus:
        """Return the authorization status of an idTag."""
        wanted = id_tag.casefold()
        return next((status for tag, status in self.tags.items() if tag.casefold() == wanted), self.unlisted_tag)

    def _boot(self, _point: str, _request: Payload) -> dict[str, Any]:
        return {
            "status": self.registration,
            "currentTime": self.current_time(),
            "interval": self.heartbeat_interval_s,
        }

    def _authorize(self, _point: str, request: Payload) -> dict[str, Any]:
        return {"idTagInfo": {"status": self.tag_status(request["idTag"])}}

    def _start(self, point: str, request: Payload) -> dict[str, Any]:
        # A charge point that missed the answer resends its start, and gets the same transaction until the transaction
        # stops.
        key = (request["connectorId"], request["idTag"], request["meterStart"], request["timestamp"])
        running = self._running.setdefault(point, OrderedDict())
        transaction = running.get(key)
        if transaction is None:
            transaction = running[key] = next(self._numbers)
            if len(running) > _MOST_RUNNING:
                running.popitem(last=False)
        return {"transactionId": transaction, "idTagInfo": {"status": self.tag_status(request["idTag"])}}

    def _stop(self, _point: str, request: Payload) -> dict[str, Any]:
        if "idTag" not in request:
            return {}
        return {"idTagInfo": {"status": self.tag_status(request["idTag"])}}

    def _id_token_info(self, request: Payload) -> dict[str, Any]:
        """Answer with the status of an IdToken, which is compared case-insensitively too (OCPP 2.0.1 part 2)."""
        if "idToken" not in request:
            return {}
        return {"idTokenInfo": {"status": self.tag_status(request["idToken"]["idToken"])}}

    def _certificate_chain_status(self, request: Payload) -> dict[str, Any]:
        """Answer that the status of each certificate is unknown (OCPP 2.1 part 2)."""
        unknown = {"status": "Failed", "nextUpdate": self.current_time()}
        return {
            "certificateStatus": [
                {"certificateHashData": each["certificateHashData"], "source": each["source"], **unknown}
                for each in request["certificateStatusRequests"]
            ]
        }


@cache
def _hints() -> Mapping[str, Any]:
    return get_type_hints(Behaviour, include_extras=True)
