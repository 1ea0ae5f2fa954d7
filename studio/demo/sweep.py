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
#: A network cannot have an empty layer, so this trial shows a failed run.
FAILING_TRIAL = (0.001, "0")
MAX_PROCESSES = 2

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
        trials = [*itertools.product(RATES, LAYERS), FAILING_TRIAL]
        running: list[subprocess.Popen[bytes]] = []
        for number, (rate, layers) in enumerate(trials):
            while len(running) >= MAX_PROCESSES:
                time.sleep(0.1)
                running = [one for one in running if one.poll() is None]
            print(f"trial {number}: learning rate {rate}, layers {layers}")  # noqa: T201
            running.append(_start_trial(sweep, number, rate, layers))
            sweep.log("trials started", number + 1)
        for one in running:
            one.wait()
        _tag_best_trial(sweep)


def _start_trial(
    sweep: Run, number: int, rate: float, layers: str
) -> subprocess.Popen[bytes]:
    arguments = [sweep.id, str(number), str(rate), layers]
    return subprocess.Popen([sys.executable, "-m", "studio.demo.trial", *arguments])


def _tag_best_trial(sweep: Run) -> None:
    best, accuracy = None, 0.0
    for child in sweep.get_children(status="Completed"):
        values = child.get_metrics("test accuracy").get("test accuracy")
        last = values[-1] if isinstance(values, list) else values
        if last is not None and last > accuracy:
            best, accuracy = child, last
    if best is not None:
        best.tag("best", f"{accuracy:.4f}")
        sweep.log("best accuracy", accuracy)
        print(f"best: {best.display_name}, accuracy {accuracy:.4f}")  # noqa: T201


if __name__ == "__main__":
    main()
