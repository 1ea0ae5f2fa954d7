"""How many examples a fuzz tries: few in the tests, many in `tests.bench attacks`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("STUDIO_TEST_EXAMPLES", "4"))

#: The seed of a failure is printed, and `--hypothesis-seed` repeats it.
fuzzed: Any = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
