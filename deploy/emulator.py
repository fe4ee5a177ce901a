"""Starts MiniStack with what it lacks for several accounts in one organization-spanning deployment.

Each function below replaces or adds one behaviour of AWS that MiniStack 1.4.21 does not have, and says which. The
templates are not adapted to anything here. `ADAPTATIONS` is printed by the test.

Environment: GATEWAY_PORT, and ORGANIZATIONS, a JSON object from an account to its organization's management account.
"""

import contextlib
import json
import os
import re

import ministack.app as app
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, request_scope
from ministack.services import lambda_svc, organizations, sns, sqs, sts
from ministack.services.cloudformation import changesets, engine, handlers, provisioners

ADAPTATIONS = []


def adaptation(text):
    """Notes what a function adapts, for the test's output."""

    def note(function):
        ADAPTATIONS.append(text)
        return function

    return note


def scope_of(arn):
    """The account and Region that an ARN is in: MiniStack keeps every resource under both."""
    spec = parse_arn(arn)
    return request_scope(spec.account_id, spec.region)


@adaptation("STS: an assumed role's requests are its account's; MiniStack takes them for the default account's")
def assumed_roles_have_an_account():
    set_account = app.set_request_account_id

    def set_account_of(access_key):
        session = sts._sessions.get(access_key)
        set_account(session["Arn"].split(":")[4] if session else access_key)

    app.set_request_account_id = set_account_of


@adaptation("SNS: a queue in another account or Region is subscribed and delivered to, if topic and queue policies exist")
def topics_reach_other_accounts():
    deliver = sns._deliver_to_sqs

    def deliver_where_the_queue_is(endpoint, *arguments, **keywords):
        with scope_of(endpoint):
            deliver(endpoint, *arguments, **keywords)

    sns._deliver_to_sqs = deliver_where_the_queue_is

    subscription = provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]
    create, delete = subscription["create"], subscription["delete"]

    def create_where_the_topic_is(logical_id, properties, stack_name):
        topic = properties["TopicArn"]
        region = properties.get("Region")
        if region and region != parse_arn(topic).region:
            raise ValueError(f"Invalid parameter: TopicArn {topic} is not in the Region {region}")
        with scope_of(topic):
            if topic not in sns._topics:
                raise ValueError(f"Topic does not exist: {topic}")
            for existing in sns._topics[topic]["subscriptions"]:
                if existing["endpoint"] == properties["Endpoint"]:
                    return existing["arn"], {"SubscriptionArn": existing["arn"]}
            return create(logical_id, properties, stack_name)

    def delete_where_the_topic_is(physical_id, properties):
        with scope_of(properties["TopicArn"]):
            delete(physical_id, properties)

    subscription["create"], subscription["delete"] = create_where_the_topic_is, delete_where_the_topic_is


@adaptation("SNS: AddPermission and RemovePermission change the topic's policy; MiniStack does not know them")
def topics_have_permissions():
    handle = sns.handle_request

    def policy_of(topic):
        return json.loads(topic["attributes"].get("Policy") or '{"Version": "2012-10-17", "Statement": []}')

    def change(action, form):
        arn, label = form["TopicArn"][0], form["Label"][0]
        topic = sns._topics.get(arn)
        if not topic:
            return sns._error("NotFound", "Topic does not exist", 404)
        policy = policy_of(topic)
        others = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
        exists = len(others) < len(policy["Statement"])
        if action == "AddPermission":
            if exists:
                return sns._error("InvalidParameter", "Invalid parameter: Statement already exists", 400)
            accounts = [values[0] for key, values in sorted(form.items()) if key.startswith("AWSAccountId.member.")]
            actions = [values[0] for key, values in sorted(form.items()) if key.startswith("ActionName.member.")]
            others.append(
                {
                    "Sid": label,
                    "Effect": "Allow",
                    "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
                    "Action": [f"SNS:{name}" for name in actions],
                    "Resource": arn,
                }
            )
        elif not exists:
            return sns._error("NotFound", f"No statement with the label {label}", 404)
        topic["attributes"]["Policy"] = json.dumps({**policy, "Statement": others})
        return sns._xml(200, f"{action}Response", "")

    async def handle_permissions_too(method, path, headers, body, query):
        form = sns.parse_qs(body.decode()) if body else {}
        action = form.get("Action", [""])[0]
        if action in ("AddPermission", "RemovePermission"):
            return change(action, form)
        return await handle(method, path, headers, body, query)

    sns.handle_request = handle_permissions_too


