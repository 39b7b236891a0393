"""The setup access point leads a phone to the device's page (RFC 8952)."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator

import pytest

from rig.bench import Bench
from rig.device import Device
from rig.firmware.filesystem import make_filesystem
from rig.timeline.events import LogLine
from tests.hil.real_time.page_client import PageClient

pytestmark = pytest.mark.needs("page", "commands", "access_point")

ADDRESS = bytes([192, 168, 4, 1])
PROBES = [
    ("connectivitycheck.gstatic.com", "/generate_204"),
    ("captive.apple.com", "/hotspot-detect.html"),
    ("www.msftconnecttest.com", "/connecttest.txt"),
]
"""Host and path by which Android, iOS and Windows look for the Internet."""


def query(name: str, kind: int = 1) -> bytes:
    """Return a DNS query of a type (RFC 1035, section 4.1); 1 is A."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", 0x1234, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)


def ask(bench: Bench, packet: bytes) -> bytes:
    """Send a query to the device's DNS server, and return the answer."""
    assert bench.wiring.dns_address is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(20)
        phone.sendto(packet, bench.wiring.dns_address)
        return phone.recv(512)


@pytest.fixture
def access_point(device: Device, bench: Bench) -> Iterator[None]:
    """Open the setup access point: a device without the name of a network opens it at once."""
    since = bench.mark()
    manifest = device.firmware.manifest
    storage = manifest.storage()
    settings = json.dumps({"setup_psk": "label-1234"}).encode()
    image = make_filesystem({"config.json": settings}, storage.size)
    bench.flasher.flash_filesystem(image, storage.offset, manifest.chip)
    device.wait_ready(since)
    bench.timeline.expect(
        LogLine, lambda line: "is open" in line.text, since=since, timeout=20, what="the access point"
    )
    yield
    device.configure()


@pytest.mark.usefixtures("access_point")
def test_every_name_has_the_address_of_the_access_point(bench: Bench) -> None:
    """An A query gets the address; for other types the name has no record."""
    for name, _ in PROBES:
        answer = ask(bench, query(name))
        assert answer[:2] == b"\x12\x34"
        assert answer[2] & 0x80
        assert answer[3] & 0x0F == 0
        assert answer.endswith(ADDRESS)
    assert struct.unpack(">2H", ask(bench, query("captive.apple.com", kind=28))[4:8]) == (1, 0)


@pytest.mark.usefixtures("access_point")
def test_a_probe_of_a_phone_is_redirected_to_the_page(bench: Bench) -> None:
    """A request for another host gets the address of the page, and the page itself is served."""
    phone = PageClient(bench.page_url)
    for host, path in PROBES:
        status, headers, _ = phone.send("GET", path, headers={"Host": host})
        assert (status, headers["Location"]) == (302, "http://192.168.4.1/")
    assert phone.send("GET", "/")[0] == 200
    assert phone.send("GET", "/generate_204")[0] == 404


def test_without_the_access_point_nothing_is_redirected(device: Device, bench: Bench) -> None:
    """In another network the device has names of its own, and answers no query."""
    assert device.status()["network"]["setup_access_point"] is False
    assert PageClient(bench.page_url).send("GET", "/", headers={"Host": "charger.lan"})[0] == 200
    assert bench.wiring.dns_address is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.sendto(query("charger.lan"), bench.wiring.dns_address)
        # The device has handled everything before it answers on the console.
        device.status()
        phone.setblocking(False)
        with pytest.raises(BlockingIOError):
            phone.recv(512)
