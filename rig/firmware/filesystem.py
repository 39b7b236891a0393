"""The storage partition's LittleFS image: provisioning a device, and looking into what it has stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from littlefs import LittleFS, LittleFSError

from rig.firmware.partitions import Partition
from rig.util.errors import BenchError

CONFIG_FILE = "config.json"

BLOCK_SIZE = 4096
# The firmware's storage feature has the same, see docs/design.md section 5.
_GEOMETRY: Mapping[str, Any] = {
    "block_size": BLOCK_SIZE,
    "read_size": 16,
    "prog_size": 16,
    "cache_size": 256,
    "lookahead_size": 16,
}

OPTIONAL_KEYS = (
    "local_id_tag",
    "backoff_initial_ms",
    "backoff_max_ms",
    "backoff_stable_s",
    "log_level",
    "availability",
    "lock_timeout_ms",
    "nominal_voltage_v",
    "power_fail_action",
    "power_resume_limit_s",
    "allow_offline_tx_for_unknown_id",
    "authorization_cache_enabled",
    "authorize_remote_tx_requests",
    "clock_aligned_data_interval_s",
    "connection_timeout_s",
    "connector_phase_rotation",
    "heartbeat_interval_s",
    "local_authorize_offline",
    "local_pre_authorize",
    "max_energy_on_invalid_id_wh",
    "meter_values_aligned_data",
    "meter_values_sampled_data",
    "meter_value_sample_interval_s",
    "minimum_status_duration_s",
    "reset_retries",
    "stop_transaction_on_ev_side_disconnect",
    "stop_transaction_on_invalid_id",
    "stop_txn_aligned_data",
    "stop_txn_sampled_data",
    "transaction_message_attempts",
    "transaction_message_retry_interval_s",
    "unlock_connector_on_ev_side_disconnect",
    "ws_ping_interval_s",
)


def provision(
    csms_url: str, identity: str, wifi_ssid: str, wifi_psk: str, *, partition: Partition, **more: str | int
) -> bytes:
    """A file system with nothing but the device's configuration: what a fresh device boots on.

    Args:
        csms_url: where the charge point connects to, without its identity: `ws://HOST:PORT/PATH`.
        identity: the charge point's identity, the last segment of the URL (OCPP-J 1.6 section 3.1.1).
        wifi_ssid: the network's name.
        wifi_psk: its passphrase.
        partition: the storage partition, whose size the image has.
        more: further keys of docs/design.md section 6; those left out keep the device's defaults.

    Raises:
        BenchError: an unknown key.
    """
    values = configuration(csms_url, identity, wifi_ssid, wifi_psk, **more)
    return make_filesystem({CONFIG_FILE: json.dumps(values, separators=(",", ":")).encode()}, partition.size)


def reconfigure(image: bytes, values: Mapping[str, str | int]) -> bytes:
    """A device's file system with some settings changed; all others, and what else it has stored, stay.

    Raises:
        BenchError: there is no sound file system in `image`.
    """
    try:
        kept = json.loads(read_filesystem(image)[CONFIG_FILE])
    except (KeyError, ValueError):
        kept = {}
    return update_filesystem(image, {CONFIG_FILE: json.dumps(kept | values, separators=(",", ":")).encode()})


def configuration(
    csms_url: str, identity: str, wifi_ssid: str, wifi_psk: str, **more: str | int
) -> dict[str, str | int]:
    """The content of the device's configuration file. Arguments and errors are those of `provision`."""
    unknown = sorted(set(more) - set(OPTIONAL_KEYS))
    if unknown:
        raise BenchError(f"the device has no setting {', '.join(unknown)}", f"It has: {', '.join(OPTIONAL_KEYS)}")
    return {"csms_url": csms_url, "identity": identity, "wifi_ssid": wifi_ssid, "wifi_psk": wifi_psk, **more}


def make_filesystem(files: Mapping[str, bytes], size: int) -> bytes:
    """A LittleFS image of `size` bytes that holds `files`, each a name of the root directory and its content.

    Raises:
        BenchError: they do not fit.
    """
    filesystem = LittleFS(block_count=size // BLOCK_SIZE, mount=False, **_GEOMETRY)
    filesystem.format()
    return update_filesystem(bytes(filesystem.context.buffer), files)


def update_filesystem(image: bytes, files: Mapping[str, bytes]) -> bytes:
    """A LittleFS image with `files` written or replaced; what else stands in it stays.

    Raises:
        BenchError: there is no sound file system in it, or they do not fit.
    """
    filesystem = _mounted(image)
    try:
        for name, content in files.items():
            with filesystem.open(name, "wb") as file:
                file.write(content)
    except LittleFSError as problem:
        raise BenchError(
            f"the files do not fit into {len(image)} bytes of LittleFS: {problem}", "Leave some out"
        ) from None
    filesystem.unmount()
    return bytes(filesystem.context.buffer)


def read_filesystem(image: bytes) -> dict[str, bytes]:
    """Every file of an image, by its path, as the device has left it.

    Raises:
        BenchError: there is no sound file system in it.
    """
    filesystem = _mounted(image)
    return {
        f"{folder}/{name}".lstrip("/"): _content(filesystem, f"{folder}/{name}")
        for folder, _, names in filesystem.walk("/")
        for name in names
    }


def _mounted(image: bytes) -> LittleFS:
    filesystem = LittleFS(block_count=len(image) // BLOCK_SIZE, mount=False, **_GEOMETRY)
    filesystem.context.buffer[:] = image
    try:
        filesystem.mount()
    except LittleFSError as problem:
        raise BenchError(
            f"no LittleFS file system can be read: {problem}", "Flash one, or look at the device's log for what tore it"
        ) from None
    return filesystem


def _content(filesystem: LittleFS, path: str) -> bytes:
    with filesystem.open(path, "rb") as file:
        content: bytes = file.read()
        return content
