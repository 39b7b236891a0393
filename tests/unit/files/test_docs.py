"""The examples of docs/files.md run, with a charge point that downloads and resumes."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.client import IncompleteRead
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rig.csms import Csms
from rig.faults import Fault
from rig.faults.csms_alone import inject_at_csms
from rig.files import Files
from tests.unit.files.conftest import LIMIT_S

PAGE = Path(__file__).parents[3] / "docs" / "files.md"


def _download(url: str) -> None:
    got = b""
    while True:
        request = urllib.request.Request(url, headers={"Range": f"bytes={len(got)}-"} if got else {})
        with urllib.request.urlopen(request, timeout=LIMIT_S) as response:
            try:
                response.read()
            except IncompleteRead as error:
                got += error.partial
            else:
                return


def test_the_examples_run(files: Files, csms: Csms) -> None:
    downloads: list[threading.Thread] = []

    def call(action: str, payload: dict[str, Any]) -> None:
        assert action == "UpdateFirmware"
        downloads.append(threading.Thread(target=_download, args=(payload["location"],), daemon=True))
        downloads[-1].start()

    def inject(fault: Fault) -> AbstractContextManager[Any]:
        return inject_at_csms(csms, fault, files)

    names: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(example, names)
    charge_point = SimpleNamespace(call=call, behaviour=SimpleNamespace(current_time=lambda: "now"))
    tests: list[Callable[..., None]] = [each for name, each in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        files.timeline.set_default_mark(files.timeline.mark())
        offered = {"device": None, "csms": charge_point, "files": files, "inject": inject}
        test(**{name: offered[name] for name in test.__code__.co_varnames[: test.__code__.co_argcount]})
    for download in downloads:
        download.join(LIMIT_S)
        assert not download.is_alive()
