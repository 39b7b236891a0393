"""`rig csms serve`, which prints each frame; its output is discarded."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time

from rig.cli.csms_serve import serve

report = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]


def talk() -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    report.write(f"ready ws://127.0.0.1:{port}/CP-1\n")
    for _ in sys.stdin:
        report.write(f"cpu {time.process_time()}\n")
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=talk, daemon=True).start()
serve(port=port)
