"""The admin API of a node, or of the links, asked over HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import cast

from rialto_platform.local.errors import LocalError

Json = Mapping[str, object]
_TIMEOUT_S = 1.0
_LOOK = "see its log: rialto logs"


def get_json(address: str, path: str, timeout_s: float = _TIMEOUT_S) -> Json:
    """GETs a JSON object from a node's admin API at host:port.

    Raises:
        LocalError: no answer within `timeout_s` seconds, a refusal, or another answer than a JSON object.
    """
    return _ask("GET", address, path, None, timeout_s)


def post_json(address: str, path: str, body: Json, timeout_s: float) -> Json:
    """POSTs a JSON object to a node's admin API at host:port; what it answers.

    Raises:
        LocalError: as `get_json`.
    """
    return _ask("POST", address, path, body, timeout_s)


def patch_json(address: str, path: str, body: Json, timeout_s: float) -> Json:
    """PATCHes with a JSON object at host:port; what it answers.

    Raises:
        LocalError: as `get_json`.
    """
    return _ask("PATCH", address, path, body, timeout_s)


def _ask(verb: str, address: str, path: str, body: Json | None, timeout_s: float) -> Json:
    connection = http.client.HTTPConnection(address, timeout=timeout_s)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(verb, path, text, {} if text is None else {"Content-Type": "application/json"})
        response = connection.getresponse()
        value: object = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LocalError(f"http://{address}{path}", f"gives no answer ({error})", _LOOK) from error
    finally:
        connection.close()
    if not isinstance(value, dict):
        raise LocalError(f"http://{address}{path}", f"answered {response.status}", _LOOK)
    answer = cast("Json", value)
    if response.status != http.client.OK:
        # The API says what is wrong, where, and what to do next.
        wrong = str(answer.get("error", f"answered {response.status}"))
        raise LocalError(str(answer.get("where", f"http://{address}{path}")), wrong, str(answer.get("next", _LOOK)))
    return answer
