"""The guardrails as a policy pack: `pulumi up --policy-pack ../guardrails`.

What the policies say is in `rialto_platform.clouds.guardrails`; the rules come from the venue file that the stack's own
config names. Making the pack serves the engine and returns only when it ends, so that stands here and nowhere else.
"""

from collections.abc import Callable
from functools import cache
from os import environ
from typing import TypeAlias

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from rialto_platform.clouds.guardrails import RESOURCE_POLICIES, STACK_POLICIES, ResourcePolicy, StackPolicy, pack

ResourceValidation: TypeAlias = Callable[[ResourceValidationArgs, ReportViolation], None]
StackValidation: TypeAlias = Callable[[StackValidationArgs, ReportViolation], None]


@cache
def rules() -> pack.Rules:
    """The venue's rules; read when the first resource is judged, since only then a stack is there."""
    return pack.rules(environ)


def of_resource(policy: ResourcePolicy) -> ResourceValidation:
    """The service's function for a policy."""

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        for problem in pack.violations(policy, args, rules(), UnknownValueError):
            report_violation(problem, None)

    return validate


def of_stack(policy: StackPolicy) -> StackValidation:
    """The service's function for a policy over a whole stack."""

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        for problem, urn in pack.stack_violations(policy, args.resources, rules(), UnknownValueError):
            report_violation(problem, urn)

    return validate


policies: list[Policy] = [
    *(
        ResourceValidationPolicy(name=one.name, description=one.description, validate=of_resource(one))
        for one in RESOURCE_POLICIES
    ),
    *(
        StackValidationPolicy(name=one.name, description=one.description, validate=of_stack(one))
        for one in STACK_POLICIES
    ),
]
PolicyPack(name="rialto", policies=policies, enforcement_level=EnforcementLevel.MANDATORY)
