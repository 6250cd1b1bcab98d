"""`rialto doctor`: whether this machine has what a platform needs, and what to do next where it has not.

Every check is a function of an `Environment`: it runs what it is given, and reads variables and the presence of files,
never their contents; so no credential is ever printed. That one is present does not say that it is valid: only the
cloud knows.

Sources: Pulumi, "Installation and configuration" of the providers of AWS, Google Cloud and Azure; the clouds' own pages
on where their SDKs look for credentials.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from rialto_platform.clouds.backends import Backends
from rialto_platform.clouds.commands import Ran
from rialto_platform.clouds.errors import CloudError
from rialto_platform.venue import Venue
from rialto_platform.venue.model import Cloud

Platform: TypeAlias = Literal["local", "aws", "gcp", "azure"]
State: TypeAlias = Literal["ok", "missing", "old", "absent"]
"""`absent`: not there, and only of use."""

PLATFORMS: tuple[Platform, ...] = ("local", "aws", "gcp", "azure")
CLOUDS: tuple[Cloud, ...] = ("aws", "gcp", "azure")
_NAMES: Mapping[Cloud, str] = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure"}

LEAST_PYTHON = (3, 11)
LEAST_CARGO = (1, 90)
_SDKS: Mapping[Cloud, str] = {"aws": "pulumi-aws", "gcp": "pulumi-gcp", "azure": "pulumi-azure-native"}
_CLIS: Mapping[Cloud, tuple[str, ...]] = {
    "aws": ("aws", "--version"),
    "gcp": ("gcloud", "--version"),
    "azure": ("az", "version"),
}
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Environment:
    """What the checks may see of a machine."""

    variables: Mapping[str, str]
    home: Path
    python: tuple[int, int, int]
    on_path: Callable[[str], bool]
    """Whether a program is on the PATH."""
    run: Callable[[tuple[str, ...]], Ran]
    """Runs a command; raises OSError if it can't be started."""
    exists: Callable[[Path], bool]
    """Whether there is such a file."""
    installed: Callable[[str], str | None]
    """The version of a distribution in this environment; None where it is not installed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for."""

    what: str
    state: State
    found: str
    """What is there, in a few words; never the value of a credential."""
    next_step: str
    """What to do; empty where nothing is."""
    needed_by: tuple[Platform, ...]
    """The platforms that can't do without it."""

    def as_json(self) -> Mapping[str, object]:
        """For `--json`."""
        return {
            "what": self.what,
            "state": self.state,
            "found": self.found,
            "next": self.next_step,
            "needed_by": list(self.needed_by),
        }


def platforms(asked: str) -> tuple[Platform, ...]:
    """The platforms that a word means: one of them, or `clouds` for all three.

    Raises:
        CloudError: it means none.
    """
    if asked == "clouds":
        return CLOUDS
    for platform in PLATFORMS:
        if platform == asked:
            return (platform,)
    raise CloudError(asked, "is no platform", f"name one of: {', '.join(PLATFORMS)}, clouds")


def examine(environment: Environment, venue: Venue | None = None, backends: Path | None = None) -> list[Finding]:
    """Looks for everything; with a venue, for its state backends in the file `backends` too."""
    found = [_python(environment), *_build_tools(environment), _pulumi(environment), *_sdks(environment)]
    for cloud in CLOUDS:
        found += [_cli(environment, cloud), _credentials(environment, cloud)]
    if venue is not None and backends is not None:
        found += _backends(environment, venue, backends)
    return found


def lacking(findings: list[Finding], asked: tuple[Platform, ...]) -> list[Finding]:
    """What the platforms can't do without and is not there."""
    return [one for one in findings if one.state in ("missing", "old") and set(one.needed_by) & set(asked)]


def _python(environment: Environment) -> Finding:
    version = ".".join(str(part) for part in environment.python)
    enough = environment.python[:2] >= LEAST_PYTHON
    step = "" if enough else "make the environment with a newer one: make distclean; PYTHON=python3.11 make setup"
    return Finding("Python 3.11 or newer", "ok" if enough else "old", version, step, PLATFORMS)


def _build_tools(environment: Environment) -> Iterator[Finding]:
    yield _tool(
        environment, "cargo 1.90 or newer", ("cargo", "--version"), LEAST_CARGO, "install Rust (rustup)", ("local",)
    )
    yield _tool(environment, "make", ("make", "--version"), None, "install GNU make", PLATFORMS)
    yield _tool(environment, "git", ("git", "--version"), None, "install git", PLATFORMS)
    linker = next((name for name in ("cc", "gcc", "clang") if environment.on_path(name)), None)
    step = "" if linker else "install a C compiler (gcc or clang): cargo links with it"
    yield Finding("a C linker", "ok" if linker else "missing", linker or "none on the PATH", step, ("local",))


def _tool(
    environment: Environment,
    what: str,
    command: tuple[str, ...],
    least: tuple[int, int] | None,
    step: str,
    needed_by: tuple[Platform, ...],
) -> Finding:
    """A program that is on the PATH, answers, and is new enough."""
    absent: State = "missing" if needed_by else "absent"
    if not environment.on_path(command[0]):
        return Finding(what, absent, "not on the PATH", step, needed_by)
    try:
        ran = environment.run(command)
    except OSError as error:
        return Finding(what, absent, f"it can't be started: {error.strerror or error}", step, needed_by)
    version = _VERSION.search(ran.output)
    if ran.status != 0 or version is None:
        return Finding(what, absent, f"`{' '.join(command)}` does not tell a version", step, needed_by)
    if least is not None and (int(version[1]), int(version[2])) < least:
        return Finding(what, "old" if needed_by else "absent", version[0], step, needed_by)
    return Finding(what, "ok", version[0], "", needed_by)


