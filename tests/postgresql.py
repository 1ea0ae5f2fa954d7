"""Run the tests that touch the database on PostgreSQL.

`python -m tests.postgresql` runs what touches SQL in full and a tenth of the rest;
`--all` runs everything. Other arguments are pytest's, a folder among them.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys

from tests.parts.postgres import ADDRESS, binaries, cluster, fresh_database


def main(words: list[str]) -> int:
    programs = binaries()
    if programs is None:
        print("PostgreSQL is missing: apt-get install postgresql", file=sys.stderr)
        return 1
    if "--all" in words:
        words.remove("--all")
        chosen = ["--database-tests=all"]
    else:
        chosen = ["--database-tests=sample"]
        given = [*words, *os.environ.get("PYTEST_ADDOPTS", "").split()]
        if not any(word.startswith("--sample-seed") for word in given):
            chosen.append(f"--sample-seed={random.randrange(1_000_000)}")
    with cluster(programs) as address:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *chosen, *words],
            check=False,
            env={
                **os.environ,
                ADDRESS: address,
                "DATABASE_URL": fresh_database(address),
            },
        )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
