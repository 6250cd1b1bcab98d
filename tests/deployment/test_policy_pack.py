"""The policy pack of stacks/guardrails, asked by the real engine before it touches an emulated cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import clouds_engine
import pytest
from clouds_emulator import Emulator
from clouds_engine import Stack
from clouds_recording import OWNERS

pytestmark = [
    pytest.mark.timeout(600),
    clouds_engine.NEEDED,
]

PACK = ("--policy-pack", "../guardrails")
PROJECT = """\
name: bad
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: ../../.venv
"""
PROGRAM = """\
import pulumi
import pulumi_aws as aws

there = pulumi.ResourceOptions(provider=aws.Provider("there", region="us-east-1"))
aws.ec2.SecurityGroup(
    "open",
    ingress=[
        aws.ec2.SecurityGroupIngressArgs(protocol="tcp", from_port=22, to_port=22, cidr_blocks=["0.0.0.0/0"])
    ],
    tags={"venue": "three-clouds", "region": "us", "role": "open", "managed-by": "pulumi"},
    opts=there,
)
"""
"""SSH for everybody."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(("aws",)) as served:
        yield served


def test_a_stack_that_opens_a_port_to_everybody_is_blocked_before_the_cloud_is_touched(
    emulator: Emulator, checkout: Path, tmp_path: Path
) -> None:
    program = clouds_engine.copied(checkout, tmp_path) / "bad"
    program.mkdir()
    (program / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    (program / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    config = {"venue": "../venues/three-clouds.yaml"}
    stack = Stack("bad", "us", checkout=checkout, folder=tmp_path, attached=emulator.attached, config=config)
    preview = stack.preview(*PACK)
    assert not preview.ok
    assert [name for name, _ in preview.violations] == ["no-open-ingress"]
    assert "0.0.0.0/0" in preview.violations[0][1]
    up = stack.up(*PACK)
    assert not up.ok
    assert [name for name, _ in up.violations] == ["no-open-ingress"]
    assert emulator.held() == ()
    # It is the pack that blocks it, and nothing else.
    assert stack.up().ok
    assert [one.name for one in emulator.held()] == ["open"]


def test_a_region_of_the_example_passes(emulator: Emulator, checkout: Path, tmp_path: Path) -> None:
    config = {"owner": OWNERS["aws"]}
    stack = Stack("region", "us", checkout=checkout, folder=tmp_path, attached=emulator.attached, config=config)
    preview = stack.preview(*PACK)
    assert preview.violations == ()
    assert preview.ok, preview.text
    up = stack.up(*PACK)
    assert up.violations == ()
    assert up.ok, up.text
