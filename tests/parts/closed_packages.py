"""An import contract: other packages import a package, never a module inside it."""

from __future__ import annotations

from typing import cast

import grimp
from importlinter import Contract, ContractCheck, fields, output


class ClosedPackagesContract(Contract):
    """Modules inside the listed packages are imported only from inside them.

    Options of the contract in `pyproject.toml`:

    - `packages`: each exports in its `__init__` what other packages can use.
    - `allowed`: modules of these packages that everyone can import.
    - `exempt`: packages whose modules can import everything, such as released
      migrations, which never change.
    """

    type_name = "closed_packages"

    packages = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField(), required=False)
    exempt = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        allowed = set(cast("list[str]", self.allowed or []))
        exempt = cast("list[str]", self.exempt or [])
        found: list[str] = []
        for package in cast("list[str]", self.packages):
            for module in sorted(graph.find_descendants(package) - allowed):
                found += [
                    f"{importer} imports {module}: import it from {package}"
                    for importer in sorted(
                        graph.find_modules_that_directly_import(module)
                    )
                    if not any(is_inside(importer, p) for p in (package, *exempt))
                ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["found"]:
            output.print_error(line)


def is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
