"""Prints the properties that CloudFormation cannot change in place, by resource type, from the schemas in cfn-lint."""

import json
import sys
from pathlib import Path

import cfnlint

schemas = Path(cfnlint.__file__).parent / "data" / "schemas" / "resources"
wanted = set(json.load(sys.stdin))
found = {}
for file in schemas.glob("*.json"):
    schema = json.loads(file.read_text())
    if schema.get("typeName") in wanted:
        properties = (*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", []))
        found[schema["typeName"]] = sorted(path.removeprefix("/properties/").split("/")[0] for path in properties)
json.dump(found, sys.stdout)
