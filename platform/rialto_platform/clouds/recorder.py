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
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from google.protobuf.message import Message as Request
from pulumi.runtime import settings
from pulumi.runtime import stack as pulumi_stack
from pulumi.runtime.config import set_all_config

from rialto_platform.clouds import stand_ins, wire
from rialto_platform.clouds.recorder_monitor import Monitor
from rialto_platform.clouds.recording import PROVIDER_PREFIX, Message, Recording, Registration
from rialto_platform.clouds.without_aliases import without_aliases

__all__ = ["PROVIDER_PREFIX", "Message", "Recording", "RecordingError", "Registration", "record"]


class RecordingError(Exception):
    """A program that the engine would refuse; says which resource and why."""


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
