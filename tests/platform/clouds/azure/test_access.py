"""Operators' access to a region on Azure: a VPN into a network of its own, and a private link to the cluster's API."""

from __future__ import annotations

from rialto_platform.clouds.guardrails.resource import get
from rialto_platform.clouds.recorder import Recording, Registration

VNET = "azure-native:network:VirtualNetwork"
SUBNET = "azure-native:network:Subnet"


def named(recording: Recording, kind: str, role: str) -> Registration:
    """A resource by its role."""
    return recording.one(kind, f"three-clouds-europe-{role}")


def test_operators_come_by_vpn_and_sign_in_to_entra(europe: Recording) -> None:
    """No certificate, no shared secret, no bastion."""
    gateway = europe.one("azure-native:network:VirtualNetworkGateway")
    clients = gateway.inputs["vpnClientConfiguration"]
    assert gateway.inputs["gatewayType"] == "Vpn"
    assert get(clients, "vpnAuthenticationTypes") == ["AAD"]
    assert get(clients, "vpnClientProtocols") == ["OpenVPN"]
    assert get(clients, "vpnClientAddressPool", "addressPrefixes") == ["10.48.241.128/25"]
    tenant = named(europe, "azure-native:managedidentity:UserAssignedIdentity", "cluster")
    assert europe.sources(gateway, "vpnClientConfiguration") == (tenant,)
    directory = tenant.outputs["tenantId"]
    assert get(clients, "aadTenant") == f"https://login.microsoftonline.com/{directory}"
    assert get(clients, "aadIssuer") == f"https://sts.windows.net/{directory}/"
    assert not [each for each in europe.resources if "bastion" in each.type.lower() or "VirtualMachine:" in each.type]


def test_the_gateway_stands_beside_the_regions_network(europe: Recording) -> None:
    """Which has room for one VPN gateway, that of the interconnects; nothing routes between the two networks."""
    gateway = europe.one("azure-native:network:VirtualNetworkGateway")
    subnet = named(europe, SUBNET, "access-gatewaysubnet")
    assert subnet in europe.sources(gateway, "ipConfigurations")
    assert subnet.inputs["subnetName"] == "GatewaySubnet"
    assert europe.sources(subnet, "virtualNetworkName") == (named(europe, VNET, "access"),)
    address = named(europe, "azure-native:network:PublicIPAddress", "access")
    assert address.inputs["zones"] == ["1", "2", "3"]
    assert not europe.of_type("azure-native:network:VirtualNetworkPeering")


def test_a_private_link_leads_to_the_api_alone(europe: Recording) -> None:
    """From the operators' network to the load balancer before the API, which stands in the nodes' resource group."""
    service = europe.one("azure-native:network:PrivateLinkService")
    cluster = europe.one("azure-native:containerservice:ManagedCluster")
    assert europe.sources(service, "loadBalancerFrontendIpConfigurations") == (cluster,)
    balancer = str(get(service.inputs, "loadBalancerFrontendIpConfigurations", 0, "id"))
    assert "/resourceGroups/three-clouds-europe-nodes/" in balancer
    assert balancer.endswith("/loadBalancers/kube-apiserver/frontendIPConfigurations/kube-apiserver-frontend")
    link = named(europe, SUBNET, "link")
    assert europe.sources(service, "ipConfigurations") == (link,)
    assert link.inputs["privateLinkServiceNetworkPolicies"] == "Disabled"
    assert get(service.inputs, "visibility", "subscriptions") == get(service.inputs, "autoApproval", "subscriptions")
    endpoint = named(europe, "azure-native:network:PrivateEndpoint", "access-api")
    assert europe.sources(endpoint, "privateLinkServiceConnections") == (service,)
    assert europe.sources(endpoint, "subnet") == (named(europe, SUBNET, "access-endpoint"),)
    assert get(endpoint.inputs, "ipConfigurations", 0, "privateIPAddress") == "10.48.241.68"


def test_operators_resolve_the_apis_name_to_the_link(europe: Recording) -> None:
    """In a zone that their network sees, by a resolver that the VPN names."""
    record = europe.one("azure-native:privatedns:PrivateRecordSet")
    cluster = europe.one("azure-native:containerservice:ManagedCluster")
    assert europe.sources(record, "relativeRecordSetName") == (cluster,)
    assert get(record.inputs, "aRecords", 0, "ipv4Address") == "10.48.241.68"
    zone = named(europe, "azure-native:privatedns:PrivateZone", "access-api-zone")
    assert europe.sources(record, "privateZoneName") == (zone,)
    assert zone.inputs["privateZoneName"] == "private.westeurope.azmk8s.io"
    link = named(europe, "azure-native:privatedns:VirtualNetworkLink", "access-api-zone")
    assert europe.sources(link, "virtualNetwork") == (named(europe, VNET, "access"),)
    inbound = europe.one("azure-native:dnsresolver:InboundEndpoint")
    assert get(inbound.inputs, "ipConfigurations", 0, "privateIpAddress") == "10.48.241.100"
    assert europe.sources(inbound, "ipConfigurations") == (named(europe, SUBNET, "access-resolver"),)
    assert get(named(europe, VNET, "access").inputs, "dhcpOptions", "dnsServers") == ["10.48.241.100"]
