"""The container registry: a tag never moves, and only the region's nodes pull.

Sources: Artifact Registry, "Prevent tag updates", "Customer-managed encryption keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place
from rialto_platform.clouds.gcp.rules import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryArgs:
    """A region's images."""

    place: Place
    project: pulumi.Input[str]
    key: pulumi.Input[str]
    readers: Mapping[Pool, pulumi.Output[str]]
    """The members that pull."""


class Registry(pulumi.ComponentResource):
    """A repository of images in the region itself, so that a node starts without any other region."""

    repository: gcp.artifactregistry.Repository

    def __init__(self, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Images can be made again, but not while a cloud is down: the repository is protected."""
        place = args.place
        super().__init__("rialto:gcp:Registry", place.of("registry"), None, opts)
        self.repository = gcp.artifactregistry.Repository(
            place.of("registry"),
            repository_id=place.of("registry"),
            description=f"Images of region {place.names.region} of venue {place.names.venue}",
            project=args.project,
            location=place.location,
            format="DOCKER",
            mode="STANDARD_REPOSITORY",
            docker_config=gcp.artifactregistry.RepositoryDockerConfigArgs(immutable_tags=True),
            kms_key_name=args.key,
            labels=place.labels("registry"),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        for pool, member in args.readers.items():
            gcp.artifactregistry.RepositoryIamMember(
                place.of(f"registry-{pool}"),
                project=args.project,
                location=self.repository.location,
                repository=self.repository.name,
                role="roles/artifactregistry.reader",
                member=member,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"url": self.repository.registry_uri})
