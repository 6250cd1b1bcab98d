"""The APIs that a region needs of its project.

A part takes its project from the API that serves it, so it waits until that API is on.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import pulumi
import pulumi_gcp as gcp

from rialto_platform.clouds.gcp.place import Place

Api: TypeAlias = Literal[
    "artifactregistry",
    "cloudkms",
    "cloudresourcemanager",
    "compute",
    "container",
    "dns",
    "iam",
    "iap",
    "logging",
    "monitoring",
    "servicedirectory",
    "storage",
]


class Apis(pulumi.ComponentResource):
    """Turns on what a region calls; never turns it off, since others in the project may call it too."""

    def __init__(self, place: Place, opts: pulumi.ResourceOptions | None = None) -> None:
        """One service for each of `Api`."""
        super().__init__("rialto:gcp:Apis", place.of("apis"), None, opts)
        apis: tuple[Api, ...] = get_args(Api)
        self._services = {
            api: gcp.projects.Service(
                place.of(f"api-{api}"),
                service=f"{api}.googleapis.com",
                project=place.owner,
                disable_on_destroy=False,
                disable_dependent_services=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for api in apis
        }
        self.register_outputs({})

    def project(self, api: Api) -> pulumi.Output[str]:
        """The project, known once the API is on in it."""
        return self._services[api].project
