"""The symbols of an unstripped executable: which build it is, and the functions and lines of its addresses."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig.firmware.debug_tools import find_program, run_program
from rig.util.errors import BenchError
from rig.util.named_file import read_file

_LARGEST = 512 << 20
"""In bytes. An executable with sanitizers has some 50 MB."""
_BUILD_ID_NOTE = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"  # length of name, length of content, NT_GNU_BUILD_ID, name
_BUILD_ID_BYTES = 20
_ADDRESS = re.compile(r"0x[0-9a-f]+")
_TIMEOUT_S = 5.0
_TOOLS: Mapping[str, tuple[str, ...]] = {
    "EM_XTENSA": ("xtensa-esp-elf-addr2line", "xtensa-esp32-elf-addr2line", "addr2line"),
    "EM_RISCV": ("riscv32-esp-elf-addr2line", "addr2line"),
}


@dataclass(frozen=True, slots=True)
class Symbols:
    """An executable with symbols.

    Attributes:
        path: the file.
        machine: its machine as in the ELF specification, such as `EM_XTENSA` and `EM_RISCV`.
        ids: the hashes that name this build, in hex: the GNU build id of a host build, and the SHA-256 of the file,
            which ESP-IDF calls the ELF file SHA256.
        code: start and end of each executable segment.
    """

    path: Path
    machine: str
    ids: tuple[str, ...]
    code: tuple[tuple[int, int], ...]

    def is_of(self, digits: str) -> bool:
        """Return whether a hash, or its first digits, names this build."""
        return bool(digits) and any(own.startswith(digits.lower()) for own in self.ids)

    @property
    def name(self) -> str:
        """The hash that the device prints for this build."""
        return self.ids[-1 if self.machine in _TOOLS else 0]

    def has_code_at(self, address: int) -> bool:
        """Return whether an address lies in executable memory."""
        return any(start <= address < end for start, end in self.code)

    def look_up(self, addresses: Sequence[int]) -> list[list[str]]:
        """Find functions and lines with addr2line.

        Args:
            addresses: addresses of instructions.

        Returns:
            For each address `function at file:line`, the innermost inlined function first; empty if it is unknown.

        Raises:
            BenchError: addr2line is missing, or fails.
        """
        tool = find_program(_TOOLS.get(self.machine, ("addr2line",)))
        if tool is None:
            raise BenchError("addr2line is not installed", "Debian's package binutils has it")
        command = [tool, "-e", str(self.path), "-a", "-f", "-C", "-i", *map(hex, addresses)]
        done = run_program(
            command, f"addr2line cannot read {self.path}", "Name the ELF file of the build", _TIMEOUT_S, check=True
        )
        found: list[list[str]] = []
        lines = iter(done.stdout.splitlines())
        for line in lines:
            if _ADDRESS.fullmatch(line):
                found.append([])
                continue
            place = next(lines, "??:0").partition(" (discriminator")[0]
            if line != "??" and found:
                found[-1].append(f"{line} at {place}")
        return found


def read_symbols(path: Path) -> Symbols:
    """Read the identity of an executable.

    Raises:
        BenchError: the file cannot be read, is no whole ELF file, or has no symbols.
    """
    # Imported on first use: a crash is rare.
    from elftools.elf.elffile import ELFFile

    remedy = "Name the unstripped ELF file of the build"
    try:
        content = read_file(path, _LARGEST)
    except OSError as problem:
        raise BenchError(f"{path} cannot be read: {problem.strerror or problem}", remedy) from None
    if not content.startswith(b"\x7fELF"):
        raise BenchError(f"{path} is no ELF file", remedy)
    try:
        elf = ELFFile(io.BytesIO(content))
        code = tuple(
            (int(segment["p_vaddr"]), int(segment["p_vaddr"] + segment["p_memsz"]))
            for segment in elf.iter_segments("PT_LOAD")
            if segment["p_flags"] & 1  # PF_X
        )
        has_symbols = any(elf.get_section_by_name(name) is not None for name in (".debug_line", ".symtab"))
        machine = str(elf["e_machine"])
    except Exception as problem:  # pyelftools' exceptions for a damaged file have no common base
        raise BenchError(f"{path} is no whole ELF file: {problem or type(problem).__name__}", remedy) from None
    if not has_symbols:
        raise BenchError(f"{path} is stripped: it has neither symbols nor lines", remedy)
    return Symbols(path, machine, _ids(content), code)


def find_elf(folder: Path, elf_sha256: bytes) -> Path | None:
    """Return the ELF file of which an image was made, from a build folder; None if it is not there.

    Args:
        folder: the folder, searched without its subfolders.
        elf_sha256: the hash in the image's application descriptor (ESP-IDF's API reference, "App Image Format").
    """
    for path in sorted(folder.glob("*.elf")):
        with contextlib.suppress(OSError):
            if hashlib.sha256(read_file(path, _LARGEST)).digest() == elf_sha256:
                return path
    return None


def _ids(content: bytes) -> tuple[str, ...]:
    at = content.find(_BUILD_ID_NOTE)
    note = content[at + len(_BUILD_ID_NOTE) :][:_BUILD_ID_BYTES].hex() if at >= 0 else ""
    return tuple(filter(None, (note, hashlib.sha256(content).hexdigest())))
