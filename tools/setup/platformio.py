"""PlatformIO without its downloads: its own environment, SCons from PyPI, and the platform `native` written here."""

from __future__ import annotations

import json
from pathlib import Path

from tools.setup.environment import create, install
from tools.setup.steps import CACHE, ROOT, Log, Step

HOME = CACHE / "platformio"
ENVIRONMENT = HOME / "environment"
CORE = HOME / "core"

_LOCK = ROOT / "requirements" / "platformio.txt"

# PlatformIO looks for a package `tool-scons` whose version spells SCons': 4.11.1 is 4.41101.0.
_SCONS = CORE / "packages" / "tool-scons"
_SCONS_FILES = {
    "package.json": json.dumps({"name": "tool-scons", "version": "4.41101.0", "description": "SCons 4.11.1 from PyPI"}),
    # The origin of a package: PlatformIO accepts only its own.
    ".piopm": json.dumps(
        {
            "type": "tool",
            "name": "tool-scons",
            "version": "4.41101.0",
            "spec": {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None, "uri": None},
        }
    ),
    # PlatformIO runs this with its own Python, whose environment has SCons.
    "scons.py": "import SCons.Script\n\nSCons.Script.main()\n",
}

_NATIVE = CORE / "platforms" / "native"
_NATIVE_FILES = {
    "platform.json": json.dumps(
        {
            "name": "native",
            "title": "Native",
            "description": "This machine's own compiler",
            "version": "1.2.1",
            "frameworks": {},
            "packages": {},
        }
    ),
    "platform.py": (
        "from platformio.public import PlatformBase\n\n\n"
        "class NativePlatform(PlatformBase):\n"
        "    def is_embedded(self):\n"
        "        return False\n"
    ),
    "builder/main.py": (
        "from SCons.Script import COMMAND_LINE_TARGETS, AlwaysBuild, Default, DefaultEnvironment\n\n"
        "env = DefaultEnvironment()\n"
        "program = env.BuildProgram()\n"
        'if "nobuild" in COMMAND_LINE_TARGETS:\n'
        '    program = env.File("$PROG_PATH")\n'
        'AlwaysBuild(env.Alias("size", program, env.VerboseAction("$SIZEPRINTCMD", "Size of $SOURCE")))\n'
        'Default(env.Alias("buildprog", program))\n'
    ),
}


def steps() -> list[Step]:
    """Return the steps that let PlatformIO run `native` offline."""
    return [
        Step("PlatformIO", _install, [_LOCK], [ENVIRONMENT / "bin" / "pio"]),
        Step("PlatformIO native", _write, [repr(_SCONS_FILES), repr(_NATIVE_FILES)], [_SCONS, _NATIVE]),
    ]


def _install(log: Log) -> None:
    create(ENVIRONMENT, log)
    install(ENVIRONMENT, _LOCK, log)


def _write(_log: Log) -> None:
    for folder, files in ((_SCONS, _SCONS_FILES), (_NATIVE, _NATIVE_FILES)):
        for name, text in files.items():
            path: Path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
