"""The venue model: what one venue file declares.

Every amount is an integer in a base unit named by the attribute (``_e4`` is 1e-4 of the currency, ``_ns``
nanoseconds, ``_bps`` bits a second, ``_bp`` basis points, ``_ppm`` parts per million, ``_bytes``); the file's
key, an alias, has no unit in its name, since its value carries one. Mappings and tuples keep the order of the
file. Build a :class:`Venue` with :func:`rialto_platform.venue.load`, which also checks what spans several values.
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from rialto_platform.venue import units

Cloud: TypeAlias = Literal["aws", "gcp", "azure"]
Durability: TypeAlias = Literal["zone", "region"]
Product: TypeAlias = Literal[
    "dedicated", "premium-metered", "premium-unlimited", "standard-metered", "standard-unlimited"
]


def _amount(parse: Callable[[str], int], pattern: str, example: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """The validator and the schema of an amount written as text."""

    def validate(value: object) -> int:
        if not isinstance(value, str):
            raise PydanticCustomError("not_text", "not text")
        try:
            return parse(value)
        except units.AmountError as error:
            raise _refusal(error.wrong, error.right) from None

    return BeforeValidator(validate), WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


def _refusal(wrong: str, right: str) -> PydanticCustomError:
    return PydanticCustomError("wrong_amount", "{wrong}; {right}", {"wrong": wrong, "right": right})


def _cidr(value: object) -> IPv4Network:
    if not isinstance(value, str):
        raise PydanticCustomError("not_text", "not text")
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        right = "write an address and a prefix length, such as 10.1.0.0/16"
        raise _refusal(f'"{value}" is not an IPv4 range', right) from None
    if not value.endswith(f"/{network.prefixlen}"):
        raise _refusal(f'"{value}" has no prefix length', f"write it as {network.network_address}/16")
    if str(network) != value:
        raise _refusal(f"{value} has bits set beyond its prefix", f"the range is {network}")
    return network


_CIDR_SCHEMA = {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$", "examples": ["10.1.0.0/16"]}
_UNIT = r"^\d+(\.\d+)? ?"

PriceE4 = Annotated[int, *_amount(units.parse_price, r"^\d+(\.\d{1,4})?$", "0.01")]
ValueE4 = Annotated[int, *_amount(units.parse_value, r"^\d+(\.\d{1,4})?$", "1000000.00")]
BasisPoints = Annotated[int, *_amount(units.parse_percent, _UNIT + "%$", "10 %")]
Bandwidth = Annotated[int, *_amount(units.parse_bandwidth, _UNIT + "(k|M|G|T)bit/s$", "10 Gbit/s")]
Loss = Annotated[int, *_amount(units.parse_loss, _UNIT + "(%|ppm)$", "0.1 %")]
Duration = Annotated[int, *_amount(units.parse_duration, _UNIT + "(ns|us|µs|ms|s|min|h)$", "1 ms")]
Size = Annotated[int, *_amount(units.parse_size, _UNIT + "(KiB|MiB|GiB|TiB|MB|GB|TB)$", "4 GiB")]
Cidr = Annotated[IPv4Network, BeforeValidator(_cidr), WithJsonSchema(_CIDR_SCHEMA)]


RULES = {
    r"^[a-z][a-z0-9-]{0,15}$": "a name of at most 16 lower-case letters, digits and hyphens, a letter first",
    r"^[A-Z][A-Z0-9_-]{0,15}$": "a name of at most 16 capital letters, digits, _ and -, a letter first",
    r"^[A-Z0-9.+=-]{1,8}$": "one to eight capital letters, digits or . + = -",
    r"^[A-Z0-9]{1,6}$": "one to six capital letters or digits",
    r"^[a-z0-9-]{1,32}$": "the cloud's own name, such as us-east-1, in lower case",
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$": (
        "a DNS name in lower case, such as venue.example.com"
    ),
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$": "the cloud's own name of a machine type, such as c6in.8xlarge",
    r"^[A-Za-z0-9][A-Za-z0-9 ,.()/-]{0,62}$": "the facility's name: letters, digits, spaces and , . ( ) / -",
    r"^[A-Za-z0-9][A-Za-z0-9._%+@:/-]{0,253}$": "a group's e-mail address, principal or object id",
}
"""The patterns of names in words, for messages."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
AccountName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]{0,15}$")]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9.+=-]{1,8}$")]
Username = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,6}$")]
Location = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
Domain = Annotated[
    str,
    StringConstraints(
        max_length=253, pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$"
    ),
]
Machine = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Facility = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ,.()/-]{0,62}$")]
Principal = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._%+@:/-]{0,253}$")]
Asn = Annotated[int, Field(ge=1, le=0xFFFF_FFFF)]
Quantity = Annotated[int, Field(ge=1, le=units.MAX_QUANTITY)]


