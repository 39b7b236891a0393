"""The tool behind `make fuzz`: harnesses, corpora and the figures of libFuzzer."""

from __future__ import annotations

from tools.fuzz import CORPUS, LONGEST_INPUT, executions, names

MOST_BYTES = 12_000


def test_every_harness_has_a_small_corpus() -> None:
    for name in names():
        files = list((CORPUS / name).iterdir())
        assert files, f"firmware/fuzz/corpus/{name} is empty"
        assert all(file.stat().st_size <= MOST_BYTES for file in files)


def test_every_corpus_and_limit_has_a_harness() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(names())
    assert LONGEST_INPUT.keys() <= set(names())


def test_executions_are_read_from_the_statistics() -> None:
    output = "#2\tINITED\nstat::number_of_executed_units: 222195\nstat::average_exec_per_sec:     13887\n"
    assert executions(output) == 222_195


def test_an_output_without_statistics_has_no_executions() -> None:
    assert executions("Segmentation fault") == 0
