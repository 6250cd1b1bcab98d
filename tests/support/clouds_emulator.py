"""Clouds that the real Pulumi engine can be run against: a provider's service for each package, on this machine alone.

The engine is told of them by PULUMI_DEBUG_PROVIDERS. They check inputs by the same schema check as the recorded
programs, and answer with the same stand-ins; what they hold is in `clouds_account`. What they don't know they say: no
function of a provider is answered, and a change is never called a replacement, with a message that names the inputs
whose change may be one.

Source: Pulumi's `provider.proto` ("ResourceProvider").
"""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import metadata
from types import TracebackType
from typing import NoReturn

import clouds_diff
import clouds_previews
import grpc
from clouds_account import Account, AccountError, Held
from clouds_recording import registration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from rialto_platform.clouds import schema_check, sdk_types, wire
from rialto_platform.clouds.recording import PROVIDER_PREFIX
from rialto_platform.clouds.stand_ins import Asked
from rialto_platform.clouds.wire import Value

_HOST = "127.0.0.1"
_THREADS = 16
_MOST_BYTES = 1 << 28
"""Of a message, as the engine allows itself; the default of 4 MiB is too small for a large stack."""
_OF_THE_ENGINE = frozenset({"version", "pluginDownloadURL", "__internal", "__defaults"})
"""Inputs that the engine itself adds to a provider's or a resource's."""
_LOADING = threading.Lock()
_LOADED: set[str] = set()
_KINDS = {
    "add": provider_pb2.PropertyDiff.ADD,
    "delete": provider_pb2.PropertyDiff.DELETE,
    "update": provider_pb2.PropertyDiff.UPDATE,
}


