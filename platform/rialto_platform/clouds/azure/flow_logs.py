"""Where the network's flow logs are written, and as whom.

Source: Network Watcher, "Virtual network flow logs" (an account in the network's own region, a managed identity in
place of a shared key) and "Storage account firewall" (Network Watcher is one of the trusted services).
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import managedidentity, storage

from rialto_platform.clouds.azure.accounts import closed_account
from rialto_platform.clouds.azure.keys import Keys
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.roles import Role, grant, identity

KEPT_DAYS = 30


class FlowLogs(pulumi.ComponentResource):
    """An account for flow logs alone, and the identity that writes to it."""

    account: storage.StorageAccount
    writer: managedidentity.UserAssignedIdentity
    grant: pulumi.Resource
    """What lets it write."""

    def __init__(self, place: Place, keys: Keys, opts: pulumi.ResourceOptions | None = None) -> None:
        """The log itself is the network's: see `network`."""
        super().__init__("rialto:azure:FlowLogs", place.of("flows"), None, opts)
        self.account = closed_account(place, "flows", keys, keys.flows, self, bypass=storage.Bypass.AZURE_SERVICES)
        self.writer = identity(place, "flows-writer", self)
        self.grant = grant(
            place, "flows-writer", Role.STORAGE_BLOB_CONTRIBUTOR, self.writer.principal_id, self.account.id, self
        )
        self.register_outputs({"account": self.account.name})
