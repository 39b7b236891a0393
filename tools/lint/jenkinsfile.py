"""Checks the Jenkinsfile without Jenkins: brackets and quotes match, and each step calls a target of the Makefile."""

from __future__ import annotations

import re
from pathlib import Path

from tools.lint.check import Result

_CLOSES = {")": "(", "]": "[", "}": "{"}
_MAKE = re.compile(r"\bmake((?:\s+[\w=-]+)+)")
_VERB = re.compile(r"^([a-z][a-z-]*)\s*:(?!=)", re.M)
_STEP = re.compile(r"\bsh\s*\(?\s*(?:script:\s*)?\Z")
_TOKEN = re.compile(r"'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|//[^\n]*|/\*.*?\*/", re.S)


def run(root: Path) -> Result:
    """Check brackets, quotes and targets of the Jenkinsfile."""
    path = root / "Jenkinsfile"
    if not path.exists():
        return Result(["Jenkinsfile: missing"])
    text = path.read_text()
    findings = [f"Jenkinsfile:{line}: {reason}" for line, reason in shape(text)]
    known = targets((root / "Makefile").read_text())
    findings += [
        f"Jenkinsfile:{line}: `make {target}`: the Makefile has no such target"
        for line, target in made(text)
        if target not in known
    ]
    findings += [
        f"Jenkinsfile:{line}: `{command}` is not a target of the Makefile: add one" for line, command in others(text)
    ]
    return Result(findings)


def others(text: str) -> list[tuple[int, str]]:
    """Return line and text of each command of a step that does not begin with make."""
    found = []
    for token in _TOKEN.finditer(text):
        if _STEP.search(text, 0, token.start()):
            first = text.count("\n", 0, token.start()) + 1
            commands = enumerate(token[0].strip("'\"").splitlines(), first)
            found += [(line, said.strip()) for line, said in commands if said.strip() and said.split()[0] != "make"]
    return found


def targets(makefile: str) -> set[str]:
    """Return the targets of a Makefile that people call."""
    return set(_VERB.findall(makefile))


def made(text: str) -> list[tuple[int, str]]:
    """Return line and name of each target that a Jenkinsfile calls."""
    found = []
    for token in _TOKEN.finditer(text):
        if token[0].startswith(("//", "/*")):
            continue
        for call in _MAKE.finditer(token[0]):
            words = [word for word in call[1].split() if "=" not in word and not word.startswith("-")]
            line = text.count("\n", 0, token.start() + call.start()) + 1
            found += [(line, word) for word in words]
    return found


def shape(text: str) -> list[tuple[int, str]]:
    """Return brackets and quotes that do not match, and whether it is not a declarative pipeline."""
    blank = _TOKEN.sub(lambda token: re.sub(r"[^\n]", " ", token[0]), text)
    problems = (
        [] if re.search(r"^\s*pipeline\s*\{", blank, re.M) else [(1, "no `pipeline {`: not a declarative pipeline")]
    )
    opened: list[tuple[str, int]] = []
    for number, line in enumerate(blank.splitlines(), start=1):
        for sign in line:
            if sign in "'\"":
                problems.append((number, f"a {sign} that is never closed"))
            elif sign in _CLOSES.values():
                opened.append((sign, number))
            elif sign in _CLOSES and (not opened or opened.pop()[0] != _CLOSES[sign]):
                problems.append((number, f"{sign} closes nothing"))
    problems += [(number, f"{sign} is never closed") for sign, number in opened]
    return problems
