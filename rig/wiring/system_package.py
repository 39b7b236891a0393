"""Modules of Debian's Python packages, for a virtual environment, which does not see them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

DIST_PACKAGES = "/usr/lib/python3/dist-packages"


def load_lgpio(folder: str = DIST_PACKAGES) -> None:
    """Make `import lgpio` work if only Debian's package python3-lgpio has it.

    PyPI has no wheel of lgpio for Python 3.13 and newer. Only its two modules are loaded: the folder on `sys.path`
    would add all other packages of the system.

    Args:
        folder: the folder of the packages.

    Raises:
        ImportError: the package is missing, or is for another version of Python.
    """
    if "lgpio" in sys.modules or importlib.util.find_spec("lgpio") is not None:
        return
    for name in ("_lgpio", "lgpio"):  # lgpio imports the other one
        spec = importlib.machinery.PathFinder.find_spec(name, [folder])
        if spec is None or spec.loader is None:
            others = sorted(path.name for path in Path(folder).glob(f"{name}.*.so"))
            why = (
                f"{folder}/{others[0]} is for another version of Python" if others else f"it is not in {folder} either"
            )
            raise ImportError(f"there is no module {name}; {why}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
