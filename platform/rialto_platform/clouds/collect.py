"""`rialto outputs collect`: reads each stack's outputs from its own backend into the venue's outputs file.

Either every stack that is asked for is read and the file replaced, or nothing is written and every reason is told.
Stacks that are not asked for keep what was read of them before, so that a cloud that is down blocks no other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from rialto_platform.clouds.backends import Backends, Stack
from rialto_platform.clouds.commands import Ran, Run
from rialto_platform.clouds.errors import CloudError
from rialto_platform.clouds.outputs import FILE_VERSION, Outputs
from rialto_platform.venue import Venue

SECRET = "[secret]"  # noqa: S105 - what the CLI prints in place of one
_MISSING = "no stack named"


def collect(
    venue: Venue, wanted: Sequence[Stack], backends: Backends, *, run: Run, folder: Path, path: Path, now_ns: int
) -> Outputs:
    """Reads the stacks, writes the file at `path` and returns what it holds.

    `folder` is the one that holds a folder for each project (`stacks`).

    Raises:
        CloudError: there is no Pulumi CLI, or a stack could not be read; names each, and writes nothing.
        OSError: the file can't be written.
    """
    before = _before(path, venue)
    read: dict[str, dict[str, JsonValue]] = {}
    failed: list[str] = []
    for stack in wanted:
        try:
            read[str(stack)] = _outputs(stack, backends.backends[stack.cloud], run, folder / stack.project)
        except CloudError as error:
            failed.append(f"{error.where} {error.wrong}; {error.next_step}")
    if failed:
        wrong = "can't be written:\n  " + "\n  ".join(failed)
        raise CloudError(str(path), wrong, "mend these, or name the stacks that can be read: nothing was changed")
    collected = Outputs(
        version=FILE_VERSION,
        venue=venue.name,
        collected_ns=now_ns,
        stacks={**(before.stacks if before else {}), **read},
        stacks_collected_ns={**(before.stacks_collected_ns if before else {}), **dict.fromkeys(read, now_ns)},
        file=str(path),
    )
    collected.write(path)
    return collected


def _before(path: Path, venue: Venue) -> Outputs | None:
    if not path.exists():
        return None
    found = Outputs.load(path)
    if found.venue != venue.name:
        raise CloudError(str(path), f"is of venue {found.venue}, not {venue.name}", "name another file with --file")
    return found


def _outputs(stack: Stack, backend: str, run: Run, folder: Path) -> dict[str, JsonValue]:
    """What one stack exports; what it keeps secret is left out, since the file is not the place for it."""
    command = ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", stack.name]
    if not folder.is_dir():
        raise CloudError(str(folder), "is not there", "run it in the checkout that holds the stacks, or name --stacks")
    try:
        ran = run(command, folder, {"PULUMI_BACKEND_URL": backend, "PULUMI_SKIP_UPDATE_CHECK": "true"})
    except OSError as error:
        wrong = f"can't be read without the Pulumi CLI ({error.strerror or error})"
        raise CloudError(str(stack), wrong, "install it and see `rialto doctor clouds`") from error
    if ran.status != 0:
        raise _refused(stack, backend, ran)
    try:
        value = cast("object", json.loads(ran.output))
    except ValueError as error:
        wrong = f"is not told as JSON ({error})"
        raise CloudError(str(stack), wrong, "see `pulumi version`: `rialto doctor clouds`") from error
    if not isinstance(value, dict):
        raise CloudError(str(stack), "is not told as a JSON object", "see `pulumi version`: `rialto doctor clouds`")
    outputs = cast("dict[str, JsonValue]", value)
    if not outputs:
        raise CloudError(str(stack), "exports nothing", f"bring it up: `pulumi up --stack {stack.name}` in {folder}")
    return {key: plain for key, plain in outputs.items() if plain != SECRET}


def _refused(stack: Stack, backend: str, ran: Ran) -> CloudError:
    reason = " ".join(ran.said.split()) or f"status {ran.status}"
    if _MISSING in reason:
        wrong = f"does not exist in {backend}"
        return CloudError(str(stack), wrong, f"bring it up: `pulumi up --stack {stack.name}` in stacks/{stack.project}")
    wrong = f"can't be read from {backend}: {reason}"
    return CloudError(str(stack), wrong, f"see that its cloud answers: `rialto doctor {stack.cloud}`")
