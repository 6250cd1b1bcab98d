"""Runs a Pulumi program without a CLI, a cloud or credentials, and keeps what it asked for: the whole graph.

Pulumi's own mocks hand a test a resource's type, name and inputs, and nothing of its edges. Here each request to the
engine's resource monitor is kept whole: parent, dependencies of every property, provider, protection, inputs as they
go over the wire. So `record` serves the tests and `rialto clouds plan` alike.

Sources: Pulumi's `resource.proto` ("ResourceMonitor", "RegisterResourceRequest") and its engine's rules for URNs
(`sdk/go/common/resource/urn`); a program that the engine would refuse for a repeated URN is refused here too.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from google.protobuf.message import Message as Request
from pulumi.runtime import settings
from pulumi.runtime import stack as pulumi_stack
from pulumi.runtime.config import set_all_config

from rialto_platform.clouds import stand_ins, wire
from rialto_platform.clouds.recorder_monitor import Monitor
from rialto_platform.clouds.without_aliases import without_aliases

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


class RecordingError(Exception):
    """A program that the engine would refuse; says which resource and why."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One resource as the program asked for it."""

    urn: str
    type: str
    name: str
    """The logical name: the last part of the URN."""
    parent: str
    """The URN of what it stands under; empty for the stack alone."""
    custom: bool
    """Whether a cloud holds it; components are grouping alone."""
    provider: str
    """The URN of the explicit provider; empty for a component, and where a default provider would be used."""
    providers: Mapping[str, str]
    """Of a component: the URNs of the providers that its children take, by package."""
    dependencies: frozenset[str]
    """The URNs of everything it waits for: by its inputs' outputs and by `depends_on`."""
    property_dependencies: Mapping[str, frozenset[str]]
    """The URNs that each input's value comes from; an input without an edge is a constant."""
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    inputs: Mapping[str, wire.Value]
    """By the cloud's names, as they go over the wire; secrets are unwrapped."""
    secret_inputs: tuple[str, ...]
    """The paths of the inputs that are secrets: `adminPassword`, `tags.key`."""
    id: str
    outputs: Mapping[str, wire.Value]
    """What the program was told that the cloud made of it: its inputs, and stand-ins for the rest."""

    @property
    def package(self) -> str:
        """Whose resource it is: `aws`, `gcp`, `azure-native`, `rialto`."""
        return self.type.partition(":")[0]

    @property
    def is_provider(self) -> bool:
        """Whether it is an explicit provider."""
        return self.type.startswith(PROVIDER_PREFIX)


@dataclass(frozen=True, slots=True)
class Message:
    """What the program or an SDK said to whoever runs it."""

    severity: Literal["debug", "info", "warning", "error"]
    text: str
    urn: str


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that a program asked for."""

    resources: tuple[Registration, ...]
    """In an order in which an engine could make them; the stack itself is not among them."""
    outputs: Mapping[str, wire.Value]
    """What the stack exports."""
    secret_outputs: tuple[str, ...]
    messages: tuple[Message, ...]
    stack: str
    """The stack's URN, the parent of what has no other."""
    by_urn: Mapping[str, Registration] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Indexes the resources."""
        object.__setattr__(self, "by_urn", {resource.urn: resource for resource in self.resources})

    def of_type(self, kind: str) -> tuple[Registration, ...]:
        """Every resource of a type token, such as `aws:ec2/vpc:Vpc`."""
        return tuple(resource for resource in self.resources if resource.type == kind)

    def one(self, kind: str, name: str = "") -> Registration:
        """The only resource of a type, or the only one of that type and logical name.

        Raises:
            LookupError: there is none, or more than one; names what there is.
        """
        found = [resource for resource in self.of_type(kind) if name in ("", resource.name)]
        if len(found) != 1:
            there = ", ".join(resource.name for resource in self.of_type(kind)) or "none of the type"
            raise LookupError(f"{len(found)} of {kind} {name}; there is {there}")
        return found[0]

    def children(self, urn: str) -> tuple[Registration, ...]:
        """What stands directly under a resource."""
        return tuple(resource for resource in self.resources if resource.parent == urn)

    def ancestors(self, resource: Registration) -> Iterator[Registration]:
        """What it stands under, the nearest first; the stack is not among them."""
        while above := self.by_urn.get(resource.parent):
            yield above
            resource = above

    def sources(self, resource: Registration, key: str) -> tuple[Registration, ...]:
        """The resources that an input's value comes from, by type and name."""
        urns = resource.property_dependencies.get(key, frozenset())
        return tuple(sorted((self.by_urn[urn] for urn in urns), key=lambda source: (source.type, source.name)))


