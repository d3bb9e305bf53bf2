"""Tables of the documentation are named, and each is printed by one job of `benchmarks`."""

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.exists(), reason="the tests are not in a checkout")

PAGE = """# Title

<!-- table: one -->

| a | b |
|---|---|
| 1 | 2 |

Text | with a bar.

| not | named |
|---|---|
| 3 | 4 |

<!-- table: two -->

| c |
|---|
| 5 |
"""


@pytest.fixture
def written_tables(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("written_tables")


def test_only_the_named_table_is_replaced(written_tables):
    new = "| a | b |\n|---|---|\n| 6 | 7 |\n| 8 | 9 |\n"
    text, changed = written_tables.with_tables(PAGE, {"one": new, "elsewhere": new})
    assert changed == ["one"]
    assert text == PAGE.replace("| a | b |\n|---|---|\n| 1 | 2 |\n", new)


def test_tables_of_a_page_are_found_and_written_back_unchanged(written_tables):
    found = written_tables.tables_in("printed before\n" + PAGE.rstrip())
    assert list(found) == ["one", "two"]
    assert found["two"] == "| c |\n|---|\n| 5 |\n"
    assert written_tables.with_tables(PAGE, found) == (PAGE, [])


def test_an_empty_table_replaces_none(written_tables):
    with pytest.raises(ValueError, match="one"):
        written_tables.with_tables(PAGE, {"one": ""})


def test_each_table_of_the_pages_is_printed_by_one_job(written_tables):
    jobs = importlib.import_module("print_all").JOBS
    printed = [table for job in jobs.values() for table in job.tables]
    assert sorted(printed) == sorted(written_tables.places())
    for job in jobs.values():
        assert (BENCHMARKS / job.command.split()[0]).exists()


def test_no_named_table_of_the_pages_is_empty(written_tables):
    for page in written_tables.pages():
        for name, table in written_tables.tables_in(page.read_text(encoding="utf-8")).items():
            rows = [row.count("|") for row in table.splitlines()]
            assert len(rows) > 2, name
            assert len(set(rows)) == 1, name
