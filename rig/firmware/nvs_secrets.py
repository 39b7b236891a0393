"""The partition `secrets` of this project's firmware on a chip: NVS, as ESP-IDF has it."""

from __future__ import annotations

import io
from collections.abc import Mapping

from esp_idf_nvs_partition_gen import nvs_partition_gen

from rig.firmware.secrets import check_blobs

_NAMESPACE = "plugbench"
_PAGE = 4096
_VERSION = nvs_partition_gen.Page.VERSION2
"""The format's version: blobs may be longer than a page (ESP-IDF, API guides, "NVS Partition Generator Utility")."""


def make_nvs_secrets(blobs: Mapping[str, bytes], size: int) -> bytes:
    """Make an image of the partition that holds the blobs and nothing else.

    Args:
        blobs: the blobs by name, one of `rig.firmware.secrets.NAMES`.
        size: the size of the partition in bytes.

    Raises:
        AuthorError: a name is unknown, or a blob is too long.
    """
    check_blobs(blobs)
    image = io.BytesIO()
    # NVS needs one free page, which the generator appends to the size that it is given.
    nvs = nvs_partition_gen.nvs_open(image, size - _PAGE, _VERSION)
    nvs_partition_gen.write_entry(nvs, _NAMESPACE, "namespace", "", "")
    for name, blob in blobs.items():
        nvs_partition_gen.write_entry(nvs, name, "data", "hex2bin", blob.hex())
    nvs_partition_gen.nvs_close(nvs)
    return image.getvalue()
