"""Who the nodes are: one service account a pool, with what a node needs to run and nothing else.

Source: GKE, "Harden your cluster's security: use least privilege IAM service accounts".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place
from rialto_platform.clouds.gcp.rules import Pool

_POOLS: tuple[Pool, ...] = ("engine", "system")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsArgs:
    """The nodes' service accounts."""

    place: Place
    project: pulumi.Input[str]
    grants_project: pulumi.Input[str]
    """The project again, as what roles are granted in."""


class Accounts(pulumi.ComponentResource):
    """A service account for each pool; firewall rules know the nodes by it."""

    emails: Mapping[Pool, pulumi.Output[str]]
    """Known once the account may write logs and metrics, so that no node starts before."""
    members: Mapping[Pool, pulumi.Output[str]]

    def __init__(self, args: AccountsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """What the pods may do is not theirs: see `identities`."""
        place = args.place
        super().__init__("rialto:gcp:Accounts", place.of("nodes"), None, opts)
        child = pulumi.ResourceOptions(parent=self)
        accounts: dict[Pool, gcp.serviceaccount.Account] = {
            pool: gcp.serviceaccount.Account(
                place.of(f"nodes-{pool}"),
                account_id=place.account(f"nodes-{pool}"),
                project=args.project,
                display_name=f"Nodes of the {pool} pool, region {place.names.region} of venue {place.names.venue}",
                opts=child,
            )
            for pool in _POOLS
        }
        grants = {
            pool: gcp.projects.IAMMember(
                place.of(f"nodes-{pool}"),
                project=args.grants_project,
                role="roles/container.defaultNodeServiceAccount",
                member=account.member,
                opts=child,
            )
            for pool, account in accounts.items()
        }
        self.members = {pool: account.member for pool, account in accounts.items()}
        self.emails = {pool: grants[pool].member.apply(_email) for pool in _POOLS}
        self.register_outputs({})


def _email(member: str) -> str:
    return member.removeprefix("serviceAccount:")
