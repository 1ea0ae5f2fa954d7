"""A training script for the interruptions: it logs by a plan and says how far it came.

Run as a module with a run's id, how many points, and a pause; after each hundred points
it prints the number of the next one, which is what the parent takes for logged.
"""

from __future__ import annotations

import os
import sys
import time

from studio.sdk.client import Client
from studio.sdk.delivery import Writer


def main(run_id: str, first: int, count: int, pause: float) -> None:
    client = Client(
        os.environ["STUDIO_URL"],
        os.environ["STUDIO_TOKEN"],
        os.environ["STUDIO_WORKSPACE"],
    )
    writer = Writer.open(client, run_id)
    for number in range(first, first + count):
        writer.add_point("loss", number / 7, step=number)
        if number % 10 == 9:
            writer.append_log("logs/user_log.txt", f"line {number}\n".encode())
        if number % 100 == 99:
            print(number + 1, flush=True)
            time.sleep(pause)
    writer.close()
    print("closed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
