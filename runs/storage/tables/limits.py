"""How much of a table is read. What is beyond is left out, and the table says so."""

from __future__ import annotations

MAX_COLUMNS = 10_000
MAX_ROWS = 5_000_000
MAX_CELLS = 40_000_000
#: Bytes of all texts in the cells, as UTF-8.
MAX_TEXT_BYTES = 256 << 20
#: A line of a text file, in characters. A longer one is refused.
MAX_LINE_CHARS = 32 << 20
#: A JSON document, in bytes: it has to be parsed as a whole.
MAX_JSON_BYTES = 64 << 20
#: Cells that are converted at once.
CHUNK_CELLS = 160_000
#: Characters of a column's name.
MAX_NAME_CHARS = 200
#: Levels of lists and objects in a cell.
MAX_DEPTH = 50
