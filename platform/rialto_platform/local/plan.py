"""What a supervisor runs, as data: written by `rialto up`, read by the supervisor, which needs no venue model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rialto_platform.local.errors import LocalError
from rialto_platform.local.files import read_json, write_json


@dataclass(frozen=True)
class FlowPlan:
    """One order flow: a load client's command line, less the addresses of the market it goes to.

    `nodes` have a voter of the market: any of them may lead it.
    """

    market: str
    nodes: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The processes of one local venue."""

    venue: str
    node_binary: str
    load_binary: str
    nodes: tuple[str, ...]
    flows: tuple[FlowPlan, ...]
    link_binary: str | None = None
    """Of the emulated links; none where the venue has no interconnect."""
    file: str = ""
    """The venue file it was made from, an absolute path."""
    reduced: tuple[str, ...] = ()
    """What the file declares and one machine does not run, a sentence each."""

    def write(self, path: Path) -> None:
        """Writes the plan to `path` as JSON, in one step."""
        write_json(
            path,
            {
                "venue": self.venue,
                "node_binary": self.node_binary,
                "load_binary": self.load_binary,
                "nodes": list(self.nodes),
                "flows": [
                    {"market": flow.market, "nodes": list(flow.nodes), "arguments": list(flow.arguments)}
                    for flow in self.flows
                ],
                "link_binary": self.link_binary,
                "file": self.file,
                "reduced": list(self.reduced),
            },
        )

    @staticmethod
    def read(path: Path) -> Plan:
        """The plan in `path`.

        Raises:
            LocalError: there is none, or it is not one.
        """
        value = read_json(path)
        if value is None:
            raise LocalError(str(path), "does not exist", "run `rialto up`: it writes the plan")
        try:
            flows = [_flow(flow) for flow in _list(value["flows"])]
            link_binary = value["link_binary"]
            return Plan(
                venue=str(value["venue"]),
                node_binary=str(value["node_binary"]),
                load_binary=str(value["load_binary"]),
                nodes=tuple(str(node) for node in _list(value["nodes"])),
                flows=tuple(flows),
                link_binary=None if link_binary is None else str(link_binary),
                file=str(value["file"]),
                reduced=tuple(str(sentence) for sentence in _list(value["reduced"])),
            )
        except (KeyError, TypeError) as error:
            raise LocalError(str(path), f"is not a plan ({error})", "run `rialto down`, then `rialto up`") from error


def _flow(value: object) -> FlowPlan:
    if not isinstance(value, dict):
        raise TypeError("a flow is not an object")
    flow = cast("Mapping[str, object]", value)
    return FlowPlan(
        market=str(flow["market"]),
        nodes=tuple(str(node) for node in _list(flow["nodes"])),
        arguments=tuple(str(argument) for argument in _list(flow["arguments"])),
    )


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return cast("list[object]", value)
