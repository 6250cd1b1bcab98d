"""Keys: one ring, one key for each kind of data, and each key for one service alone.

Sources: Cloud KMS, "Key rotation", "Destroy and restore key versions", "Customer-managed encryption keys"; IAM,
"Service agents" (whose address holds the project's number).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place

Purpose: TypeAlias = Literal["secrets", "disks", "backups", "images", "logs"]
Agent: TypeAlias = Literal["container", "storage", "artifactregistry", "logging"]

AGENTS: tuple[Agent, ...] = get_args(Agent)
ROTATION = f"{90 * 86_400}s"
DESTROYED_AFTER = f"{30 * 86_400}s"
"""How long a key version that somebody destroys can still be restored."""

_AGENT_OF: dict[Purpose, Agent] = {
    "secrets": "container",
    "backups": "storage",
    "images": "artifactregistry",
    "logs": "logging",
}
"""Whose service agent uses a key; disks are encrypted by Compute Engine's, which exists with the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysArgs:
    """A region's keys."""

    place: Place
    project: pulumi.Input[str]
    agent_projects: Mapping[Agent, pulumi.Output[str]]
    """The project again, by the service whose agent uses a key: known once that service is on."""


class Keys(pulumi.ComponentResource):
    """A key ring with its keys, and who may use which."""

    ring: gcp.kms.KeyRing

    def __init__(self, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Rings and keys outlive the stack: Cloud KMS deletes neither, and without them backups can't be read."""
        place = args.place
        super().__init__("rialto:gcp:Keys", place.of("keys"), None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True)
        self.ring = gcp.kms.KeyRing(
            place.of("keys"), name=place.of("keys"), project=args.project, location=place.location, opts=self._kept
        )
        agents: dict[Purpose, gcp.projects.ServiceIdentity] = {
            purpose: self._agent(args, agent) for purpose, agent in _AGENT_OF.items()
        }
        members: dict[Purpose, pulumi.Output[str]] = {purpose: agent.member for purpose, agent in agents.items()}
        members["disks"] = agents["secrets"].email.apply(_compute_agent)
        self._keys = {purpose: self._key(place, purpose) for purpose in members}
        self._grants = {purpose: self._grant(place, purpose, member) for purpose, member in members.items()}
        self.register_outputs({"id": self.ring.id})

    def key(self, purpose: Purpose) -> pulumi.Output[str]:
        """A key's id."""
        return self._keys[purpose].id

    def granted(self, purpose: Purpose) -> pulumi.Output[str]:
        """A key's id, known once the service that encrypts with it may."""
        return self._grants[purpose].crypto_key_id

    def _agent(self, args: KeysArgs, agent: Agent) -> gcp.projects.ServiceIdentity:
        return gcp.projects.ServiceIdentity(
            args.place.of(f"agent-{agent}"),
            project=args.agent_projects[agent],
            service=f"{agent}.googleapis.com",
            opts=self._child,
        )

    def _key(self, place: Place, purpose: Purpose) -> gcp.kms.CryptoKey:
        return gcp.kms.CryptoKey(
            place.of(f"key-{purpose}"),
            name=purpose,
            key_ring=self.ring.id,
            purpose="ENCRYPT_DECRYPT",
            rotation_period=ROTATION,
            destroy_scheduled_duration=DESTROYED_AFTER,
            version_template=gcp.kms.CryptoKeyVersionTemplateArgs(
                algorithm="GOOGLE_SYMMETRIC_ENCRYPTION", protection_level="HSM"
            ),
            labels=place.labels(f"key-{purpose}"),
            opts=self._kept,
        )

    def _grant(self, place: Place, purpose: Purpose, member: pulumi.Output[str]) -> gcp.kms.CryptoKeyIAMMember:
        return gcp.kms.CryptoKeyIAMMember(
            place.of(f"key-{purpose}"),
            crypto_key_id=self._keys[purpose].id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=member,
            opts=self._child,
        )


def _compute_agent(container_agent: str) -> str:
    """Compute Engine's service agent of the project that GKE's belongs to: both addresses hold the project's number."""
    number = container_agent.partition("@")[0].removeprefix("service-")
    return f"serviceAccount:service-{number}@compute-system.iam.gserviceaccount.com"
