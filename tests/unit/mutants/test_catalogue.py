"""The catalogues of bugs match the current firmware."""

from __future__ import annotations

import pytest

from tools.mutants import CATALOGUE, OCTT_CATALOGUE, POWERCUT_CATALOGUE, ROOT, Mutant, case_file, catalogue

BUGS = catalogue(CATALOGUE) + catalogue(OCTT_CATALOGUE) + catalogue(POWERCUT_CATALOGUE)


@pytest.mark.parametrize("mutant", BUGS, ids=lambda mutant: mutant.name)
def test_each_mutant_can_be_applied(mutant: Mutant) -> None:
    """`old` occurs exactly once in its file, and `new` differs from it."""
    sound = (ROOT / mutant.file).read_text()
    assert mutant.apply(sound) != sound


@pytest.mark.parametrize("mutant", catalogue(), ids=lambda mutant: mutant.name)
def test_each_mutant_of_the_suite_has_its_tests(mutant: Mutant) -> None:
    """The test file to try first exists."""
    assert (ROOT / "tests" / "hil" / mutant.first).is_file()


@pytest.mark.parametrize("mutant", catalogue(OCTT_CATALOGUE), ids=lambda mutant: mutant.name)
def test_each_bug_of_the_compliance_set_has_its_case(mutant: Mutant) -> None:
    """The case for the bug exists."""
    assert (ROOT / case_file(mutant)).is_file()


def test_names_are_unique() -> None:
    """Each name belongs to one bug."""
    names = [mutant.name for mutant in BUGS]
    assert len(names) == len(set(names))


def test_an_outdated_mutant_is_an_error_with_its_name() -> None:
    """A catalogue that is out of date raises an error with the entry and the number of matches."""
    with pytest.raises(ValueError, match=r"lost: `old` must occur once in a\.cpp, but occurs 0 times"):
        Mutant("lost", "a.cpp", "x + 1", "x").apply("nothing of that")
