"""Tables that scripts print and pages show, each under a comment with its name.

The comment, ``<!-- table: NAME -->`` on a line of its own, is the same in what a script prints and
in the page, where readers do not see it. The table is the lines below it that start with ``|``.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_NAMED = re.compile(r"<!-- table: ([\w-]+) -->\n\n?((?:\|.*\n)*)", re.MULTILINE)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def pages():
    """Return the pages that may show tables: the README and those in docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def tables_in(text):
    """Return the tables of a text by name; an empty string where a name has no table."""
    return {found[1]: found[2] for found in _NAMED.finditer(text.rstrip("\n") + "\n")}


def places():
    """Return the page and the heading of each table, in the order of the pages."""
    found = {}
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for table in _NAMED.finditer(text):
            if table[1] in found:
                raise ValueError(f"Two tables are called {table[1]}: rename one of them.")
            above = [each for each in _HEADING.finditer(text) if each.start() < table.start()]
            found[table[1]] = page, above[-1][1]
    return found


def with_tables(text, tables):
    """Return a text with some of its tables replaced, and the names of those that changed."""
    changed = []

    def new(found):
        name, old = found[1], found[2]
        table = tables.get(name, old)
        if len(table.splitlines()) < 3:
            raise ValueError(f"The table {name} has no rows.")
        if table != old:
            changed.append(name)
        return f"<!-- table: {name} -->\n\n{table}"

    return _NAMED.sub(new, text), changed


def write(tables):
    """Write tables into the pages; return the names of those that changed."""
    every = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        written, changed = with_tables(text, tables)
        if changed:
            page.write_text(written, encoding="utf-8")
        every += changed
    return every
