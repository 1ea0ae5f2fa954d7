"""Stands in for the program `docker`: a "container" is a process of this machine.

It knows the images whose names are in the file `images` next to it, and appends the
words of each call to the file `calls`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

PLACE = Path(sys.argv[0]).parent
IMAGES = PLACE / "images"
#: Options of `run` that stand alone.
FLAGS = ("--rm", "--init")


def list_images() -> list[str]:
    return IMAGES.read_text().split() if IMAGES.exists() else []


def inspect(name: str) -> int:
    if name not in list_images():
        return 1
    print(json.dumps([{"Id": "sha256:1234", "Config": {"Env": ["PATH=/opt"]}}]))
    return 0


def add(name: str) -> int:
    print("working on", name)
    if "missing" in name:
        print("manifest unknown", file=sys.stderr)
        return 1
    IMAGES.write_text("\n".join([*list_images(), name]))
    return 0


def run(words: list[str]) -> NoReturn:
    variables = {"PATH": "/usr/bin:/bin"}
    if "--no-such-option" in words:
        print("unknown flag: --no-such-option", file=sys.stderr)
        sys.exit(125)
    while words[0].startswith("-"):
        option = words.pop(0)
        if option in FLAGS or "=" in option:
            continue
        value = words.pop(0)
        if option == "--env-file":
            lines = Path(value).read_text().splitlines()
            variables |= dict(line.split("=", 1) for line in lines)
        elif option == "--env":
            name, _, text = value.partition("=")
            variables[name] = text or os.environ[name]
        elif option == "--workdir":
            os.chdir(value)
    _image, program, *more = words
    os.execvpe(program, [program, *more], variables)


def main(command: str, *words: str) -> int:
    with (PLACE / "calls").open("a") as calls:
        calls.write(json.dumps([command, *words]) + "\n")
    if command == "image":
        return inspect(words[1])
    if command == "images":
        print("\n".join(list_images()))
    if command == "rmi":
        left = [name for name in list_images() if name not in words]
        IMAGES.write_text("\n".join(left))
    if command == "pull":
        return add(words[0])
    if command == "build":
        return add(words[words.index("--tag") + 1])
    if command == "run":
        run(list(words))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
