"""The catalogues of planted bugs fit the firmware as it is."""

from __future__ import annotations

import pytest

from tools.mutants import CATALOGUE, POWERCUT_CATALOGUE, ROOT, Mutant, catalogue

BUGS = catalogue(CATALOGUE) + catalogue(POWERCUT_CATALOGUE)


@pytest.mark.parametrize("mutant", BUGS, ids=lambda mutant: mutant.name)
def test_each_mutant_can_be_planted(mutant: Mutant) -> None:
    """What is to be replaced stands in its file exactly once, and what replaces it is something else."""
    sound = (ROOT / mutant.file).read_text()
    assert mutant.apply(sound) != sound


@pytest.mark.parametrize("mutant", catalogue(), ids=lambda mutant: mutant.name)
def test_each_mutant_of_the_suite_has_its_tests(mutant: Mutant) -> None:
    """The file of tests that is tried first is there."""
    assert (ROOT / "tests" / "hil" / mutant.first).is_file()


def test_names_are_unique() -> None:
    """A name means one bug."""
    names = [mutant.name for mutant in BUGS]
    assert len(names) == len(set(names))


def test_a_mutant_that_does_not_fit_is_named() -> None:
    """A catalogue that is out of date says which entry, and how often its text was found."""
    with pytest.raises(ValueError, match=r"lost: a\.cpp holds 0 times"):
        Mutant("lost", "a.cpp", "x + 1", "x").apply("nothing of that")
