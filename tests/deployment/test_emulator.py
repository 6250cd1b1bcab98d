"""The emulated clouds over their protocol, as an engine calls them: no CLI is needed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, cast

import clouds_diff
import clouds_previews
import grpc
import pytest
from clouds_emulator import Emulator
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rialto_platform.clouds import wire
from rialto_platform.clouds.wire import Value

VPC = "aws:ec2/vpc:Vpc"
BUCKET = "aws:s3/bucket:Bucket"
DIFFERS = provider_pb2.DiffResponse.DIFF_SOME
SAME = provider_pb2.DiffResponse.DIFF_NONE


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:test::region::rialto:aws:Ground${kind}::{name}"


class Stub(Protocol):
    """The SDK's stub with its messages' types; its own names them by a module that isn't there."""

    def GetPluginInfo(self, request: Empty) -> plugin_pb2.PluginInfo: ...  # noqa: N802
    def GetSchema(self, request: provider_pb2.GetSchemaRequest) -> provider_pb2.GetSchemaResponse: ...  # noqa: N802
    def DiffConfig(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse: ...  # noqa: N802
    def Invoke(self, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse: ...  # noqa: N802
    def Check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse: ...  # noqa: N802
    def Diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse: ...  # noqa: N802
    def Create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse: ...  # noqa: N802
    def Read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse: ...  # noqa: N802
    def Update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse: ...  # noqa: N802
    def Delete(self, request: provider_pb2.DeleteRequest) -> Empty: ...  # noqa: N802


class Client:
    """The calls of an engine, with plain values."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = cast("Stub", provider_pb2_grpc.ResourceProviderStub(channel))

    def check(self, kind: str, inputs: dict[str, Value]) -> list[tuple[str, str]]:
        request = provider_pb2.CheckRequest(urn=urn(kind, "it"), news=wire.struct(inputs))
        return [(failure.property, failure.reason) for failure in self.stub.Check(request).failures]

    def create(self, kind: str, name: str, inputs: dict[str, Value], *, preview: bool = False) -> dict[str, Value]:
        request = provider_pb2.CreateRequest(urn=urn(kind, name), properties=wire.struct(inputs), preview=preview)
        answer = self.stub.Create(request)
        return {**wire.message(answer.properties), "id": answer.id}

    def read(self, kind: str, name: str, identity: str) -> provider_pb2.ReadResponse:
        return self.stub.Read(provider_pb2.ReadRequest(id=identity, urn=urn(kind, name)))

    def diff(self, kind: str, old: dict[str, Value], new: dict[str, Value]) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            id="1", urn=urn(kind, "it"), old_inputs=wire.struct(old), news=wire.struct(new)
        )
        return self.stub.Diff(request)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(("aws",)) as served:
        yield served


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Client]:
    with grpc.insecure_channel(emulator.address("aws")) as channel:
        yield Client(channel)


def test_an_engine_is_told_where_each_package_is_and_which_version(emulator: Emulator, client: Client) -> None:
    assert emulator.attached == f"aws:{emulator.address('aws').rpartition(':')[2]}"
    assert client.stub.GetPluginInfo(Empty()).version.startswith("7.")
    assert '"name": "aws"' in client.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema


def test_inputs_are_held_against_the_sdks_types(client: Client) -> None:
    assert client.check(VPC, {"cidrBlock": "10.16.0.0/16"}) == []
    [(path, reason)] = client.check(VPC, {"cidrBlok": "10.16.0.0/16"})
    assert path == "cidrBlok"
    assert "cidrBlock" in reason
    [(path, _)] = client.check(BUCKET, {"loggings": [{"targetBuket": "logs"}]})[:1]
    assert path.startswith("loggings")
    assert client.check("aws:ec2/vpc:Vcp", {})[0][1].startswith("aws:ec2/vpc:Vcp is not a type")


def test_a_value_that_a_preview_does_not_know_passes(client: Client) -> None:
    assert client.check(VPC, {"cidrBlock": wire.UNKNOWN}) == []


def test_what_is_created_is_read_updated_and_deleted(emulator: Emulator, client: Client) -> None:
    made = client.create(VPC, "net", {"cidrBlock": "10.16.0.0/16"})
    assert str(made["arn"]).startswith("arn:aws:ec2:")
    identity = str(made["id"])
    assert client.read(VPC, "net", identity).id == identity
    client.stub.Update(
        provider_pb2.UpdateRequest(
            id=identity,
            urn=urn(VPC, "net"),
            olds=wire.struct({"cidrBlock": "10.16.0.0/16"}),
            news=wire.struct({"cidrBlock": "10.16.0.0/16", "enableDnsHostnames": True}),
        )
    )
    now = client.read(VPC, "net", identity)
    assert wire.message(now.inputs)["enableDnsHostnames"] is True
    assert wire.message(now.properties)["arn"] == made["arn"]
    client.stub.Delete(provider_pb2.DeleteRequest(id=identity, urn=urn(VPC, "net")))
    assert client.read(VPC, "net", identity).id == ""
    assert emulator.held() == ()


def test_a_preview_makes_nothing_and_promises_nothing_that_only_the_cloud_knows(
    emulator: Emulator, client: Client
) -> None:
    promised = client.create(VPC, "net", {"cidrBlock": "10.16.0.0/16"}, preview=True)
    assert promised.pop("cidrBlock") == "10.16.0.0/16"
    assert promised.pop("id") == ""
    assert promised["arn"] == wire.UNKNOWN
    assert set(promised.values()) == {wire.UNKNOWN}
    assert emulator.held() == ()


def test_a_preview_does_not_know_the_inner_parts_that_the_cloud_adds() -> None:
    inputs: dict[str, Value] = {"oidcIssuerProfile": {"enabled": True}}
    cluster = "azure-native:containerservice:ManagedCluster"
    promised = clouds_previews.created(cluster, inputs)
    assert promised["oidcIssuerProfile"] == {"enabled": True, "issuerURL": wire.UNKNOWN}
    known = clouds_previews.updated(
        cluster, inputs, {"oidcIssuerProfile": {"enabled": False, "issuerURL": "https://i"}}
    )
    assert known == {"oidcIssuerProfile": {"enabled": True, "issuerURL": "https://i"}}


def test_the_same_resource_is_not_made_twice(client: Client) -> None:
    client.create(VPC, "net", {})
    with pytest.raises(grpc.RpcError, match="is there already"):
        client.create(VPC, "net", {})


def test_what_is_gone_is_not_updated(client: Client) -> None:
    request = provider_pb2.UpdateRequest(id="vpc-0", urn=urn(VPC, "net"))
    with pytest.raises(grpc.RpcError, match="is not there"):
        client.stub.Update(request)


def test_a_difference_is_named_to_the_property_and_is_never_called_a_replacement(client: Client) -> None:
    old: dict[str, Value] = {"cidrBlock": "10.16.0.0/16", "tags": {"venue": "a", "managed-by": "pulumi"}}
    assert client.diff(VPC, old, old).changes == SAME
    found = client.diff(VPC, old, {**old, "tags": {"venue": "a", "managed-by": "hand"}})
    assert found.changes == DIFFERS
    assert list(found.diffs) == ["tags"]
    assert list(found.detailedDiff) == ['tags["managed-by"]']
    assert list(client.diff(VPC, old, {**old, "cidrBlock": "10.17.0.0/16"}).replaces) == []


def test_what_the_engine_adds_to_a_providers_inputs_is_no_difference(client: Client) -> None:
    request = provider_pb2.DiffRequest(
        urn=urn("pulumi:providers:aws", "it"),
        old_inputs=wire.struct({"region": "us-east-1", "version": "7.51.0"}),
        news=wire.struct({"region": "us-east-1", "version": "7.51.1"}),
    )
    assert client.stub.DiffConfig(request).changes == SAME


def test_a_function_of_a_provider_is_refused_by_name(client: Client) -> None:
    with pytest.raises(grpc.RpcError, match="no function aws:index/getCallerIdentity:getCallerIdentity"):
        client.stub.Invoke(provider_pb2.InvokeRequest(tok="aws:index/getCallerIdentity:getCallerIdentity"))


def test_drift_and_loss_are_seen_by_the_next_read(emulator: Emulator, client: Client) -> None:
    identity = str(client.create(VPC, "net", {"cidrBlock": "10.16.0.0/16"})["id"])
    emulator.account("aws").drift(urn(VPC, "net"), enableDnsSupport=False)
    assert wire.message(client.read(VPC, "net", identity).inputs)["enableDnsSupport"] is False
    emulator.account("aws").lose(urn(VPC, "net"))
    assert client.read(VPC, "net", identity).id == ""
    with pytest.raises(LookupError):
        emulator.account("aws").lose(urn(VPC, "net"))


def test_a_refusal_is_for_one_resource_once(emulator: Emulator, client: Client) -> None:
    emulator.account("aws").refuse(VPC, "VpcLimitExceeded")
    client.create(BUCKET, "logs", {})
    with pytest.raises(grpc.RpcError, match="VpcLimitExceeded"):
        client.create(VPC, "net", {})
    client.create(VPC, "net", {})


def test_many_threads_lose_nothing_and_share_no_id(emulator: Emulator, client: Client) -> None:
    def made(name: str) -> str:
        return str(client.create(VPC, name, {"cidrBlock": "10.0.0.0/16"})["id"])

    def read(name: str, identity: str) -> str:
        return client.read(VPC, name, identity).id

    def deleted(name: str, identity: str) -> Empty:
        return client.stub.Delete(provider_pb2.DeleteRequest(id=identity, urn=urn(VPC, name)))

    names = [f"net-{number}" for number in range(64)]
    with ThreadPoolExecutor(16) as pool:
        identities = list(pool.map(made, names))
        assert len(set(identities)) == len(names)
        assert len(emulator.held()) == len(names)
        assert list(pool.map(read, names, identities)) == identities
        assert len(list(pool.map(deleted, names, identities))) == len(names)
    assert emulator.held() == ()
    assert emulator.account("aws").calls() == {"create": 64, "read": 64, "delete": 64}


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", "update")]),
        ({}, {"a": [1]}, [("a", "add")]),
        ({"a": 1}, {}, [("a", "delete")]),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, [("a.b.c", "update")]),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", "delete")]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [("a[0].b", "update")]),
        ({"a": {"x.y/z": 1}}, {"a": {"x.y/z": 2}}, [('a["x.y/z"]', "update")]),
        ({"a": 1}, {"a": [1]}, [("a", "update")]),
    ],
)
def test_only_the_smallest_parts_that_differ_are_named(
    old: dict[str, Value], new: dict[str, Value], paths: list[tuple[str, str]]
) -> None:
    found = clouds_diff.changes(old, new)
    assert [(change.path, change.kind) for change in found] == paths
    assert {change.key for change in found} <= {"a"}
