"""The container registry: tags that never move, images scanned when they come, encrypted with the region's own key.

Sources: Amazon ECR User Guide, "Preventing image tags from being overwritten", "Scan images for software
vulnerabilities", "Encryption at rest", "Automate the cleanup of images by using lifecycle policies".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from rialto_platform.clouds.aws.keys import Keys
from rialto_platform.clouds.aws.place import Place

IMAGES = ("engine", "operations")
"""The engine's node, and what runs the control room."""
UNTAGGED_DAYS = 30

_CLEANUP = {
    "rules": [
        {
            "rulePriority": 1,
            "description": f"What no tag names is gone after {UNTAGGED_DAYS} days",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}


class Registry(pulumi.ComponentResource):
    """A repository an image."""

    repositories: Mapping[str, aws.ecr.Repository]

    def __init__(self, place: Place, keys: Keys, opts: pulumi.ResourceOptions | None = None) -> None:
        """All alike."""
        super().__init__("rialto:aws:Registry", place.of("registry"), None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.repositories = {
            image: aws.ecr.Repository(
                place.of(f"images-{image}"),
                name=f"{place.of('')}/{image}",
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
                encryption_configurations=[
                    aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=keys.arn("data"))
                ],
                force_delete=False,
                tags=place.tags(f"images-{image}"),
                opts=child,
            )
            for image in IMAGES
        }
        for image, repository in self.repositories.items():
            aws.ecr.LifecyclePolicy(
                place.of(f"images-{image}-cleanup"),
                repository=repository.name,
                policy=json.dumps(_CLEANUP, sort_keys=True),
                opts=child,
            )
        self.register_outputs({})

    @property
    def url(self) -> pulumi.Output[str]:
        """What images are pushed to: an image's name follows behind a slash."""
        return self.repositories[IMAGES[0]].repository_url.apply(lambda url: url.rpartition("/")[0])
