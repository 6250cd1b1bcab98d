"""A plan as people read it in a terminal: regions first, then what only a person can do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from rialto_platform.clouds.interconnects.checklist import Step
from rialto_platform.clouds.orders import Order
from rialto_platform.clouds.plan import Plan, StackPlan
from rialto_platform.venue import Venue

_WIDTH = 110


def lines(plan: Plan, venue: Venue) -> list[str]:
    """The whole plan; `--json` has every resource and every edge besides."""
    total = sum(sum(stack.kinds.values()) for stack in plan.stacks)
    clouds = len({cloud for stack in plan.stacks for cloud in stack.clouds})
    return [
        f"Venue {plan.venue}: {total} resources in {_count(len(plan.stacks), 'stack')} and {_count(clouds, 'cloud')}."
        " Nothing was touched.",
        *(line for stack in plan.stacks for line in _stack(stack, venue)),
        *_single_homed(plan),
        *_orders(plan.orders),
        *_circuits(plan.circuits),
        *_violations(plan),
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _stack(stack: StackPlan, venue: Venue) -> list[str]:
    region = venue.regions.get(stack.stack.name)
    where = f"{region.cloud} {region.location}" if region is not None else " and ".join(stack.clouds)
    head = f"{stack.stack}   {where}   {sum(stack.kinds.values())} resources, state in {stack.stack.cloud}"
    needs = [f"  takes the outputs of {', '.join(stack.needs)}"] if stack.needs else []
    out = ["", head, *needs]
    longest = max((len(part.kind) for part in stack.parts), default=0)
    for part in stack.parts:
        start = f"  {part.kind:<{longest}} {sum(part.kinds.values()):>4}  "
        waits = f"; waits for {', '.join(part.waits_for)}" if part.waits_for else ""
        out += _wrapped(start, _kinds(part.kinds) + waits)
    return out


def _kinds(kinds: Mapping[str, int]) -> str:
    """The last words of the types, the most frequent first."""
    named = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {kind.rpartition(':')[2]}" for kind, count in named)


def _single_homed(plan: Plan) -> list[str]:
    if not plan.single_homed:
        return ["", "Single-homed: nothing."]
    longest = max(len(one.where) for one in plan.single_homed)
    out = ["", "Single-homed: one failure takes it"]
    for one in plan.single_homed:
        out += _wrapped(f"  {one.where:<{longest}}  one {one.of:<8}  ", one.what)
    return out


def _orders(orders: Iterable[Order]) -> list[str]:
    out = ["", "To be done by a person"]
    for number, order in enumerate(orders, 1):
        out += _wrapped(f"  {number:>2}. ", f"{order.where}: {order.what}")
        out += [line for key, value in order.facts.items() for line in _wrapped(f"        {key}: ", value)]
    return out


def _circuits(steps: Sequence[Step]) -> list[str]:
    """What the circuits take of people, step by step."""
    if not steps:
        return []
    out = ["", "Circuits, step by step (in brackets: the steps before)"]
    for step in steps:
        before = f" [{', '.join(str(number) for number in step.after)}]" if step.after else ""
        where = f"region {step.region}, " if step.region else ""
        out += _wrapped(f"  {step.number:>2}. ", f"{where}{step.who}: {step.what}{before}")
        out += [line for key, value in step.values.items() for line in _wrapped(f"        {key}: ", value)]
    return out


def _violations(plan: Plan) -> list[str]:
    if not plan.violations:
        return ["", "Guardrails: nothing is wrong."]
    out = ["", f"Guardrails: {len(plan.violations)} problems; `pulumi up` would stop"]
    for one in plan.violations:
        out += _wrapped("  ", str(one))
    return out


def _wrapped(start: str, text: str) -> list[str]:
    """A text behind its start, later lines under its first word."""
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [start.rstrip()]