class Strict(BaseModel):
    """No conversions, no unknown keys, nothing changes after it was read."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Region(Strict):
    """One place in one cloud."""

    cloud: Cloud = Field(description="Whose cloud.")
    location: Location = Field(description="The cloud's own name of the place: us-east-1, asia-east1, westeurope.")
    zones: tuple[Location, ...] = Field(
        min_length=1, max_length=9, description="Zones in use; the first is used first."
    )
    cidr: Cidr = Field(description="The region's private addresses; no two regions overlap.")
    machine: Machine | None = Field(
        default=None, description="Machine type of the nodes that run the engine; absent: a usual one of the cloud."
    )
    asn: Asn | None = Field(
        default=None, description="The region's own BGP number, towards VPNs and, on Google Cloud, the carrier."
    )
    circuit_asn: Asn | None = Field(
        default=None,
        description="AWS: of the Direct Connect gateway, which speaks to the carrier; another than that of the region.",
    )


class Access(Strict):
    """Who may operate the venue."""

    operators: tuple[Principal, ...] = Field(
        min_length=1, description="Groups, as each cloud names them: an e-mail address, a principal, an object id."
    )


class Router(Strict):
    """A carrier's virtual router: what circuits end at, on the carrier's side."""

    facility: Facility = Field(description="Where it is: Equinix DC2, Ashburn.")
    asn: Asn = Field(description="Its BGP number.")
    region: Name = Field(description="The region it serves.")


class Carrier(Strict):
    """Who carries traffic between its own routers; routers of two carriers do not meet."""

    provider: Facility = Field(description="Its name, as Azure lists it among the providers of ExpressRoute: Equinix.")
    routers: Mapping[Name, Router] = Field(
        min_length=1, description="Its virtual routers, by a name of your own; a name stands once over all carriers."
    )


class Circuit(Strict):
    """What a region buys of its cloud to meet a carrier's router."""

    region: Name = Field(description="The region it belongs to.")
    router: Name = Field(description="The carrier's router it ends at.")
    product: Product = Field(description="AWS and Google Cloud: dedicated; Azure: the SKU and how data is billed.")
    bandwidth_bps: Bandwidth = Field(alias="bandwidth", description="A size that the cloud sells: 10 Gbit/s.")
    facility: Facility = Field(
        description="Where it meets the cloud, in the cloud's own words: EqDC2, hkg-zone1-1118, London."
    )
    vlan: int = Field(ge=2, le=4094, description="Its tag; once at each router.")
    prefixes: tuple[Cidr, ...] = Field(
        min_length=1, max_length=2, description="Of its BGP sessions: AWS one /30, Google Cloud one /29, Azure two /30."
    )
    preference: int = Field(
        default=1, ge=1, le=3, description="Of a region's circuits the lowest is used first; equal ones share."
    )
    md5: bool = Field(
        default=True, description="Whether BGP messages are signed; the key is a secret of the stack, never here."
    )
    macsec: bool = Field(default=False, description="Whether the line to the cloud is encrypted (AWS, Google Cloud).")


class Vpn(Strict):
    """IPsec between two regions: carries traffic until, and whenever, the circuits do not."""

    inside: Cidr = Field(description="A link-local /28 for the addresses inside its four tunnels.")


class Interconnect(Strict):
    """The private link between two regions: circuits of both with one carrier, a VPN, or one behind the other."""

    between: tuple[Name, Name] = Field(description="The two regions it joins.")
    bandwidth_bps: Bandwidth = Field(alias="bandwidth", description="Of the primary circuits, each way.")
    latency_ns: Duration = Field(alias="latency", description="One way; a round trip takes twice as long.")
    jitter_ns: Duration = Field(
        default=0, alias="jitter", description="Each way takes up to so much longer, evenly spread; none unless given."
    )
    loss_ppm: Loss = Field(
        default=0,
        alias="loss",
        description="Of segments, each way; a lost one arrives late by a retransmission's time; none unless given.",
    )
    redundant: bool = Field(
        default=False, description="Whether each end must have two circuits, in two facilities; not asked unless given."
    )
    vpn: Vpn | None = Field(default=None, description="The VPN behind the circuits, or alone.")

    @property
    def slowest_round_trip_ns(self) -> int:
        """The longest that a round trip takes while nothing is lost or waits for bandwidth."""
        return 2 * (self.latency_ns + self.jitter_ns)


class Instrument(Strict):
    """What is traded. Its number in its market is its position in the list, from 1: add new ones at the end."""

    symbol: Symbol = Field(description="At most eight characters, as in ITCH.")
    tick_size_e4: PriceE4 = Field(alias="tick_size", description='Prices are multiples of it: "0.01".')
    lot_size: Quantity = Field(description="Quantities are multiples of it.")
    collar_bp: BasisPoints | None = Field(
        default=None, alias="collar", description="How far a limit price may be from the last trade; absent: anywhere."
    )
    reference_price_e4: PriceE4 | None = Field(
        default=None, alias="reference_price", description="Stands for the last trade until there is one."
    )


