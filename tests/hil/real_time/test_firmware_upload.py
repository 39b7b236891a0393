"""The device takes a firmware by its page: a good image is booted on trial, a bad one rejected."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsGone, TornWrite
from rig.firmware.partitions import from_binary
from rig.instruments.console import Console
from rig.instruments.outputs import Outputs
from rig.instruments.power import Power
from rig.timeline.events import LogLine
from tests.hil.real_time.page_client import PASSWORD, PageClient, new_password

pytestmark = [pytest.mark.needs("page", "commands", "ocpp"), pytest.mark.slow]

SECTOR = 4096
VALID, ABORTED = 2, 4
"""States of an image (ESP-IDF, `esp_ota_img_states_t`)."""
FIRST = {1: VALID}
"""The entries of otadata after the first boot: the boot loader adds one for `ota_0`."""
UPLOAD_S = 60


@pytest.fixture
def image(device: Device) -> bytes:
    """The application image of the device: an update with the same program."""
    contents = dict(device.firmware.manifest.contents())
    return contents[device.firmware.manifest.partition_table()["ota_0"].offset]


@pytest.fixture
def client(device: Device, bench: Bench, console: Console) -> Iterator[PageClient]:
    """A client that is logged in; afterwards the device has its first image again."""
    found = PageClient(bench.page_url)
    new_password(found, bench, console)
    yield found
    device.renew()


def upload(client: PageClient, image: bytes) -> tuple[int, dict[str, str]]:
    """Send an image, and return status and body of the answer."""
    connection = http.client.HTTPConnection(*client.address, timeout=UPLOAD_S)
    headers = {
        "Cookie": f"session={client.cookie}",
        "X-CSRF-Token": client.csrf,
        "Content-Type": "application/octet-stream",
    }
    try:
        connection.request("POST", "/api/firmware", image, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def choices(bench: Bench) -> dict[int, int]:
    """Return the entries of otadata: the state by the sequence number (ESP-IDF, "Over The Air Updates")."""
    assert bench.wiring.flash_file is not None
    flash = bench.wiring.flash_file.read_bytes()
    otadata = from_binary(flash[0x8000:0x8C00])["otadata"]
    entries = [struct.unpack_from("<I20sI", flash, otadata.offset + n * SECTOR) for n in range(2)]
    return {sequence: state for sequence, _, state in entries if sequence != 0xFFFFFFFF}


def test_an_image_is_booted_and_kept_once_the_csms_has_accepted_it(
    client: PageClient, image: bytes, device: Device, bench: Bench, power: Power
) -> None:
    """The device restarts with the image in the other slot, confirms it, and keeps it over a power cycle."""
    mark = bench.mark()
    with device.expecting_reboot():
        assert upload(client, image) == (202, {"restart": "now"})
    bench.timeline.expect(LogLine, lambda line: "the update is confirmed" in line.text, since=mark, timeout=20)
    device.wait_accepted()
    assert choices(bench) == {1: VALID, 2: VALID}
    with device.expecting_reboot():
        power.cycle()
    device.wait_accepted()
    assert choices(bench) == {1: VALID, 2: VALID}


def test_an_image_that_no_csms_accepts_gets_one_boot(
    client: PageClient, image: bytes, device: Device, bench: Bench, power: Power
) -> None:
    """A power cut before the acceptance returns to the previous image; until then no update is taken."""
    with bench.inject(CsmsGone()):
        with device.expecting_reboot():
            assert upload(client, image)[0] == 202
        assert client.log_in(PASSWORD)[0] == 200
        assert upload(client, image) == (
            409,
            {"error": "on_trial", "message": "the running image is on trial; wait until a CSMS has accepted it"},
        )
        with device.expecting_reboot():
            power.cycle()
    device.wait_accepted()
    assert choices(bench) == {1: VALID, 2: ABORTED}


@pytest.mark.parametrize(
    ("spoil", "status", "error"),
    [
        (lambda image: b"no image" + image, 422, "no_image"),
        (lambda image: image[:12] + bytes([image[12] ^ 1]) + image[13:], 422, "other_chip"),
        (lambda image: image[:-5000] + b"\x00" + image[-4999:], 422, "damaged"),
        (lambda image: image[:-1], 422, "damaged"),
        (lambda image: image + bytes(2 << 20), 413, "too_large"),
    ],
    ids=["text", "chip", "byte", "cut", "size"],
)
def test_a_bad_image_is_rejected_with_its_reason(
    client: PageClient,
    image: bytes,
    device: Device,
    bench: Bench,
    spoil: Callable[[bytes], bytes],
    status: int,
    error: str,
) -> None:
    """The device goes on with its image, and a good one is taken afterwards."""
    answered, answer = upload(client, spoil(image))
    assert (answered, answer["error"]) == (status, error)
    assert choices(bench) == FIRST
    assert device.status()["accepted"] is True


def test_a_lost_connection_leaves_the_image(
    client: PageClient, image: bytes, device: Device, bench: Bench, power: Power
) -> None:
    """A browser that leaves in the middle ends the attempt. Meanwhile a second image is rejected."""
    mark = bench.mark()
    head = (
        f"POST /api/firmware HTTP/1.1\r\nHost: h\r\nCookie: session={client.cookie}\r\nX-CSRF-Token: {client.csrf}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(image)}\r\n\r\n"
    )
    with socket.create_connection(client.address, timeout=UPLOAD_S) as leaving:
        leaving.sendall(head.encode() + image[: len(image) // 4])
        bench.timeline.expect(LogLine, lambda line: "is being written" in line.text, since=mark, timeout=20)
        assert upload(client, image)[1]["error"] == "busy"
    bench.timeline.expect(LogLine, lambda line: "the image ended after" in line.text, since=mark, timeout=20)
    with device.expecting_reboot():
        power.cycle()
    assert choices(bench) == FIRST


@pytest.mark.needs("test_hooks")
@pytest.mark.parametrize("effect", ["none", "half", "random"])
def test_a_power_cut_in_the_middle_leaves_the_image(
    client: PageClient, image: bytes, device: Device, bench: Bench, effect: str
) -> None:
    """The boot after the cut is of the image that ran before. Each operation is cut in test_posix."""
    with (
        device.expecting_reboot(),
        bench.inject(TornWrite(operation=500, effect=effect, seed=1)),
        pytest.raises((OSError, http.client.HTTPException)),
    ):
        upload(client, image)
    device.wait_accepted()
    assert choices(bench) == FIRST


def test_the_restart_waits_for_the_end_of_a_charge(
    client: PageClient, image: bytes, device: Device, csms: Csms, driver: EvDriver, outputs: Outputs, bench: Bench
) -> None:
    """A charge goes on during the upload and after it, and the CSMS is answered all the time."""
    driver.start_charge(csms)
    assert upload(client, image) == (202, {"restart": "after_charge"})
    assert outputs["contactor"].level
    assert csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == {"status": "Accepted"}
    assert choices(bench) == FIRST | {2: 0}
    with device.expecting_reboot():
        driver.unplug()
    device.wait_status(queue=0, accepted=True)
    (transaction,) = csms.transactions
    transaction.check()
