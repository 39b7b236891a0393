"""PlatformIO's runner of the Unity tests in `test_*/`: everything they link comes from the tree and from `../.deps`."""

import subprocess
import sys
from pathlib import Path

from platformio.test.runners.unity import UnityTestRunner

_FIRMWARE = Path(__file__).resolve().parents[1]
_DEPS = _FIRMWARE.parent / ".deps"

# The same as host/CMakeLists.txt has.
_SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
_DEFINES = [
    *("UNITY_SUPPORT_64", "UNITY_INCLUDE_PRINT_FORMATTED"),
    *("LFS_NO_MALLOC", "LFS_NO_DEBUG", "LFS_NO_WARN", "LFS_NO_ERROR"),
]


class CustomTestRunner(UnityTestRunner):
    """Builds the tests with the Unity of `.deps`; its output is read as usual."""

    # PlatformIO would fetch Unity from its registry.
    EXTRA_LIB_DEPS = None

    def configure_build_env(self, env):
        """Add Unity, littlefs and the fakes of the ports to what is built and linked."""
        version = (_FIRMWARE / "version.txt").read_text().strip()
        env.Append(
            CCFLAGS=["-g", "-fno-omit-frame-pointer", *_SANITIZE],
            CXXFLAGS=["-std=c++17", "-fno-exceptions", "-fno-rtti"],
            LINKFLAGS=_SANITIZE,
            CPPDEFINES=[*_DEFINES, ("PLUGBENCH_VERSION", env.StringifyMacro(version))],
            CPPPATH=[
                str(path) for path in (_FIRMWARE / "src", _FIRMWARE / "test", _DEPS / "unity", _DEPS / "littlefs")
            ],
        )
        page = _FIRMWARE.parent / "build" / "page"
        subprocess.run([sys.executable, _FIRMWARE / "tools" / "build_page.py", page / "page.cpp"], check=True)
        sources = {
            "unity": _DEPS / "unity",
            "littlefs": _DEPS / "littlefs",
            "support": _FIRMWARE / "test" / "support",
            "page": page,
        }
        for name, folder in sources.items():
            if not folder.is_dir():
                raise FileNotFoundError(f"{folder} is missing: run `make setup` first")
            env.BuildSources(f"$BUILD_DIR/{name}", str(folder))
        return env
