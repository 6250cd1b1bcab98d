"""What an attachment's stack exports, as the tunnels of its pairs read it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.outputs import Outputs


class _End(BaseModel):
    """Keys in camel case, as Pulumi's own; what a later version exports besides is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    version: Literal[1]
    venue: str
    region: str
    owner: str


class AwsEnd(_End):
    """The transit gateway is the VPN's gateway; its connections are the pair's."""

    cloud: Literal["aws"]
    transit_gateway_id: str
    transit_route_table_id: str


class GcpEnd(_End):
    """An HA VPN gateway with two interfaces, and the Cloud Router of the tunnels."""

    cloud: Literal["gcp"]
    gateway: str
    router: str
    addresses: tuple[str, str]


class AzureEnd(_End):
    """A VPN gateway with two instances."""

    cloud: Literal["azure"]
    resource_group: str
    gateway_id: str
    configuration_ids: tuple[str, str]
    """Of the instances' addresses."""
    addresses: tuple[str, str]


End: TypeAlias = AwsEnd | GcpEnd | AzureEnd

_END: TypeAdapter[End] = TypeAdapter(Annotated[End, Field(discriminator="cloud")])


def end(outputs: Outputs, region: str) -> End:
    """A region's end, as its attachment's stack exported it.

    Raises:
        CloudError: it was never collected, has no VPN gateway, or is of another version.
    """
    given = outputs.attachment(region)
    vpn = given.get("vpn")
    stack = f"interconnect/{region}"
    again = f"`pulumi up --stack {region}` in stacks/interconnect, then: rialto outputs collect {stack}"
    if not isinstance(vpn, dict):
        raise CloudError(outputs.file, f"has no VPN gateway of {stack}", again)
    common: dict[str, JsonValue] = {key: value for key, value in given.items() if key != "vpn"}
    try:
        return _END.validate_python(common | vpn)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        wrong = f"does not have what {stack} must export: {where}: {first['msg']}"
        raise CloudError(outputs.file, wrong, again) from error