class Account(Strict):
    """Whose limits an order counts against, and the logins that send for it.

    Accounts and sessions are numbered by position in their market, from 1: add new ones at the end.
    """

    max_order_quantity: Quantity = Field(description="The largest quantity of one order.")
    max_order_value_e4: ValueE4 = Field(
        alias="max_order_value", description="The largest price times quantity of one order."
    )
    max_open_orders: int = Field(ge=1, le=0xFFFF_FFFF, description="The most orders resting at once.")
    sessions: tuple[Username, ...] = Field(
        min_length=1,
        description="Logins of its order sessions; passwords are made at the first start, never written here.",
    )
    cancel_on_disconnect: bool = Field(
        default=False,
        description="Whether a session's resting orders are cancelled when its client is gone; a lost leader is none.",
    )


class Market(Strict):
    """A set of instruments that share one sequenced log. Its number is its position among the markets, from 1."""

    home: Name = Field(description="The region that leads it.")
    durability: Durability = Field(
        description="zone: acknowledged once a majority of the home's zones hold it; region: a majority of regions."
    )
    peak_orders_per_second: int = Field(ge=1, description="What links, memory and disks are planned for.")
    checkpoint_interval_ns: Duration = Field(
        default=60 * 10**9, alias="checkpoint_interval", description="Between two checkpoints; a minute unless given."
    )
    instruments: tuple[Instrument, ...] = Field(min_length=1, description="What is traded; add new ones at the end.")
    accounts: Mapping[AccountName, Account] = Field(
        min_length=1, description="Who trades, by name; new ones at the end."
    )
    feed_users: tuple[Username, ...] = Field(default=(), description="Logins of the market data feed.")


class Objectives(Strict):
    """What the venue promises."""

    acknowledgement_p99_ns: Duration = Field(
        alias="acknowledgement_p99", description="From order in to acknowledgement out."
    )
    outage_ns: Duration = Field(alias="outage", description="The longest gap in trading when one replica is lost.")
    loss_ns: Duration = Field(
        alias="loss",
        description="How much of what was acknowledged may be gone when a home region is lost: 0 s for nothing.",
    )


class Flow(Strict):
    """Generated order flow for one market."""

    orders_per_second: int = Field(ge=1, description="Over all its sessions.")
    duration_ns: Duration = Field(alias="duration", description="It ends by itself after this.")
    instruments: tuple[Symbol, ...] = Field(min_length=1, description="The first is traded most (Zipf).")
    sessions: tuple[Username, ...] = Field(min_length=1, description="The logins that send it.")
    resting_orders: int = Field(ge=1, description="About how many orders it keeps in the books.")
    seed: int = Field(ge=0, le=0xFFFF_FFFF, description="The same seed sends the same orders.")


class Node(Strict):
    """What one node may use."""

    memory_bytes: Size = Field(
        alias="memory", description="For every resting order of every market, and the node itself."
    )
    disk_bytes: Size = Field(alias="disk", description="For journals, checkpoints and streams.")


class Failover(Strict):
    """How the loss of a leader is noticed."""

    accelerated: bool = Field(
        default=False,
        description="Whether a leader whose process died is noticed by its closed connections, besides by timers.",
    )


class Venue(Strict):
    """Everything one venue file declares."""

    model_config = ConfigDict(title="Rialto venue file")

    name: Name = Field(alias="venue", description="Its name.")
    regions: Mapping[Name, Region] = Field(min_length=1, description="Places, by a name of your own.")
    interconnects: tuple[Interconnect, ...] = Field(default=(), description="Private links between regions.")
    carriers: Mapping[Name, Carrier] = Field(
        default_factory=dict[str, Carrier], description="Who joins the regions' circuits, by a name of your own."
    )
    circuits: Mapping[Name, Circuit] = Field(
        default_factory=dict[str, Circuit], description="What regions buy to meet a carrier, by a name of your own."
    )
    domain: Domain | None = Field(default=None, description="The DNS name that clients enter by.")
    access: Access | None = Field(default=None, description="Who may operate it.")
    node: Node = Field(description="What each node may use.")
    markets: Mapping[Name, Market] = Field(min_length=1, description="Markets, by name.")
    failover: Failover = Field(default_factory=Failover, description="How the loss of a leader is noticed.")
    objectives: Objectives = Field(description="What the venue promises.")
    flow: Mapping[Name, Flow] = Field(
        default_factory=dict[str, Flow], description="Generated order flow, by the market it is sent to."
    )

    def link(self, one: str, other: str) -> Interconnect | None:
        """The interconnect that joins two regions, in either order; ``None`` if there is none."""
        return next((link for link in self.interconnects if set(link.between) == {one, other}), None)

    def homes(self) -> tuple[str, ...]:
        """The regions that lead a market, in the order of the file."""
        leading = {market.home for market in self.markets.values()}
        return tuple(name for name in self.regions if name in leading)
