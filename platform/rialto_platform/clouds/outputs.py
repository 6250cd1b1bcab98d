"""What the stacks of a venue gave, in one versioned file: how stacks of different clouds know of one another.

Stack references do not cross state backends, and each cloud keeps its own; so `rialto outputs collect` writes
``stacks/outputs/<venue>.json`` and the programs take it as config. What a stack keeps secret never stands in it.

    {"version": 1, "venue": "three-clouds", "collected_ns": 1, "stacks": {"region/us": {...}, "interconnect/us": {...}}}

A reader ignores keys that it does not know, so that a stack may export more without a new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from rialto_platform.clouds.errors import CloudError
from rialto_platform.local import files

FILE_VERSION = 1
"""Of the file's own shape."""
REGION_VERSION = 1
"""Of what a region's stack exports."""

StackOutputs: TypeAlias = Mapping[str, JsonValue]
"""One stack's outputs, as `pulumi stack output --json` prints them."""


class _Part(BaseModel):
    """Keys in camel case, as Pulumi's own; nothing changes after it was read."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, alias_generator=to_camel)


class AwsNetwork(_Part):
    """A VPC and the transit gateway that its routes to the other regions point at."""

    id: str
    vpc_id: str
    transit_gateway_id: str
    transit_route_table_id: str


class GcpNetwork(_Part):
    """A VPC network."""

    id: str
    self_link: str
    name: str


class AzureNetwork(_Part):
    """A virtual network, and the subnet that its gateways must be in."""

    id: str
    resource_group: str
    vnet_name: str
    vnet_id: str
    gateway_subnet_id: str


class Cluster(_Part):
    """The Kubernetes cluster."""

    name: str
    endpoint: str
    identity_issuer: str
    """Whose tokens the cloud's identities trust (OpenID Connect)."""


class Keys(_Part):
    """Keys of the key service, by what they encrypt."""

    id: str
    backups: str
    secrets: str


class Backups(_Part):
    """Where backups go."""

    bucket: str
    location: str


class Registry(_Part):
    """Where images are pulled from."""

    url: str


class Entry(_Part):
    """How clients reach the region."""

    addresses: tuple[str, ...]
    """Static addresses of the order sessions."""
    dns_name: str
    """Empty while the venue has no domain."""
    name_servers: tuple[str, ...] = ()
    """Where the venue's domain must delegate the region's zone to."""
    health_path: str


class Sinks(_Part):
    """Where logs and metrics go."""

    logs: str
    metrics: str


class Identities(_Part):
    """Who the workloads are to the cloud."""

    engine: str
    backups: str


class _Region(_Part):
    """What every region's stack exports, whichever cloud it is in."""

    version: Literal[1]
    venue: str
    region: str
    owner: str
    """The account, project or subscription that it is built in."""
    cluster: Cluster
    keys: Keys
    backups: Backups
    registry: Registry
    entry: Entry
    sinks: Sinks
    identities: Identities


class AwsRegion(_Region):
    """A region on AWS."""

    cloud: Literal["aws"]
    network: AwsNetwork


class GcpRegion(_Region):
    """A region on Google Cloud."""

    cloud: Literal["gcp"]
    network: GcpNetwork


class AzureRegion(_Region):
    """A region on Azure."""

    cloud: Literal["azure"]
    network: AzureNetwork


RegionOutputs: TypeAlias = AwsRegion | GcpRegion | AzureRegion
"""What a region's stack exports."""


class _Listed(_Part):
    """Of a region, what the others' entries list."""

    version: Literal[1]
    entry: Entry


_T = TypeVar("_T")
_LISTED: TypeAdapter[_Listed] = TypeAdapter(_Listed)
_REGION: TypeAdapter[RegionOutputs] = TypeAdapter(Annotated[RegionOutputs, Field(discriminator="cloud")])


class Outputs(BaseModel):
    """The outputs file of one venue."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    version: Literal[1]
    venue: str
    collected_ns: int
    """When it was last written, since the epoch, UTC."""
    stacks: Mapping[str, Mapping[str, JsonValue]]
    """By project and stack: ``region/us``."""
    stacks_collected_ns: Mapping[str, int] = Field(default_factory=dict[str, int])
    """When each stack was read: one that could not be reached keeps what was read before."""
    file: str = Field(default="(outputs)", exclude=True)
    """Where it was read, for messages."""

    @classmethod
    def load(cls, path: Path) -> Outputs:
        """The file at `path`.

        Raises:
            CloudError: there is no such file, or it is not an outputs file of this version.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise CloudError(str(path), "is not there", "write it: rialto outputs collect region") from error
        except (OSError, UnicodeDecodeError) as error:
            raise CloudError(str(path), f"can't be read: {error}", "see that the path is right") from error
        try:
            read = cls.model_validate_json(text)
        except ValidationError as error:
            raise CloudError(
                str(path),
                f"is not an outputs file of version {FILE_VERSION}: {_first(error)}",
                "rialto outputs collect",
            ) from error
        return read.model_copy(update={"file": str(path)})

    def write(self, path: Path) -> None:
        """Replaces the file in one step.

        Raises:
            OSError: it can't be written.
        """
        files.write_text(path, self.model_dump_json(indent=2) + "\n")

    def stack(self, name: str) -> StackOutputs:
        """What a stack such as ``interconnect/us-asia`` exported.

        Raises:
            CloudError: it was never collected.
        """
        found = self.stacks.get(name)
        if found is None:
            project, _, stack = name.partition("/")
            up = f"bring it up first (`pulumi up --stack {stack}` in stacks/{project})"
            raise CloudError(self.file, f"has no outputs of {name}", f"{up}, then: rialto outputs collect {name}")
        return found

    def region(self, name: str) -> RegionOutputs:
        """What a region's stack exported.

        Raises:
            CloudError: it was never collected, or it is not what this version of the programs exports.
        """
        return self._read(_REGION, name)

    def _read(self, of: TypeAdapter[_T], name: str) -> _T:
        stack = f"region/{name}"
        try:
            return of.validate_python(_tuples(self.stack(stack)))
        except ValidationError as error:
            raise CloudError(
                self.file,
                f"does not have what {stack} must export (version {REGION_VERSION}): {_first(error)}",
                f"`pulumi up --stack {name}` in stacks/region, then: rialto outputs collect {stack}",
            ) from error

    def attachment(self, region: str) -> StackOutputs:
        """What the stack of a region's circuits and gateways exported; raises as `stack` does."""
        return self.stack(f"interconnect/{region}")

    def entries(self, but: str) -> Mapping[str, tuple[str, ...]]:
        """The static addresses of the entries of all collected regions but one; nothing else of them is looked at.

        Raises:
            CloudError: a region's entry is not what this version of the programs exports.
        """
        regions = [name.removeprefix("region/") for name in self.stacks if name.startswith("region/")]
        return {name: self._read(_LISTED, name).entry.addresses for name in regions if name != but}


def _tuples(value: JsonValue | StackOutputs) -> object:
    """Lists as tuples, which is what strict models take from Python."""
    if isinstance(value, Mapping):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _first(error: ValidationError) -> str:
    """The first of the problems, with its path."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{where + ': ' if where else ''}{first['msg']}{more}"
