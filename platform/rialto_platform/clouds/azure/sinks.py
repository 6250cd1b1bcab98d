"""Where a region's logs and metrics go: a Log Analytics workspace, and an Azure Monitor workspace for Prometheus.

Sources: Azure Monitor, "Diagnostic settings in Azure Monitor", "Azure Monitor workspace", "Create a data collection
rule for Prometheus metrics".
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import monitor, operationalinsights

from rialto_platform.clouds.azure.place import Place

LOG_DAYS = 90
ALL_LOGS = ("allLogs",)
_PROMETHEUS = "Microsoft-PrometheusMetrics"
_METRICS_DESTINATION = "metrics"


class Sinks(pulumi.ComponentResource):
    """Workspaces of logs and metrics, and what collects metrics."""

    logs: operationalinsights.Workspace
    metrics: monitor.AzureMonitorWorkspace
    rule: monitor.DataCollectionRule
    """What is collected of a cluster; a cluster is associated with it."""

    def __init__(self, place: Place, opts: pulumi.ResourceOptions | None = None) -> None:
        """Who reads and writes logs signs in; there is no shared key."""
        super().__init__("rialto:azure:Sinks", place.of("sinks"), None, opts)
        self._place = place
        self._child = pulumi.ResourceOptions(parent=self)
        self.logs = operationalinsights.Workspace(
            place.of("logs"),
            resource_group_name=place.group,
            location=place.location,
            sku=operationalinsights.WorkspaceSkuArgs(name=operationalinsights.WorkspaceSkuNameEnum.PER_GB2018),
            retention_in_days=LOG_DAYS,
            features=operationalinsights.WorkspaceFeaturesArgs(
                disable_local_auth=True, enable_log_access_using_only_resource_permissions=True
            ),
            tags=place.tags("logs"),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        self.metrics = monitor.AzureMonitorWorkspace(
            place.of("metrics"),
            resource_group_name=place.group,
            location=place.location,
            tags=place.tags("metrics"),
            opts=self._child,
        )
        self.rule = self._collection()
        self.register_outputs({"logs": self.logs.id, "metrics": self.metrics.id})

    def _collection(self) -> monitor.DataCollectionRule:
        place = self._place
        endpoint = monitor.DataCollectionEndpoint(
            place.of("metrics"),
            resource_group_name=place.group,
            location=place.location,
            kind=monitor.KnownDataCollectionEndpointResourceKind.LINUX,
            tags=place.tags("metrics"),
            opts=self._child,
        )
        return monitor.DataCollectionRule(
            place.of("metrics"),
            resource_group_name=place.group,
            location=place.location,
            kind=monitor.KnownDataCollectionRuleResourceKind.LINUX,
            data_collection_endpoint_id=endpoint.id,
            data_sources=monitor.DataCollectionRuleDataSourcesArgs(
                prometheus_forwarder=[
                    monitor.PrometheusForwarderDataSourceArgs(name="prometheus", streams=[_PROMETHEUS])
                ]
            ),
            destinations=monitor.DataCollectionRuleDestinationsArgs(
                monitoring_accounts=[
                    monitor.MonitoringAccountDestinationArgs(
                        account_resource_id=self.metrics.id, name=_METRICS_DESTINATION
                    )
                ]
            ),
            data_flows=[monitor.DataFlowArgs(streams=[_PROMETHEUS], destinations=[_METRICS_DESTINATION])],
            tags=place.tags("metrics"),
            opts=self._child,
        )

    def watch(
        self, name: str, resource: pulumi.Input[str], parent: pulumi.Resource, logs: Sequence[str] = ALL_LOGS
    ) -> monitor.DiagnosticSetting:
        """Sends what a resource says of itself to the logs; `logs` are groups of categories."""
        return monitor.DiagnosticSetting(
            self._place.of(name),
            # The same after a replacement, unlike a generated one.
            name="rialto",
            resource_uri=resource,
            workspace_id=self.logs.id,
            logs=[monitor.DiagnosticsLogSettingsArgs(enabled=True, category_group=group) for group in logs],
            opts=pulumi.ResourceOptions(parent=parent),
        )
