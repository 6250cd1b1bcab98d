"""The venue file's JSON Schema, for editors.

``python -m rialto_platform.venue.schema`` prints it; ``make schema`` keeps the committed one.
"""

import json
import sys

from rialto_platform.venue.model import Venue


def text() -> str:
    """The schema as it is committed in ``stacks/venues/venue.schema.json``, with its final newline."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Venue.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
