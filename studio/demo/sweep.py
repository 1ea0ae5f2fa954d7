"""`python -m studio.demo.sweep`: a parent run, and a child process per trial.

Needs scikit-learn. Two processes train at a time; all of it takes a minute or two.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time

from studio.sdk import Experiment, Run, Workspace

EXPERIMENT = "digits-demo"
RATES = (0.0003, 0.001, 0.01, 0.1)
LAYERS = ("32", "64,32")
#: No network has a layer of nothing: so that a failed run is there to look at.
BROKEN = (0.001, "0")
AT_A_TIME = 2

DESCRIPTION = """\
A sweep over **learning rate** and **layers** of a small network that reads handwritten
digits (scikit-learn's own data). Each trial is a child run, logged by a process of its
own; one of them is meant to fail.
"""


def main() -> None:
    """Run all trials below one run, and tag the best."""
    experiment = Experiment(Workspace.from_config(), EXPERIMENT)
    with experiment.start_logging(
        display_name="digits sweep",
        description=DESCRIPTION,
        tags={"demo": None, "data": "digits"},
        snapshot_directory=None,
        outputs=False,
    ) as sweep:
        trials = [*itertools.product(RATES, LAYERS), BROKEN]
        running: list[subprocess.Popen[bytes]] = []
        for number, (rate, layers) in enumerate(trials):
            while len(running) >= AT_A_TIME:
                time.sleep(0.1)
                running = [one for one in running if one.poll() is None]
            print(f"trial {number}: learning rate {rate}, layers {layers}")  # noqa: T201
            running.append(_start(sweep, number, rate, layers))
            sweep.log("trials started", number + 1)
        for one in running:
            one.wait()
        _tag_best(sweep)


def _start(
    sweep: Run, number: int, rate: float, layers: str
) -> subprocess.Popen[bytes]:
    words = [sweep.id, str(number), str(rate), layers]
    return subprocess.Popen([sys.executable, "-m", "studio.demo.trial", *words])


def _tag_best(sweep: Run) -> None:
    best, accuracy = None, 0.0
    for child in sweep.get_children(status="Completed"):
        found = child.get_metrics("test accuracy").get("test accuracy")
        last = found[-1] if isinstance(found, list) else found
        if last is not None and last > accuracy:
            best, accuracy = child, last
    if best is not None:
        best.tag("best", f"{accuracy:.4f}")
        sweep.log("best accuracy", accuracy)
        print(f"best: {best.display_name}, accuracy {accuracy:.4f}")  # noqa: T201


if __name__ == "__main__":
    main()
