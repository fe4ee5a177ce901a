"""Does in AWS what a member function of the Python sample does, with the same SDK and the same calls, and prints it.

Nothing of the sample's code is in here: what counts is what it asks of the management account. It assumes the role for
each table, scans one page, and updates its item; of a notification it reads nothing.

Environment: ROLE, APPROVED, REJECTED, SYNC_TIMESTAMPS, and the AWS variables of the member account.
"""

import datetime
import json
import os
import time

import boto3


def table(name):
    credentials = boto3.client("sts").assume_role(
        RoleArn=os.environ["ROLE"], RoleSessionName="RoleSessionName", DurationSeconds=900
    )["Credentials"]
    resource = boto3.resource(
        "dynamodb",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    return resource.Table(os.environ[name])


def products(name):
    return sorted(item["ID"] for item in table(name).scan()["Items"])


approved, rejected = products("APPROVED"), products("REJECTED")
organization = boto3.client("organizations").describe_organization()["Organization"]
now = time.time()
table("SYNC_TIMESTAMPS").update_item(
    Key={"ID": organization["MasterAccountId"]},
    UpdateExpression="SET member_org_email = :email, stamp = :stamp, update_time_utc = :time, experiences_updated = :count",
    ExpressionAttributeValues={
        ":email": organization["MasterAccountEmail"],
        ":stamp": str(now),
        ":time": datetime.datetime.fromtimestamp(now).isoformat(),
        ":count": 1,
    },
)
print(json.dumps({"approved": approved, "rejected": rejected}))
