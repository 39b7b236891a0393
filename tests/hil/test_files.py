"""The file server of the bench, with a client in place of a device that downloads."""

from __future__ import annotations

import http.client
from contextlib import closing
from urllib.parse import urlsplit

from rig.bench import Bench
from rig.faults import FileCut
from rig.files import Files

IMAGE = bytes(range(256)) * 100


def _get(bench: Bench, url: str, start: int = 0) -> bytes:
    """Return the bytes of a file that arrive, from `start` on."""
    parts = urlsplit(url)
    # The host in the URL is the bench as the device sees it. This client runs on the bench itself.
    with closing(http.client.HTTPConnection(bench.description.csms.host, parts.port, timeout=60)) as connection:
        connection.request("GET", parts.path, headers={"Range": f"bytes={start}-"} if start else {})
        try:
            return connection.getresponse().read()
        except http.client.IncompleteRead as error:
            return error.partial


def test_a_cut_download_is_resumed(bench: Bench, files: Files) -> None:
    """A client that resumes gets the whole file, and the timeline shows both requests."""
    url = files.put("firmware.bin", IMAGE)
    with bench.inject(FileCut(after=10_000, times=1)):
        first = _get(bench, url)
        cut = files.expect_request("firmware.bin")
        rest = _get(bench, url, len(first))
        whole = files.expect_request("firmware.bin")
    assert first + rest == IMAGE
    assert (cut.complete, cut.sent, cut.fault) == (False, 10_000, "file-cut")
    assert (whole.status, whole.part) == (206, "bytes 10000-25599/25600")
