"""What a check finds wrong in a recorded program, as data."""

from __future__ import annotations

from dataclasses import dataclass

from rialto_platform.clouds.recording import Registration


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One wrong value: where it is, what is wrong, what would be right."""

    type: str
    name: str
    """The logical name of the resource."""
    path: str
    """Of the value within its inputs: `vpcConfig.subnetIds[0]`."""
    wrong: str
    right: str

    @classmethod
    def of(cls, resource: Registration, path: str, wrong: str, right: str) -> Problem:
        """A problem of a resource."""
        return cls(resource.type, resource.name, path, wrong, right)

    def __str__(self) -> str:
        """In a line."""
        return f"{self.type} {self.name}: {self.path}: {self.wrong}; {self.right}"
