"""The catalogue of planted bugs fits the firmware as it is."""

from __future__ import annotations

import pytest

from tools.mutants import ROOT, Mutant, catalogue


@pytest.mark.parametrize("mutant", catalogue(), ids=lambda mutant: mutant.name)
def test_each_mutant_can_be_planted(mutant: Mutant) -> None:
    """What is to be replaced stands in its file exactly once, and what replaces it is something else."""
    sound = (ROOT / mutant.file).read_text()
    assert mutant.plant(sound) != sound
    assert (ROOT / "tests" / "hil" / mutant.first).is_file()


def test_names_are_unique() -> None:
    """A name means one bug."""
    names = [mutant.name for mutant in catalogue()]
    assert len(names) == len(set(names))


def test_a_mutant_that_does_not_fit_is_named() -> None:
    """A catalogue that is out of date says which entry, and how often its text was found."""
    with pytest.raises(ValueError, match=r"lost: a\.cpp holds 0 times"):
        Mutant("lost", "test_a.py", "a.cpp", "x + 1", "x").plant("nothing of that")
