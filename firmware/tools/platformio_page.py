"""Makes the device's page before PlatformIO builds an image, which runs none of CMake's custom commands."""

import subprocess
import sys
from pathlib import Path

Import("env")  # noqa: F821 - SCons defines it

FIRMWARE = Path(env.subst("$PROJECT_DIR"))  # noqa: F821
subprocess.run(
    [sys.executable, FIRMWARE / "tools" / "build_page.py", FIRMWARE.parent / "build" / "page" / "page.cpp"], check=True
)