def _pulumi(environment: Environment) -> Finding:
    sdk = environment.installed("pulumi")
    wanted = _VERSION.match(sdk or "")
    # The engine speaks the protocol of older SDKs, not of newer ones.
    least = (int(wanted[1]), int(wanted[2])) if wanted else None
    what = f"Pulumi CLI {wanted[1]}.{wanted[2]} or newer" if wanted else "Pulumi CLI"
    step = f"install it from Pulumi's own page ({sdk} or newer)" if sdk else "install it from Pulumi's own page"
    return _tool(environment, what, ("pulumi", "version"), least, step, CLOUDS)


def _sdks(environment: Environment) -> Iterator[Finding]:
    yield _sdk(environment, "pulumi", CLOUDS)
    for cloud, name in _SDKS.items():
        yield _sdk(environment, name, (cloud,))
    version = environment.installed("pulumi-policy")
    step = "" if version else "make clouds; without it, `pulumi up` has no --policy-pack ../guardrails"
    yield Finding("pulumi-policy", "ok" if version else "absent", version or "not installed", step, ())


def _sdk(environment: Environment, name: str, needed_by: tuple[Platform, ...]) -> Finding:
    version = environment.installed(name)
    step = "" if version else "make clouds"
    return Finding(f"{name} (Python)", "ok" if version else "missing", version or "not installed", step, needed_by)


def _cli(environment: Environment, cloud: Cloud) -> Finding:
    """Wanted to make the state bucket and to log in; the programs themselves don't call it."""
    command = _CLIS[cloud]
    step = f"install it to make the state bucket as stacks/README.md says ({_NAMES[cloud]})"
    return _tool(environment, f"{command[0]} CLI", command, None, step, ())


def _credentials(environment: Environment, cloud: Cloud) -> Finding:
    where, step = _SEARCHES[cloud](environment)
    what = f"credentials of {_NAMES[cloud]}"
    found = f"present: {where} (not tried)" if where else "none where the SDKs look"
    return Finding(what, "ok" if where else "missing", found, "" if where else step, (cloud,))


def _has(environment: Environment, *names: str) -> bool:
    return all(environment.variables.get(name) for name in names)


def _file(environment: Environment, variable: str, *default: str) -> str | None:
    """Where a file is that a variable names, or else one in the home directory."""
    named = environment.variables.get(variable)
    path = Path(named) if named else environment.home.joinpath(*default)
    return str(path) if environment.exists(path) else None


def _aws(environment: Environment) -> tuple[str | None, str]:
    step = "log in (`aws configure sso`, then AWS_PROFILE), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if _has(environment, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", step
    if _has(environment, "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"):
        return "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN", step
    for name in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        if _has(environment, name):
            return name, step
    file = _file(environment, "AWS_SHARED_CREDENTIALS_FILE", ".aws", "credentials")
    if file is None and _has(environment, "AWS_PROFILE"):
        file = _file(environment, "AWS_CONFIG_FILE", ".aws", "config")
    return file, step


def _gcp(environment: Environment) -> tuple[str | None, str]:
    step = "gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a file"
    for name in ("GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"):
        if _has(environment, name):
            return name, step
    if named := environment.variables.get("GOOGLE_APPLICATION_CREDENTIALS"):
        there = environment.exists(Path(named))
        missing = "GOOGLE_APPLICATION_CREDENTIALS names a file that is not there: correct it, or unset it and log in"
        return ("GOOGLE_APPLICATION_CREDENTIALS", step) if there else (None, missing)
    folder = environment.variables.get("CLOUDSDK_CONFIG")
    path = Path(folder) if folder else environment.home / ".config" / "gcloud"
    path /= "application_default_credentials.json"
    return (str(path) if environment.exists(path) else None), step


def _azure(environment: Environment) -> tuple[str | None, str]:
    step = "az login, or set ARM_CLIENT_ID, ARM_TENANT_ID and ARM_CLIENT_SECRET"
    if _has(environment, "ARM_CLIENT_ID", "ARM_TENANT_ID"):
        for name in ("ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE_PATH", "ARM_USE_OIDC"):
            if _has(environment, name):
                return f"ARM_CLIENT_ID, ARM_TENANT_ID and {name}", step
    if _has(environment, "ARM_USE_MSI"):
        return "ARM_USE_MSI", step
    folder = environment.variables.get("AZURE_CONFIG_DIR")
    path = (Path(folder) if folder else environment.home / ".azure") / "azureProfile.json"
    return (str(path) if environment.exists(path) else None), step


_SEARCHES: Mapping[Cloud, Callable[[Environment], tuple[str | None, str]]] = {
    "aws": _aws,
    "gcp": _gcp,
    "azure": _azure,
}


def _backends(environment: Environment, venue: Venue, path: Path) -> Iterator[Finding]:
    """The bucket of each of the venue's clouds, as the file names it."""
    clouds: tuple[Cloud, ...] = tuple(
        [cloud for cloud in CLOUDS if any(region.cloud == cloud for region in venue.regions.values())]
    )
    try:
        urls = Backends.load(path, venue).backends
    except CloudError as error:
        told = f"{error.where} {error.wrong}"
        yield Finding(f"state backends of {venue.name}", "missing", told, error.next_step, clouds)
        return
    for cloud in clouds:
        yield Finding(f"state backend of {_NAMES[cloud]}", "ok", f"{urls[cloud]} (not tried)", "", (cloud,))
    other = environment.variables.get("PULUMI_BACKEND_URL")
    if other and other not in urls.values():
        step = "unset it, or set it to the backend of the stack's cloud: `pulumi up` would look elsewhere"
        yield Finding("PULUMI_BACKEND_URL", "absent", "it is none of the venue's backends", step, ())
