"""The engine's resource monitor as a recorder needs it: keeps each request, answers with stand-ins.

A request comes in on the worker thread of the program's loop, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import Message
from pulumi.runtime.proto import resource_pb2

from rialto_platform.clouds import stand_ins, wire
from rialto_platform.clouds.recording import STACK_TYPE

_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A request, and what it was answered."""

    urn: str
    id: str
    request: Mapping[str, wire.Value]
    outputs: Mapping[str, wire.Value]


# The methods have the names of the service in `resource.proto`, and their arguments are its messages; those carry no
# types of their own, so each is read once, by `wire.message`.
class Monitor:
    """Serves one program."""

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        outputs_for: stand_ins.OutputsFor | None,
        answers_for: stand_ins.AnswersFor | None,
        preview: bool,
    ) -> None:
        """For arguments see `recorder.record`."""
        self.kept: dict[str, Kept] = {}
        self.stack_outputs: dict[str, wire.Value] = {}
        self.stack_urn = ""
        # Answered like the rest, since a program stops cleanly only at its end; the recorder raises them then.
        self.refusals: list[str] = []
        self._project = project
        self._stack = stack
        self._outputs_for = outputs_for
        self._answers_for = answers_for
        self._preview = preview

    def GetDeploymentInfo(self, _request: Message) -> object:  # noqa: N802
        """What this monitor can do."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterResource(self, request: Message) -> object:  # noqa: N802
        """Keeps a resource or component."""
        asked = wire.message(request)
        kind, name, parent = (wire.text(asked.get(key)) for key in ("type", "name", "parent"))
        urn = wire.urn(parent, kind, name, project=self._project, stack=self._stack, root=self.stack_urn)
        if kind == STACK_TYPE:
            self.stack_urn = urn
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self.kept:
            self.refusals.append(f"{kind} {name}: there are two of this type and name under one parent ({urn})")
        inputs = wire.mapping(asked.get("object"))
        identity, outputs = "", inputs
        if asked.get("custom") is True:
            if self._preview:
                outputs = stand_ins.previewed(kind, inputs)
            else:
                identity, outputs = self._made(kind, name, urn, inputs)
        self.kept[urn] = Kept(urn, identity, asked, wire.unwrapped(outputs)[0])
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=wire.struct(outputs))

    def RegisterResourceOutputs(self, request: Message) -> None:  # noqa: N802
        """Keeps the stack's outputs; those of components say nothing that an engine acts on."""
        asked = wire.message(request)
        if asked.get("urn") == self.stack_urn:
            self.stack_outputs = wire.mapping(asked.get("outputs"))

    def ReadResource(self, request: Message) -> object:  # noqa: N802
        """Refuses: what a program looks up in a cloud it can't know without credentials."""
        asked = wire.message(request)
        kind, name, parent = (wire.text(asked.get(key)) for key in ("type", "name", "parent"))
        self.refusals.append(
            f"{kind} {name}: the program reads a resource that it did not make; "
            "take its values from the stack's configuration or the outputs file instead"
        )
        urn = wire.urn(parent, kind, name, project=self._project, stack=self._stack, root=self.stack_urn)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=wire.struct(wire.mapping(asked.get("properties"))))

    def Invoke(self, request: Message) -> object:  # noqa: N802
        """Answers a provider's function, if whoever records knows an answer."""
        asked = wire.message(request)
        token, arguments = wire.text(asked.get("tok")), wire.unwrapped(wire.mapping(asked.get("args")))[0]
        answer = self._answers_for(token, arguments) if self._answers_for else None
        if answer is None:
            self.refusals.append(
                f"{token}: the program calls a provider's function, which needs the cloud; "
                "declare the value in the venue file or the stack's configuration instead"
            )
        response = resource_pb2.ResourceInvokeResponse()
        # A keyword of Python's, so it is no attribute.
        getattr(response, "return").CopyFrom(wire.struct(answer or {}))
        return response

    def SupportsFeature(self, _request: Message) -> object:  # noqa: N802
        """An older form of `GetDeploymentInfo`."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=False)

    def SignalAndWaitForShutdown(self, _request: Message) -> None:  # noqa: N802
        """Nothing is waited for."""

    def _made(
        self, kind: str, name: str, urn: str, inputs: Mapping[str, wire.Value]
    ) -> tuple[str, dict[str, wire.Value]]:
        made = stand_ins.Asked(kind, name, urn, inputs)
        identity, outputs = stand_ins.made(made)
        if self._outputs_for is not None:
            outputs |= self._outputs_for(made)
        chosen = outputs.pop("id", None)
        return (chosen if isinstance(chosen, str) else identity), outputs