class Emulator:
    """The packages' services, from entering it until leaving it."""

    def __init__(self, packages: Sequence[str] = tuple(sdk_types.PACKAGES)) -> None:
        """Makes an account for each package."""
        self.providers = {package: Provider(package, Account()) for package in packages}
        self._servers: list[grpc.Server] = []
        self._ports: dict[str, int] = {}

    def __enter__(self) -> Emulator:
        """Serves each package on a port of its own."""
        for package, provider in self.providers.items():
            _load(f"{PROVIDER_PREFIX}{package}")
            limits = [("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES)]
            server = grpc.server(ThreadPoolExecutor(_THREADS, f"emulated {package}"), options=limits)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
            self._ports[package] = server.add_insecure_port(f"{_HOST}:0")
            server.start()
            self._servers.append(server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops serving."""
        for stopped in [server.stop(grace=None) for server in self._servers]:
            stopped.wait()
        self._servers.clear()

    def address(self, package: str) -> str:
        """Where a package is served."""
        return f"{_HOST}:{self._ports[package]}"

    @property
    def attached(self) -> str:
        """The value of PULUMI_DEBUG_PROVIDERS that attaches an engine to them."""
        return ",".join(f"{package}:{port}" for package, port in self._ports.items())

    def account(self, package: str) -> Account:
        """What a package's cloud holds."""
        return self.providers[package].account

    def held(self) -> tuple[Held, ...]:
        """What all the clouds hold."""
        return tuple(one for provider in self.providers.values() for one in provider.account.held())


# The methods have the names of the service in `provider.proto`.
class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One package's service."""

    def __init__(self, package: str, account: Account) -> None:
        """Serves what the account holds."""
        self.package = package
        self.account = account
        self.configured: set[str] = set()
        """The URNs of the providers that engines configured, explicit ones and default ones."""
        self._engine = ""

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """Keeps the engine's address, to tell it what isn't known here."""
        self._engine = request.address
        return Empty()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802
        """The version is the SDK's."""
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(  # noqa: N802
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """A schema without types: the SDK's classes are the schema here."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self.package, "version": self._version}))

    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Checks a provider's own inputs."""
        return self._checked(request)

    def DiffConfig(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Compares a provider's own inputs."""
        return self._compared(request)

    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Takes any configuration; secrets come in plain, and the engine marks what comes back."""
        self.configured.add(request.urn)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Checks a resource's inputs against the SDK's types."""
        return self._checked(request)

    def Diff(  # noqa: N802
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Says which properties changed, and that it doesn't know whether they force a replacement."""
        return self._compared(request)

    def Create(  # noqa: N802
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Makes a resource; in a preview, says what is known of it."""
        asked = _asked(request.urn, request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=wire.struct(clouds_previews.created(asked.type, asked.inputs))
            )
        try:
            made = self.account.create(asked)
        except AccountError as error:
            _fail(context, grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return provider_pb2.CreateResponse(id=made.id, properties=wire.struct(made.outputs))

    def Read(  # noqa: N802
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """What is there now; no id where nothing is."""
        found = self.account.read(_asked(request.urn, Struct()).type, request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id, properties=wire.struct(found.outputs), inputs=wire.struct(found.inputs)
        )

    def Update(  # noqa: N802
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Gives a resource other inputs; in a preview, says what is known of it."""
        asked = _asked(request.urn, request.news)
        if request.preview:
            known = clouds_previews.updated(asked.type, asked.inputs, wire.message(request.olds))
            return provider_pb2.UpdateResponse(properties=wire.struct(known))
        try:
            made = self.account.update(asked, request.id)
        except AccountError as error:
            _fail(context, grpc.StatusCode.NOT_FOUND, str(error))
        return provider_pb2.UpdateResponse(properties=wire.struct(made.outputs))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """Deletes a resource."""
        self.account.delete(_asked(request.urn, Struct()).type, request.id)
        return Empty()

    def Invoke(  # noqa: N802
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """Refuses: what a provider's function answers only its cloud knows."""
        _fail(context, grpc.StatusCode.UNIMPLEMENTED, f"the emulated {self.package} has no function {request.tok}")

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:  # noqa: N802
        """Nothing runs long enough to be cancelled."""
        return Empty()

    @property
    def _version(self) -> str:
        return metadata.version(sdk_types.PACKAGES[self.package])

    def _checked(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        asked = _asked(request.urn, request.news)
        given = _without_engines(asked.inputs)
        problems = schema_check.check_resource(registration(asked.type, given, urn=asked.urn, name=asked.name))
        failures = [
            provider_pb2.CheckFailure(property=problem.path, reason=f"{problem.wrong}; {problem.right}")
            for problem in problems
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def _compared(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        old, new = wire.message(request.old_inputs), wire.message(request.news)
        found = clouds_diff.changes(_without_engines(old), _without_engines(new))
        keys = sorted({change.key for change in found})
        if keys:
            self._say(
                request.urn,
                f"the emulated {self.package} doesn't know whether a change of {', '.join(keys)} forces a replacement; "
                "it updates in place",
            )
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=keys,
            detailedDiff={
                change.path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind], inputDiff=True) for change in found
            },
            hasDetailedDiff=True,
        )

    def _say(self, urn: str, text: str) -> None:
        if not self._engine:
            return
        with grpc.insecure_channel(self._engine) as channel:
            said = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn)
            # The SDK's stub names its messages by a module that isn't there.
            engine_pb2_grpc.EngineStub(channel).Log(said)  # pyright: ignore[reportUnknownMemberType]


def _asked(urn: str, properties: Struct) -> Asked:
    """A resource by its URN: its type is the last of those joined by ``$``."""
    kinds, _, name = urn.split("::", 2)[2].partition("::")
    kind = kinds.rpartition("$")[2]
    _load(kind)
    return Asked(kind, name, urn, wire.message(properties))


def _load(kind: str) -> None:
    """Loads the SDK's module of a type.

    The modules load themselves when they are first looked into: not whole, where a second thread looks meanwhile, and
    not at all, where their own warnings of deprecation are errors.
    """
    with _LOADING:
        if kind in _LOADED:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            # Whoever asks for a type that isn't there is told by the check.
            with suppress(sdk_types.UnknownTypeError):
                sdk_types.input_hints(sdk_types.args_class(kind))
        _LOADED.add(kind)


def _without_engines(inputs: Mapping[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in inputs.items() if key not in _OF_THE_ENGINE}


def _fail(context: grpc.ServicerContext, code: grpc.StatusCode, text: str) -> NoReturn:
    context.abort(code, text)
    raise AssertionError("abort raises")
