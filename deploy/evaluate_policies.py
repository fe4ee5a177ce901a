"""Answers questions to IAM policies, read as JSON from standard input, with moto's evaluator.

A question: {"policies": [document, …], "action", "resource", "principal"?, "context": {key: value}}
An answer: {"decision": "allowed" | "denied" | "neutral", "by": [the Sids that allow]}

moto (moto.iam.access_control) matches effects, actions and resources. It leaves out conditions other than StringEquals,
takes a condition key that is missing from the request for a match, and compares principals as plain texts; so here a
statement is first held against principal and conditions, strictly, and moto sees the ones that apply, without both.
"""

import json
import re
import sys

from moto.iam.access_control import IAMPolicy, PermissionResult


def as_list(value):
    return value if isinstance(value, list) else [value]


def like(pattern, text):
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text) is not None


OPERATORS = {
    "StringEquals": lambda wanted, actual: wanted == actual,
    "StringLike": like,
    "ArnEquals": like,  # ArnEquals and ArnLike behave identically: IAM, "ARN condition operators"
    "ArnLike": like,
    "Bool": lambda wanted, actual: str(wanted).lower() == actual.lower(),
}


def holds(conditions, context):
    """Every key of every operator; a key that the request does not have does not match."""
    for operator, keys in conditions.items():
        if operator not in OPERATORS:
            raise SystemExit(f"The condition operator {operator} is not known here: add it to OPERATORS.")
        for key, wanted in keys.items():
            if key not in context:
                return False
            if not any(OPERATORS[operator](one, context[key]) for one in as_list(wanted)):
                return False
    return True


def names(element, principal):
    """Whether a Principal element names a principal: an ARN, or the name of a service."""
    if element == "*":
        return True
    for kind, values in element.items():
        for value in as_list(values):
            if kind == "Service":
                if value == principal:
                    return True
            elif value in ("*", principal):
                return True
            else:  # an account id and its root's ARN stand for everybody in the account
                account = re.fullmatch(r"(?:arn:aws:iam::)?(\d{12})(?::root)?", value)
                if account and re.match(rf"arn:aws:(iam|sts)::{account[1]}:", principal or ""):
                    return True
    return False


def answer(question):
    decision, by = "neutral", []
    for document in question["policies"]:
        for statement in as_list(document["Statement"]):
            if "Principal" in statement and not names(statement["Principal"], question.get("principal")):
                continue
            if not holds(statement.get("Condition", {}), question["context"]):
                continue
            bare = {key: value for key, value in statement.items() if key not in ("Principal", "Condition")}
            bare.setdefault("Resource", "*")  # a trust policy is about its own role
            bare["Action"] = [action.lower() for action in as_list(bare["Action"])]  # IAM does not look at case
            policy = IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": [bare]}))
            result = policy.is_action_permitted(question["action"].lower(), question["resource"])
            if result == PermissionResult.DENIED:
                return {"decision": "denied", "by": []}
            if result == PermissionResult.PERMITTED:
                decision = "allowed"
                by.append(statement.get("Sid", ""))
    return {"decision": decision, "by": by}


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
