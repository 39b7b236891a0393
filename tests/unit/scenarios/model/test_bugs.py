"""A charge point with a bug in a feature that our firmware lacks fails the scenario of that feature."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509

from rig.util.errors import ExpectationError
from tests.unit.scenarios.model import Model
from tests.unit.scenarios.model.conftest import PlayCase
from tests.unit.scenarios.model.firmware import Report, Verify
from tests.unit.scenarios.model.local_list import ModelWithList
from tests.unit.scenarios.model.reservation import KEY
from tests.unit.scenarios.model.security_ext import MANUFACTURER, hash_data
from tests.unit.scenarios.model.session import Payload
from tests.unit.scenarios.model.test_cases import CASES, OTHERS

BUGS: list[tuple[type[Model], str, str]] = []
"""Models with a bug, each with a case that finds it and a part of its message."""


def found_by(case: str, message: str) -> Callable[[type[Model]], type[Model]]:
    """Register a model with a bug, the case that finds it, and the message that the case fails with."""

    def register(kind: type[Model]) -> type[Model]:
        BUGS.append((kind, case, message))
        return kind

    return register


# -- firmware and diagnostics ------------------------------------------------------------------------------------------


@found_by("TC_044_1_CS", "expected within 60 s: FirmwareStatusNotification of CP-1 with status='Installing'")
class ReportsInstalledInPlaceOfInstalling(Model):
    async def _report(self, status: str) -> None:
        await super()._report(status.replace("Installing", "Installed"))


@found_by("TC_044_1_CS", "expected within 300 s: FirmwareStatusNotification of CP-1 with status='Downloaded'")
class ReportsDownloadedBeforeDownloading(Model):
    async def update(self, location: str, report: Report, verify: Verify | None = None) -> None:
        swapped = {"Downloading": "Downloaded", "Downloaded": "Downloading"}
        await super().update(location, lambda status: report(swapped.get(status, status)), verify)


@found_by("TC_044_1_CS", "missing: BootNotification of CP-1")
class InstallsWithoutReboot(Model):
    async def restart(self) -> None:
        pass


@found_by("TC_044_2_CS", "FirmwareStatusNotification of CP-1 with status='DownloadFailed'")
class IsSilentAfterAFailedDownload(Model):
    async def _report(self, status: str) -> None:
        if status != "DownloadFailed":
            await super()._report(status)


@found_by("TC_044_3_CS", "FirmwareStatusNotification of CP-1 with status='InstallationFailed'")
class InstallsAnyFile(Model):
    def is_installable(self, _: bytes) -> bool:
        return True


@found_by("TC_045_1_CS", "DiagnosticsStatusNotification of CP-1 with status='Uploaded'")
class NeverReportsUploaded(Model):
    async def _report_upload(self, status: str) -> None:
        if status != "Uploaded":
            await super()._report_upload(status)


@found_by("TC_045_1_CS", "uploaded: expected within 60 s")
@found_by("TC_079_CS", "uploaded: expected within 60 s")
class ReportsUploadsAndSendsNothing(Model):
    async def upload(self, _: str, report: Report) -> None:
        await report("Uploading")
        await report("Uploaded")


@found_by("TC_045_2_CS", "DiagnosticsStatusNotification of CP-1 with status='UploadFailed'")
class ReportsEveryUploadAsUploaded(Model):
    async def _report_upload(self, status: str) -> None:
        await super()._report_upload(status.replace("UploadFailed", "Uploaded"))


@found_by("TC_054_CS", "the answer to TriggerMessage: status: expected 'NotImplemented', got 'Accepted'")
class TriggersMessagesOfAProfileThatItLacks(Model):
    profiles = ("Core", "RemoteTrigger")


@found_by("TC_054_CS", "expected within 10 s: DiagnosticsStatusNotification of CP-1 with status='Idle'")
class AcceptsATriggerAndSendsNothing(Model):
    def on_trigger_message(self, request: Payload) -> Payload:
        if request["requestedMessage"] == "DiagnosticsStatusNotification":
            return {"status": "Accepted"}
        return super().on_trigger_message(request)


# -- no local authorization list ---------------------------------------------------------------------------------------


@found_by("TC_042_1_CS", "the answer to GetLocalListVersion: listVersion: expected -1, got 5")
class ReportsTheVersionOfADisabledList(ModelWithList):
    def on_get_local_list_version(self, _: Payload) -> Payload:
        return {"listVersion": self.list_version}


@found_by("TC_043_1_CS", "the answer to GetLocalListVersion: listVersion: expected 0, got 1")
class StoresADisabledList(ModelWithList):
    def on_send_local_list(self, request: Payload) -> Payload:
        self.store(request)
        return super().on_send_local_list(request)


# -- reservations ------------------------------------------------------------------------------------------------------


@found_by("TC_047_CS", "expected within 310 s: StatusNotification of CP-1 with connectorId=1, status='Available'")
class KeepsAReservationForever(Model):
    async def _expire(self, reservation: Payload, left: float) -> None:
        pass


@found_by("TC_047_CS", "s from reserved to freed, which is less than 299 s")
class EndsAReservationTooEarly(Model):
    async def _expire(self, reservation: Payload, left: float) -> None:
        await super()._expire(reservation, left / 2)


@found_by("TC_046_1_CS", "the answer to RemoteStartTransaction: status: expected 'Rejected', got 'Accepted'")
class LetsAnyoneUseAReservation(Model):
    def may_start(self, *_: object) -> bool:
        return True


@found_by("TC_046_2_CS", "StartTransaction of CP-1 with connectorId=1, idTag='REMOTE-TAG', reservationId=4600")
class StartsWithoutTheReservation(Model):
    def start_details(self) -> Payload:
        return {}


@found_by("TC_053_CS", "StartTransaction of CP-1 with connectorId=1, idTag='TAG', reservationId=5300")
class IgnoresTheGroup(Model):
    def may_start(self, id_tag: str, _: str | None = None) -> bool:
        return super().may_start(id_tag)


@found_by("TC_048_2_CS", "the answer to ReserveNow: status: expected 'Occupied', got 'Accepted'")
class ReservesAConnectorInUse(Model):
    def on_reserve_now(self, request: Payload) -> Payload:
        return {"status": "Accepted"} if self.transaction is not None else super().on_reserve_now(request)


@found_by("TC_048_1_CS", "the answer to ReserveNow: status: expected 'Faulted', got 'Occupied'")
@found_by("TC_050_1_CS", "the answer to ReserveNow: status: expected 'Faulted', got 'Occupied'")
@found_by("TC_048_3_CS", "the answer to ReserveNow: status: expected 'Unavailable', got 'Occupied'")
@found_by("TC_050_3_CS", "the answer to ReserveNow: status: expected 'Unavailable', got 'Occupied'")
class AnswersAlwaysOccupied(Model):
    def on_reserve_now(self, request: Payload) -> Payload:
        answer = super().on_reserve_now(request)
        return {"status": "Occupied"} if answer["status"] != "Accepted" else answer


@found_by("TC_048_4_CS", "the answer to ReserveNow: status: expected 'Rejected', got 'Accepted'")
class ReservesUntilATimeThatHasPassed(Model):
    def on_reserve_now(self, _: Payload) -> Payload:
        return {"status": "Accepted"}


@found_by("TC_049_CS", "the answer to ReserveNow: status: expected 'Accepted', got 'Rejected'")
@found_by("TC_050_2_CS", "the answer to ReserveNow: status: expected 'Occupied', got 'Rejected'")
class RejectsConnector0(Model):
    def on_reserve_now(self, request: Payload) -> Payload:
        return {"status": "Rejected"} if request["connectorId"] == 0 else super().on_reserve_now(request)


@found_by("TC_050_4_CS", "the answer to ReserveNow: status: expected 'Rejected', got 'Accepted'")
class ReservesConnector0WithoutDeclaringIt(Model):
    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        del self.keys[KEY]

    def on_reserve_now(self, request: Payload) -> Payload:
        return super().on_reserve_now({**request, "connectorId": 1})


@found_by("TC_051_CS", "StatusNotification of CP-1 with connectorId=1, status='Available'")
class StaysReservedAfterTheCancellation(Model):
    def release(self) -> None:
        pass


@found_by("TC_052_CS", "the answer to CancelReservation: status: expected 'Accepted', got 'Rejected'")
class LosesTheReservationOnAWrongCancellation(Model):
    def on_cancel_reservation(self, request: Payload) -> Payload:
        answer = super().on_cancel_reservation(request)
        self.reservation = None
        return answer


# -- smart charging ----------------------------------------------------------------------------------------------------


@found_by("TC_057_CS", "the answer to ClearChargingProfile: status: expected 'Unknown', got 'Accepted'")
class KeepsTheProfileOfAnEndedTransaction(Model):
    def transaction_ended(self) -> None:
        pass


@found_by("TC_058_1_CS", "the answer to SetChargingProfile: status: expected 'Rejected', got 'Accepted'")
@found_by("TC_058_2_CS", "the answer to SetChargingProfile: status: expected 'Rejected', got 'Accepted'")
class AcceptsAProfileForAnotherTransaction(Model):
    def on_set_charging_profile(self, request: Payload) -> Payload:
        self.install(request["csChargingProfiles"])
        return {"status": "Accepted"}


@found_by("TC_059_CS", "the answer to GetCompositeSchedule: chargingSchedule.chargingSchedulePeriod")
@found_by("TC_060_CS", "the answer to RemoteStartTransaction: status: expected 'Rejected', got 'Accepted'")
class IgnoresTheProfileOfARemoteStart(Model):
    def on_remote_start_transaction(self, request: Payload) -> Payload:
        return super().on_remote_start_transaction({"idTag": request["idTag"]})


@found_by("TC_067_CS", "the answer to ClearChargingProfile: status: expected 'Unknown', got 'Accepted'")
class ClearsProfilesThatItLacks(Model):
    def on_clear_charging_profile(self, request: Payload) -> Payload:
        super().on_clear_charging_profile(request)
        return {"status": "Accepted"}


@found_by("TC_082_CS", "the answer to GetCompositeSchedule: chargingSchedule.chargingSchedulePeriod")
class IgnoresADefaultProfileDuringATransaction(Model):
    def install(self, profile: Payload) -> None:
        if self.transaction is None:
            super().install(profile)


@found_by("TC_072_CS", "the answer to GetCompositeSchedule: chargingSchedule.chargingSchedulePeriod")
class IgnoresTheStackLevel(Model):
    def rank(self, profile: Payload) -> tuple[bool, int]:
        return profile["chargingProfilePurpose"] == "TxProfile", -profile["stackLevel"]


@found_by("TC_066_CS", "the answer to GetCompositeSchedule: chargingSchedule.chargingSchedulePeriod")
class PrefersTheDefaultProfile(Model):
    def rank(self, profile: Payload) -> tuple[bool, int]:
        return profile["chargingProfilePurpose"] != "TxProfile", profile["stackLevel"]


@found_by("TC_056_CS", "the answer to GetCompositeSchedule: chargingSchedule.chargingRateUnit: expected 'A', got 'W'")
class AnswersInAnotherUnit(Model):
    def on_get_composite_schedule(self, request: Payload) -> Payload:
        answer = super().on_get_composite_schedule(request)
        answer["chargingSchedule"]["chargingRateUnit"] = "W"
        return answer


# -- certificates, logs and signed updates -----------------------------------------------------------------------------


@found_by("TC_075_1_CS", "the answer to GetInstalledCertificateIds: certificateHashData")
@found_by("TC_075_2_CS", "the answer to GetInstalledCertificateIds: status: expected 'Accepted', got 'NotFound'")
class AcceptsARootAndForgetsIt(Model):
    def on_install_certificate(self, request: Payload) -> Payload:
        assert request["certificate"]
        return {"status": "Accepted"}


@found_by("TC_076_CS", "the answer to DeleteCertificate: status: expected 'NotFound', got 'Accepted'")
class DeletesNothing(Model):
    def on_delete_certificate(self, _: Payload) -> Payload:
        return {"status": "Accepted"}


@found_by("TC_076_CS", "the answer to DeleteCertificate: status: expected 'NotFound', got 'Accepted'")
class DeletesAnotherRoot(Model):
    def on_delete_certificate(self, request: Payload) -> Payload:
        first = hash_data(self.roots[MANUFACTURER][0])
        return super().on_delete_certificate({**request, "certificateHashData": first})


@found_by("TC_077_CS", "the answer to CertificateSigned: status: expected 'Rejected', got 'Accepted'")
class AcceptsACertificateOfAForeignRoot(Model):
    def on_certificate_signed(self, request: Payload) -> Payload:
        return {"status": "Accepted" if request["certificateChain"] else "Rejected"}


@found_by("TC_077_CS", "SecurityEventNotification of CP-1 with type='InvalidChargePointCertificate'")
@found_by("TC_078_CS", "SecurityEventNotification of CP-1 with type='InvalidCentralSystemCertificate'")
@found_by("TC_081_CS", "missing: SecurityEventNotification of CP-1 with type='InvalidFirmwareSignature'")
class ReportsNoSecurityEvent(Model):
    def _report_event(self, kind: str) -> None:
        pass


@found_by("TC_074_CS", "connected: expected within 60 s")
class KeepsTheFormerCertificate(Model):
    def use_certificate(self, chain: str) -> None:
        pass


@found_by("TC_079_CS", "LogStatusNotification of CP-1 with status='Uploaded', requestId=7900")
class NeverReportsTheUploadOfALog(Model):
    async def upload(self, _: str, report: Report) -> None:
        await report("Uploading")


@found_by("TC_079_CS", "LogStatusNotification of CP-1 with status='Uploading', requestId=7900")
class ReportsALogUnderAnotherRequest(Model):
    def on_get_log(self, request: Payload) -> Payload:
        return super().on_get_log({**request, "requestId": request["requestId"] + 1})


@found_by("TC_080_CS", "SignedFirmwareStatusNotification of CP-1 with status='SignatureVerified', requestId=8000")
class ReportsNoVerification(Model):
    async def update(self, location: str, report: Report, _: Verify | None = None) -> None:
        await super().update(location, report)


@found_by("TC_081_CS", "SignedFirmwareStatusNotification of CP-1 with status='InvalidSignature', requestId=8100")
class AcceptsAnySignature(Model):
    def is_signed(self, _: bytes, __: x509.Certificate, ___: bytes) -> bool:
        return True


def test_each_case_finds_a_bug() -> None:
    assert {case for _, case, _ in BUGS} >= {*CASES, *OTHERS}


@pytest.mark.parametrize(("kind", "case", "message"), BUGS, ids=[f"{case}-{kind.__name__}" for kind, case, _ in BUGS])
def test_a_case_fails_with_a_bug(play_case: PlayCase, kind: type[Model], case: str, message: str) -> None:
    with pytest.raises(ExpectationError) as failed:
        play_case(case, kind)
    assert message in str(failed.value)
