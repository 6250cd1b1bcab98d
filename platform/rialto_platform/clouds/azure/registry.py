"""The container registry: private, zone-redundant, encrypted by a key of the region.

Sources: Container Registry, "Service tiers" (private links and zone redundancy: Premium), "Connect privately",
"Customer-managed keys", "Use managed identity to authenticate".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerregistry

from rialto_platform.clouds.azure.endpoints import Endpoints, Service
from rialto_platform.clouds.azure.keys import Keys
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.sinks import Sinks


@dataclass(frozen=True, slots=True)
class RegistryArgs:
    """A region's registry."""

    place: Place
    keys: Keys
    endpoints: Endpoints
    sinks: Sinks


class Registry(pulumi.ComponentResource):
    """Where the cluster's images come from."""

    registry: containerregistry.Registry
    reachable: pulumi.Resource
    """Its name leads to its private endpoint from here on."""

    def __init__(self, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """No password opens it; images leave it by a pull alone."""
        place, use = args.place, args.keys.registry
        super().__init__("rialto:azure:Registry", place.of("registry"), None, opts)
        self.registry = containerregistry.Registry(
            place.of("registry"),
            registry_name=place.names.plain("registry", place.owner, 50),
            resource_group_name=place.group,
            location=place.location,
            sku=containerregistry.SkuArgs(name=containerregistry.SkuName.PREMIUM),
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access=containerregistry.PublicNetworkAccess.DISABLED,
            network_rule_bypass_options=containerregistry.NetworkRuleBypassOptions.NONE,
            zone_redundancy=containerregistry.ZoneRedundancy.ENABLED,
            identity=containerregistry.IdentityPropertiesArgs(
                type=containerregistry.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=use.user.id.apply(_alone),
            ),
            encryption=containerregistry.EncryptionPropertyArgs(
                status=containerregistry.EncryptionStatus.ENABLED,
                # Without a version: the registry follows the key's rotation.
                key_vault_properties=containerregistry.KeyVaultPropertiesArgs(
                    key_identifier=use.key.key_uri, identity=use.user.client_id
                ),
            ),
            policies=containerregistry.PoliciesArgs(
                export_policy=containerregistry.ExportPolicyArgs(status=containerregistry.ExportPolicyStatus.DISABLED)
            ),
            tags=place.tags("registry"),
            # No output says that the identity may use the key by now.
            opts=pulumi.ResourceOptions(parent=self, protect=True, depends_on=[use.grant]),
        )
        self.reachable = args.endpoints.connect(Service.REGISTRY, self.registry.id)
        args.sinks.watch("registry", self.registry.id, self)
        self.register_outputs({"url": self.registry.login_server})


def _alone(identity: str) -> Mapping[str, containerregistry.UserIdentityPropertiesArgs]:
    # What Azure fills in stands under the identity's id.
    return {identity: containerregistry.UserIdentityPropertiesArgs()}
