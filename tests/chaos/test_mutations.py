"""The mutants themselves are `make mutants`; here only that there still is something to mutate."""

from __future__ import annotations

import pytest

from tests.chaos.mutants import ROOT, mutated
from tests.chaos.mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_code_that_a_mutation_is_about_is_there(mutation: Mutation) -> None:
    assert mutated(ROOT, mutation) != (ROOT / mutation.file).read_text()


def test_each_mutation_names_tests_that_exist() -> None:
    for check in {check for mutation in MUTATIONS for check in mutation.checks}:
        file, _, test = check.partition("::")
        assert f"def {test.partition('[')[0]}" in (ROOT / file).read_text(), check
