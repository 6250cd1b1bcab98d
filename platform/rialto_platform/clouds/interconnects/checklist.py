"""What a person must order, from whom, in which order, with every value to give: no program can sign for a cable.

A circuit is made in two steps. The first `pulumi up` of a region's stack orders the cloud's end (a connection, an
interconnect, a circuit). Then people work: letters of authorisation (LOA-CFA) or a service key go to the carrier, and a
technician patches a fibre. When the line is up, the circuit's name is set in the stack's `delivered` list, and the
second `pulumi up` makes what needs a line: virtual interface, attachment, peering, connection. Meanwhile the VPN
carries.

Sources: AWS Direct Connect User Guide, "Requesting cross connects"; Google Cloud, "Dedicated Interconnect: provisioning
overview" and "Retrieve LOA-CFAs"; Microsoft, "ExpressRoute workflows for circuit provisioning and circuit states".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rialto_platform.clouds.interconnects import routes, secrets
from rialto_platform.clouds.interconnects.bgp import CircuitSession, circuit_sessions
from rialto_platform.venue import Circuit, Venue, units
from rialto_platform.venue.ways import circuits, routers

YOU = "you"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a person does."""

    number: int
    """From 1, in the order in which they are done."""
    region: str
    """Empty for what serves all of them."""
    who: str
    """To whom the person turns: a carrier, a cloud, or `YOU`, to do it alone."""
    what: str
    values: Mapping[str, str]
    """What to give or to type, by what it is called there."""
    after: tuple[int, ...]
    """The steps that must be done before."""


@dataclass(frozen=True, slots=True)
class _Step:
    region: str
    who: str
    what: str
    values: Mapping[str, str]
    key: str
    after: tuple[str, ...] = ()


def steps(venue: Venue) -> tuple[Step, ...]:
    """Everything to be ordered for a venue's circuits; none where it has none.

    Raises:
        CloudError: as `bgp.circuit_sessions`.
    """
    found = list(_steps(venue))
    numbers = {step.key: number for number, step in enumerate(found, 1)}
    return tuple(
        Step(number, step.region, step.who, step.what, step.values, tuple(numbers[key] for key in step.after))
        for number, step in enumerate(found, 1)
    )


def _steps(venue: Venue) -> Iterator[_Step]:
    used = {circuit.router for circuit in venue.circuits.values()}
    for name, (carrier, router) in routers(venue).items():
        if name in used:
            values = {"name": name, "facility": router.facility, "ASN": str(router.asn)}
            provider = venue.carriers[carrier].provider
            yield _Step("", provider, f"order the virtual router {name}", values, f"router {name}")
    for carrier in venue.carriers.values():
        pairs = _joined(venue, carrier.routers)
        if pairs:
            values = {" - ".join(pair): units.exact_bandwidth_text(bandwidth) for pair, bandwidth in pairs.items()}
            after = tuple(f"router {name}" for name in carrier.routers if name in used)
            what = "order transport between its routers, BGP between them"
            yield _Step("", carrier.provider, what, values, f"transport {carrier.provider}", after)
    for region in venue.regions:
        if circuits(venue, region):
            yield from _of_region(venue, region)


def _joined(venue: Venue, own: Mapping[str, object]) -> Mapping[tuple[str, str], int]:
    """Pairs of a carrier's routers that circuits of joined regions end at, with what must pass between them."""
    found: dict[tuple[str, str], int] = {}
    for link in venue.interconnects:
        ends = [[c.router for c in circuits(venue, region).values() if c.router in own] for region in link.between]
        for one in ends[0]:
            for other in ends[1]:
                found[one, other] = link.bandwidth_bps
    return found


def _of_region(venue: Venue, region: str) -> Iterator[_Step]:
    keys = {secret.key: f"{secret.command}  # {secret.form}" for secret in secrets.of_region(venue, region)}
    ordered = f"up {region}"
    up = f"pulumi up --stack {region}"
    if keys:
        yield _Step(region, YOU, "set the secrets of the stack, in stacks/interconnect", keys, f"keys {region}")
    needs = (f"keys {region}",) if keys else ()
    what = "order the cloud's end of the circuits, in stacks/interconnect"
    yield _Step(region, YOU, what, {"command": up}, ordered, needs)
    for name, circuit in circuits(venue, region).items():
        of = [session for session in circuit_sessions(venue, region) if session.circuit == name]
        yield from _BY_CLOUD[venue.regions[region].cloud](venue, name, circuit, ordered)
        yield from _delivered(venue, name, circuit, of, up)