@adaptation("Organizations: a delegated administrator account sees its organization's management account, not itself")
def organizations_have_members():
    management_accounts = json.loads(os.environ.get("ORGANIZATIONS", "{}"))
    describe = organizations._DISPATCH["DescribeOrganization"]

    def describe_the_callers(payload):
        with request_scope(management_accounts.get(get_account_id(), get_account_id()), "us-east-1"):
            return describe(payload)

    organizations._DISPATCH["DescribeOrganization"] = describe_the_callers


@adaptation("Organizations: AWS::Organizations::ResourcePolicy is accepted; MiniStack does not know the type")
def organizations_have_a_resource_policy():
    provisioners._RESOURCE_HANDLERS["AWS::Organizations::ResourcePolicy"] = {
        "create": lambda logical_id, properties, stack_name: (f"rp-{get_account_id()}", {}),
        "delete": lambda physical_id, properties: None,
    }


@adaptation("CloudFormation: DescribeStacks says EnableTerminationProtection, which sam delete reads")
def stacks_say_whether_they_are_protected():
    describe = handlers._describe_stacks

    def describe_completely(parameters):
        status, headers, body = describe(parameters)
        text = body.decode() if isinstance(body, bytes) else body
        text = text.replace(
            "</StackStatus>", "</StackStatus><EnableTerminationProtection>false</EnableTerminationProtection>"
        )
        return status, headers, text.encode()

    handlers._describe_stacks = describe_completely
    for name, table in vars(handlers).items():
        if isinstance(table, dict) and table.get("DescribeStacks") is describe:
            table["DescribeStacks"] = describe_completely


@adaptation("CloudFormation: AllowedPattern, MaxLength, MinValue and MaxValue of parameters are checked")
def parameters_are_checked():
    resolve = engine._resolve_parameters

    def resolve_and_check(template, *arguments):
        resolved = resolve(template, *arguments)
        for name, rule in template.get("Parameters", {}).items():
            value = resolved[name]["Value"]
            if (
                not re.fullmatch(rule.get("AllowedPattern", ".*"), value)
                or len(value) > int(rule.get("MaxLength", len(value)))
                or ("MinValue" in rule and float(value) < float(rule["MinValue"]))
                or ("MaxValue" in rule and float(value) > float(rule["MaxValue"]))
            ):
                raise ValueError(f"Parameter {name} failed to satisfy constraint: {rule.get('ConstraintDescription')}")
        return resolved

    for module in (changesets, handlers):
        module._resolve_parameters = resolve_and_check


@adaptation("CloudFormation: an updated function keeps its aliases and permissions, an updated queue what is in it")
def updates_keep_what_they_do_not_name():
    function, queue = (provisioners._RESOURCE_HANDLERS[f"AWS::{kind}"] for kind in ("Lambda::Function", "SQS::Queue"))
    create_function, create_queue = function["create"], queue["create"]

    def create_or_update_function(logical_id, properties, stack_name):
        name = properties.get("FunctionName") or provisioners._physical_name(stack_name, logical_id, max_len=64)
        old = lambda_svc._functions.get(name)
        created = create_function(logical_id, properties, stack_name)
        if old:
            kept = {key: old[key] for key in ("aliases", "versions", "next_version", "policy", "concurrency")}
            lambda_svc._functions[name].update(kept)
        return created

    def create_or_update_queue(logical_id, properties, stack_name):
        name = provisioners._physical_name(stack_name, logical_id, max_len=80)
        old = sqs._queues.get(sqs._queue_name_to_url.get(name))
        url, attributes = create_queue(logical_id, properties, stack_name)
        new = sqs._queues[url]
        if "RedrivePolicy" in properties:  # which MiniStack leaves out
            new["attributes"]["RedrivePolicy"] = json.dumps(properties["RedrivePolicy"])
        if old:
            new["messages"] = old["messages"]
            if "Policy" in old["attributes"]:
                new["attributes"]["Policy"] = old["attributes"]["Policy"]
        return url, attributes

    function["create"], queue["create"] = create_or_update_function, create_or_update_queue


def main():
    assumed_roles_have_an_account()
    topics_reach_other_accounts()
    topics_have_permissions()
    organizations_have_members()
    organizations_have_a_resource_policy()
    stacks_say_whether_they_are_protected()
    parameters_are_checked()
    updates_keep_what_they_do_not_name()
    with contextlib.suppress(OSError), open(os.environ["ADAPTATIONS_FILE"], "w") as file:
        json.dump(ADAPTATIONS, file)
    app.main()


if __name__ == "__main__":
    main()