def record(
    program: Callable[[], Awaitable[None] | None],
    *,
    project: str = "region",
    stack: str = "test",
    config: Mapping[str, str] | None = None,
    outputs_for: stand_ins.OutputsFor | None = None,
    answers_for: stand_ins.AnswersFor | None = None,
    preview: bool = False,
) -> Recording:
    """Runs a program and keeps what it asks for. May be called again and again; each call stands alone.

    ``config`` is the stack's configuration by full key (`region:venue`). ``outputs_for`` overrides the stand-ins for
    what a cloud would answer; ``answers_for`` answers calls of a provider's functions, which otherwise are refused,
    since a plan without credentials can't make them. With ``preview`` whatever a cloud chooses is unknown, as at a
    first `pulumi preview`, so applied functions don't run on it.

    Raises:
        RecordingError: the engine would refuse the program.
        Exception: whatever the program raises.
    """
    monitor = Monitor(project=project, stack=stack, outputs_for=outputs_for, answers_for=answers_for, preview=preview)
    engine = _Engine()
    failures: list[BaseException] = []

    def run() -> None:
        # A thread of its own starts with an empty context, and all of the SDK's state is in context variables: nothing
        # of an earlier program is seen, and nothing of this one stays.
        try:
            set_all_config(dict(config or {}), [])
            settings.configure(
                settings.Settings(project=project, stack=stack, monitor=monitor, engine=engine, dry_run=preview)
            )
            asyncio.run(_run(program, failures))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, whatever it is
            failures.insert(0, error)

    thread = threading.Thread(target=run, name=f"record {project}/{stack}")
    thread.start()
    thread.join()
    if monitor.refusals:
        raise RecordingError("; ".join(monitor.refusals)) from (failures[0] if failures else None)
    if failures:
        raise failures[0]
    return _recording(monitor, engine)


async def _run(program: Callable[[], Awaitable[None] | None], failures: list[BaseException]) -> None:
    loop = asyncio.get_running_loop()
    # One worker serves the requests, so that their order is the program's.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    # What fails in an output that nobody awaits is the program's failure too.
    loop.set_exception_handler(lambda _, context: _keep(context, failures))
    with without_aliases():
        await pulumi_stack.run_in_stack(lambda: _settled(program))


async def _settled(program: Callable[[], Awaitable[None] | None]) -> None:
    """Runs the program and waits for all that it started.

    The SDK waits too, but looks at every open output each time that one is done: with hundreds of resources most of the
    time goes there. What fails is left for it to raise.
    """
    result = program()
    if result is not None:
        await result
    while pending := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(pending)


def _keep(context: Mapping[str, object], failures: list[BaseException]) -> None:
    error = context.get("exception")
    failures.append(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))


class _Engine:
    """Keeps what is logged; the engine's service of the same name."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def Log(self, request: Request) -> None:  # noqa: N802 - the name of the engine's call
        said = wire.message(request)
        severity: Literal["debug", "info", "warning", "error"] = "debug"
        for known in ("info", "warning", "error"):
            if said.get("severity") == known.upper():
                severity = known
        if severity != "debug":
            self.messages.append(Message(severity, wire.text(said.get("message")), wire.text(said.get("urn"))))


def _recording(monitor: Monitor, engine: _Engine) -> Recording:
    outputs, secrets = wire.unwrapped(monitor.stack_outputs)
    return Recording(
        resources=tuple(_registration(kept.request, kept.urn, kept.id, kept.outputs) for kept in monitor.kept.values()),
        outputs=wire.mapping(outputs),
        secret_outputs=secrets,
        messages=tuple(engine.messages),
        stack=monitor.stack_urn,
    )


def _registration(
    request: Mapping[str, wire.Value], urn: str, identity: str, outputs: Mapping[str, wire.Value]
) -> Registration:
    inputs, secrets = wire.unwrapped(wire.mapping(request.get("object")))
    depends = wire.mapping(request.get("propertyDependencies"))
    return Registration(
        urn=urn,
        type=wire.text(request.get("type")),
        name=wire.text(request.get("name")),
        parent=wire.text(request.get("parent")),
        custom=request.get("custom") is True,
        provider=wire.provider_urn(wire.text(request.get("provider"))),
        providers={
            package: wire.provider_urn(wire.text(reference))
            for package, reference in wire.mapping(request.get("providers")).items()
        },
        dependencies=frozenset(wire.texts(request.get("dependencies"))),
        property_dependencies={
            key: frozenset(wire.texts(wire.mapping(value).get("urns"))) for key, value in depends.items()
        },
        protect=request.get("protect") is True,
        retain_on_delete=request.get("retainOnDelete") is True,
        ignore_changes=tuple(wire.texts(request.get("ignoreChanges"))),
        inputs=wire.mapping(inputs),
        secret_inputs=secrets,
        id=identity,
        outputs=outputs,
    )