def _aws(venue: Venue, name: str, circuit: Circuit, ordered: str) -> Iterator[_Step]:
    provider = _provider(venue, circuit)
    loa = {
        "connection": f"{venue.name}-{circuit.region}-{name}",
        "command": (
            "aws directconnect describe-loa --connection-id ID --query loaContent --output text | base64 -d > loa.pdf"
        ),
        "when": "within 72 hours of the order, by e-mail too; it lapses after 90 days",
    }
    yield _Step(circuit.region, "AWS", f"fetch the LOA-CFA of {name}", loa, f"loa {name}", (ordered,))
    yield _cross_connect(venue, name, circuit, provider)
    if circuit.macsec:
        keys = {"CKN": f"as set under {secrets.macsec_name(name)}", "CAK": f"as set under {secrets.macsec_key(name)}"}
        yield _macsec(circuit, name, provider, keys)


def _gcp(venue: Venue, name: str, circuit: Circuit, ordered: str) -> Iterator[_Step]:
    provider = _provider(venue, circuit)
    full = f"{venue.name}-{circuit.region}-{name}"
    loa = {
        "interconnect": full,
        "where": "the console, Hybrid Connectivity, Cloud Interconnect; by e-mail to the NOC contact too",
        "then": "when the fibre is patched Google tests the light and the link with an address of its own, by e-mail",
    }
    yield _Step(circuit.region, "Google Cloud", f"fetch the LOA-CFA of {name}", loa, f"loa {name}", (ordered,))
    yield _cross_connect(venue, name, circuit, provider)
    if circuit.macsec:
        command = f"gcloud compute interconnects macsec get-config {full}"
        yield _macsec(circuit, name, provider, {"CKN and CAK": f"Google makes them: {command}"})


def _azure(venue: Venue, name: str, circuit: Circuit, ordered: str) -> Iterator[_Step]:
    values = {
        "service key": f"pulumi stack output serviceKeys --show-secrets --stack {circuit.region}, under {name}",
        "peering location": circuit.facility,
        "bandwidth": units.exact_bandwidth_text(circuit.bandwidth_bps),
        "router": circuit.router,
        "links": "primary and secondary, both, to the router",
    }
    what = f"give the service key of {name}, and have the circuit provisioned"
    yield _Step(
        circuit.region, _provider(venue, circuit), what, values, f"line {name}", (ordered, f"router {circuit.router}")
    )


_BY_CLOUD = {"aws": _aws, "gcp": _gcp, "azure": _azure}


def _cross_connect(venue: Venue, name: str, circuit: Circuit, provider: str) -> _Step:
    _, router = routers(venue)[circuit.router]
    values = {
        "LOA-CFA": f"of {name}",
        "facility": circuit.facility,
        "router": f"{circuit.router}, {router.facility}",
        "port": f"{units.exact_bandwidth_text(circuit.bandwidth_bps)}, single-mode fibre, 802.1Q",
    }
    what = f"order the cross connect of {name}"
    return _Step(circuit.region, provider, what, values, f"line {name}", (f"loa {name}", f"router {circuit.router}"))


def _macsec(circuit: Circuit, name: str, provider: str, keys: Mapping[str, str]) -> _Step:
    values = {
        **keys,
        "policy": "must secure, GCM-AES-XPN-256",
        "how": "by a way that nobody else reads, never by e-mail",
    }
    what = f"have the line of {name} encrypted (MACsec)"
    return _Step(circuit.region, provider, what, values, f"macsec {name}", (f"line {name}",))


def _delivered(venue: Venue, name: str, circuit: Circuit, sessions: list[CircuitSession], up: str) -> Iterator[_Step]:
    provider, region = _provider(venue, circuit), circuit.region
    position = list(circuits(venue, region)).index(name)
    mark = {
        "command": f"pulumi config set --stack {region} --path 'delivered[{position}]' {name}",
        "then": up,
    }
    what = f"mark {name} as delivered, in stacks/interconnect"
    lit = f"macsec {name}" if circuit.macsec else f"line {name}"
    yield _Step(region, YOU, what, mark, f"delivered {name}", (lit,))
    values = {f"session {session.number}": _session(session) for session in sessions}
    values |= {
        "announce": ", ".join(str(network) for network in sessions[0].router.announces),
        "accept": ", ".join(str(network) for network in sessions[0].region.announces),
        "local preference": str(routes.carrier_preference(circuit.preference)),
    }
    if venue.regions[region].cloud == "aws":
        values["community on what it announces"] = routes.AWS_COMMUNITIES[circuit.preference]
    if circuit.md5:
        values["MD5 key"] = f"as set under {secrets.md5(name)}, by a way that nobody else reads"
    after = (f"delivered {name}", f"transport {provider}") if sessions[0].router.announces else (f"delivered {name}",)
    yield _Step(region, provider, f"have BGP set up on {circuit.router} for {name}", values, f"bgp {name}", after)


def _session(session: CircuitSession) -> str:
    length = session.prefix.prefixlen
    return (
        f"VLAN {session.vlan}, router {session.router.address}/{length} (AS {session.router.asn}), "
        f"cloud {session.region.address}/{length} (AS {session.region.asn})"
    )


def _provider(venue: Venue, circuit: Circuit) -> str:
    return venue.carriers[routers(venue)[circuit.router][0]].provider
