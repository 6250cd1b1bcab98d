"""Where a region's logs and metrics go: a Log Analytics workspace, and an Azure Monitor workspace for Prometheus.

Sources: Azure Monitor, "Diagnostic settings in Azure Monitor", "Azure Monitor workspace", "Create a data collection
rule for Prometheus metrics"; Network Watcher, "Virtual network flow logs" (they want a storage account in their own
region).
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import managedidentity, monitor, operationalinsights, storage

from rialto_platform.clouds.azure.place import Place
from rialto_platform.clouds.azure.roles import Role, grant

LOG_DAYS = 90
FLOW_LOG_DAYS = 30
ALL_LOGS = ("allLogs",)
_PROMETHEUS = "Microsoft-PrometheusMetrics"
_METRICS_DESTINATION = "metrics"


class Sinks(pulumi.ComponentResource):
    """Workspaces of logs and metrics, what collects metrics, and the account that flow logs are written to."""

    logs: operationalinsights.Workspace
    metrics: monitor.AzureMonitorWorkspace
    rule: monitor.DataCollectionRule
    """What is collected of a cluster; a cluster is associated with it."""
    flow_logs: storage.StorageAccount
    flow_writer: managedidentity.UserAssignedIdentity
    """As whom flow logs are written."""
    flow_grant: pulumi.Resource
    """What lets it write."""

    def __init__(self, place: Place, opts: pulumi.ResourceOptions | None = None) -> None:
        """Nothing of it is open to shared keys or local users."""
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
        self.flow_logs = self._account()
        self.flow_writer = managedidentity.UserAssignedIdentity(
            place.of("flow-logs"),
            resource_group_name=place.group,
            location=place.location,
            tags=place.tags("flow-logs"),
            opts=self._child,
        )
        self.flow_grant = grant(
            place,
            "flow-logs",
            Role.STORAGE_BLOB_CONTRIBUTOR,
            self.flow_writer.principal_id,
            self.flow_logs.id,
            self,
        )
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

    def _account(self) -> storage.StorageAccount:
        place = self._place
        return storage.StorageAccount(
            place.of("flow-logs"),
            account_name=place.names.plain("flows", place.owner),
            resource_group_name=place.group,
            location=place.location,
            kind=storage.Kind.STORAGE_V2,
            sku=storage.SkuArgs(name=storage.SkuName.STANDARD_ZRS),
            allow_blob_public_access=False,
            allow_cross_tenant_replication=False,
            allow_shared_key_access=False,
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            public_network_access=storage.PublicNetworkAccess.DISABLED,
            # Network Watcher is one of the trusted services.
            network_rule_set=storage.NetworkRuleSetArgs(
                default_action=storage.DefaultAction.DENY, bypass=storage.Bypass.AZURE_SERVICES
            ),
            encryption=storage.EncryptionArgs(
                key_source=storage.KeySource.MICROSOFT_STORAGE, require_infrastructure_encryption=True
            ),
            tags=place.tags("flow-logs"),
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )

    def watch(
        self, name: str, resource: pulumi.Input[str], parent: pulumi.Resource, logs: Sequence[str] = ALL_LOGS
    ) -> monitor.DiagnosticSetting:
        """Sends what a resource says of itself to the logs; `logs` are groups of categories."""
        return monitor.DiagnosticSetting(
            self._place.of(name),
            # Azure's own default, and unlike the generated one the same after a replacement.
            name="rialto",
            resource_uri=resource,
            workspace_id=self.logs.id,
            logs=[monitor.DiagnosticsLogSettingsArgs(enabled=True, category_group=group) for group in logs],
            opts=pulumi.ResourceOptions(parent=parent),
        )
