"""The venue file's JSON Schema, for editors.

``python -m rialto_platform.venue.schema`` prints it; ``make schema`` keeps the committed one.
"""

import json
import sys
from typing import Any

from rialto_platform.venue.model import Venue


def text() -> str:
    """The schema as it is committed in ``stacks/venues/venue.schema.json``, with its final newline."""
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= Venue.model_json_schema(by_alias=True)
    for definition in (schema, *schema["$defs"].values()):
        _close(definition["properties"])
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _close(properties: dict[str, Any]) -> None:
    """Mappings whose keys are names refuse other keys, as the model does; Pydantic leaves that out."""
    for value in properties.values():
        if "patternProperties" in value:
            value["additionalProperties"] = False


if __name__ == "__main__":
    sys.stdout.write(text())
