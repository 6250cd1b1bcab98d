"""IAM's policy documents, as outputs: a value that comes from another resource stays an edge.

Source: IAM User Guide, "IAM JSON policy elements reference".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import pulumi

Text: TypeAlias = "pulumi.Input[str]"
Principal: TypeAlias = "Mapping[str, Text | Sequence[Text]] | None"
Condition: TypeAlias = "Mapping[str, Mapping[str, Text | Sequence[Text]]] | None"
Statement: TypeAlias = "Mapping[str, object]"

EVERYTHING = ("*",)
POD_IDENTITY = "pods.eks.amazonaws.com"


def statement(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[Text] = (),
    *,
    effect: Literal["Allow", "Deny"] = "Allow",
    principal: Principal = None,
    condition: Condition = None,
) -> Statement:
    """One statement; `sid` says in a word what it is for."""
    made: dict[str, object] = {"Sid": sid, "Effect": effect, "Action": list(actions)}
    if resources:
        made["Resource"] = list(resources)
    if principal is not None:
        made["Principal"] = principal
    if condition is not None:
        made["Condition"] = condition
    return made


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy document in JSON."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def trust(service: str, owner: str, source: Text | None = None, *, tagged: bool = False) -> pulumi.Output[str]:
    """Who may take a role: a service, on behalf of this account alone, and of one resource if `source` is given.

    Naming the account keeps the service from being used by another one (IAM User Guide, "The confused deputy problem").
    """
    condition: dict[str, Mapping[str, Text | Sequence[Text]]] = {"StringEquals": {"aws:SourceAccount": owner}}
    if source is not None:
        condition["ArnEquals"] = {"aws:SourceArn": source}
    actions = ("sts:AssumeRole", "sts:TagSession") if tagged else ("sts:AssumeRole",)
    return document(statement("Service", actions, principal={"Service": service}, condition=condition))


def service_trust(service: str) -> pulumi.Output[str]:
    """The same for the services that name no source: EC2, and EKS' control plane."""
    return document(statement("Service", ("sts:AssumeRole",), principal={"Service": service}))
