"""The backup bucket: a container of a storage account, versioned, immutable for a time, moved to colder storage by age.

The account is replicated over the region's zones, and Azure has no archive tier for such accounts: what is old goes to
cool, then to cold storage.

Sources: Azure Storage, "Version-level WORM policies for immutable blob data", "Access tiers for blob data" (archive:
LRS, GRS and RA-GRS alone), "Optimize costs by automatically managing the data lifecycle", "Customer-managed keys",
"Prevent Shared Key authorization".
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import storage

from rialto_platform.clouds.azure.accounts import closed_account
from rialto_platform.clouds.azure.endpoints import Endpoints, Service
from rialto_platform.clouds.azure.keys import Keys
from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.sinks import Sinks

CONTAINER = "backups"
IMMUTABLE_DAYS = 35
"""From when a version was written. A locked period can be made longer, never shorter."""
COOL_AFTER_DAYS = 30
COLD_AFTER_DAYS = 90
SUPERSEDED_DAYS = 400
"""How long a version is kept that a newer one, or a deletion, has replaced."""
SOFT_DELETED_DAYS = 90


@dataclass(frozen=True, slots=True)
class BackupsArgs:
    """A region's backups."""

    place: Place
    keys: Keys
    endpoints: Endpoints
    sinks: Sinks


class Backups(pulumi.ComponentResource):
    """The container that journals and checkpoints are shipped to."""

    account: storage.StorageAccount
    container: storage.BlobContainer

    def __init__(self, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """It outlives the stack."""
        place = args.place
        super().__init__("rialto:azure:Backups", place.of("backups"), None, opts)
        self._args = args
        self._kept = pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True)
        self.account = self._account()
        storage.BlobServiceProperties(
            place.of("backups"),
            account_name=self.account.name,
            blob_services_name="default",
            resource_group_name=place.group,
            is_versioning_enabled=True,
            change_feed=storage.ChangeFeedArgs(enabled=True, retention_in_days=SUPERSEDED_DAYS),
            delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=SOFT_DELETED_DAYS),
            container_delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=SOFT_DELETED_DAYS),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.container = storage.BlobContainer(
            place.of("backups"),
            account_name=self.account.name,
            container_name=CONTAINER,
            resource_group_name=place.group,
            public_access=storage.PublicAccess.NONE,
            opts=self._kept,
        )
        self._lifecycle()
        args.endpoints.connect(Service.BLOB, self.account.id)
        args.sinks.watch("backups", pulumi.Output.concat(self.account.id, "/blobServices/default"), self)
        self.register_outputs({"bucket": self.container.name})

    @property
    def url(self) -> pulumi.Output[str]:
        """Of the container."""
        return pulumi.Output.concat(self.account.primary_endpoints.apply(lambda ends: ends.blob), self.container.name)

    def _account(self) -> storage.StorageAccount:
        # A policy begins unlocked; a person locks it once a restore has passed, and nobody unlocks it again.
        unlocked = storage.AccountImmutabilityPolicyPropertiesArgs(
            state=storage.AccountImmutabilityPolicyState.UNLOCKED,
            immutability_period_since_creation_in_days=IMMUTABLE_DAYS,
            allow_protected_append_writes=False,
        )
        keys = self._args.keys
        return closed_account(
            self._args.place,
            "backups",
            keys,
            keys.backups,
            self,
            immutable=storage.ImmutableStorageAccountArgs(enabled=True, immutability_policy=unlocked),
        )

    def _lifecycle(self) -> None:
        place = self._args.place
        storage.ManagementPolicy(
            place.of("backups"),
            account_name=self.account.name,
            management_policy_name="default",
            resource_group_name=place.group,
            policy=storage.ManagementPolicySchemaArgs(
                rules=[
                    storage.ManagementPolicyRuleArgs(
                        name="colder-by-age",
                        type=storage.RuleType.LIFECYCLE,
                        enabled=True,
                        definition=storage.ManagementPolicyDefinitionArgs(
                            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"]),
                            actions=storage.ManagementPolicyActionArgs(
                                base_blob=storage.ManagementPolicyBaseBlobArgs(
                                    tier_to_cool=_modified(COOL_AFTER_DAYS), tier_to_cold=_modified(COLD_AFTER_DAYS)
                                ),
                                version=storage.ManagementPolicyVersionArgs(
                                    tier_to_cool=_created(COOL_AFTER_DAYS),
                                    tier_to_cold=_created(COLD_AFTER_DAYS),
                                    delete=_created(SUPERSEDED_DAYS),
                                ),
                            ),
                        ),
                    )
                ]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _modified(days: int) -> storage.DateAfterModificationArgs:
    return storage.DateAfterModificationArgs(days_after_modification_greater_than=days)


def _created(days: int) -> storage.DateAfterCreationArgs:
    return storage.DateAfterCreationArgs(days_after_creation_greater_than=days)
