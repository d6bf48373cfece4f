#!/usr/bin/env python3
"""Create the stacks of this system with moto, a second implementation of CloudFormation, and check the result.

usage: moto_stacks.py FOLDER SKIPPED       in an environment that has moto

FOLDER has template.json and the nested ones, as tools/sam_expand.py writes them. SKIPPED lists the types that moto does not
create, each with what is missing. A resource of another type that was not created is an error, and so is a type there that no
template has. Nothing leaves the process.
"""
import io
import json
import logging
import os
import re
import sys
import zipfile

os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="eu-central-1", AWS_EC2_METADATA_DISABLED="true")
import boto3  # noqa: E402
import yaml  # noqa: E402
from moto import mock_aws  # noqa: E402

NAME = "ballerine-dev"
NESTED = {  # in the order of a deployment; what another stack knows comes from its outputs
    "security": {"RootStack": NAME},
    "data": {"KeyArn": "security.KeyArn", "Origins": "https://*.cloudfront.net"},
    "delivery": {"KeyArn": "security.KeyArn"},
    "identity": {"RootStack": NAME, "MfaConfiguration": "ON", "DashboardUrl": "https://d1234567890abc.cloudfront.net"},
    "dashboard": {
        "RootStack": NAME, "ApiDomain": "api.execute-api.eu-central-1.amazonaws.com", "DocumentsDomain": "data.DocumentsBucketDomain",
        "SignInDomain": NAME + ".auth.eu-central-1.amazoncognito.com", "Alias": "", "CertificateArn": "", "WebAclArn": "",
    },
    "observability": {
        "RootStack": NAME, "AlarmEmail": "ops@example.com", "HttpApiId": "api", "DispatchFailures": "delivery.DispatchFailuresName",
        "UploadFailures": "delivery.UploadFailuresName", "Deliveries": "delivery.DeliveriesName", "DeliveryFailures": "delivery.DeliveryFailuresName", "KeyArn": "security.KeyArn",
    },
}
STUBBED = {"dashboard": {"Url": "https://d1234567890abc.cloudfront.net"}, "identity": {"Issuer": "https://cognito-idp.eu-central-1.amazonaws.com/a"}}


def read(folder, name):
    with open(os.path.join(folder, name + ".json")) as f:
        return json.load(f)


def substituted(text, outputs, absent):
    """Replace references to nested stacks and to absent resources in a text of Fn::Sub."""
    def one(match):
        name, _, attribute = match.group(1).partition(".")
        if attribute.startswith("Outputs."):
            return outputs[name.lower()].get(attribute[len("Outputs."):], "unknown")
        return "absent" if name in absent else match.group(0)
    return re.sub(r"\$\{([A-Za-z0-9.:]+)\}", one, text)


def replaced(value, outputs, absent):
    """Replace what refers to a nested stack by its output, and what refers to a resource that is absent by a word."""
    if isinstance(value, list):
        return [replaced(v, outputs, absent) for v in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Fn::GetAtt"]:
        name, attribute = value["Fn::GetAtt"][0], ".".join(value["Fn::GetAtt"][1:])
        if attribute.startswith("Outputs."):
            return outputs[name.lower()].get(attribute[len("Outputs."):], "unknown")
        return "absent" if name in absent else value
    if list(value) == ["Ref"] and value["Ref"] in absent:
        return absent[value["Ref"]]
    if list(value) == ["Fn::Sub"] and isinstance(value["Fn::Sub"], str):
        return {"Fn::Sub": substituted(value["Fn::Sub"], outputs, absent)}
    return {k: replaced(v, outputs, absent) for k, v in value.items()}


def without(template, skipped):
    """Leave out the resources of types that are skipped. A function stands for its alias."""
    absent = {}  # what stands for each
    for name, r in template["Resources"].items():
        if r["Type"] in skipped:
            absent[name] = {"Fn::GetAtt": [r["Properties"]["FunctionName"]["Ref"], "Arn"]} if r["Type"] == "AWS::Lambda::Alias" else "absent"
    kept = {n: r for n, r in template["Resources"].items() if n not in absent}
    for resource in kept.values():
        if isinstance(resource.get("DependsOn"), list):
            resource["DependsOn"] = [d for d in resource["DependsOn"] if d not in absent]
        elif resource.get("DependsOn") in absent:
            resource.pop("DependsOn")
    return kept, absent


def create(clients, name, template, parameters, skipped, outputs):
    kept, absent = without(template, skipped)
    plain = {k: v for k, v in template.items() if k not in ("Outputs", "Rules", "Transform")}
    plain["Resources"] = replaced(kept, outputs, absent)
    plain["Outputs"] = {k: v for k, v in replaced(template.get("Outputs", {}), outputs, absent).items() if v.get("Value") != "absent"}
    if not plain["Resources"]:
        return {}, set()
    known = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
    clients("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(plain), Parameters=known, Capabilities=["CAPABILITY_IAM"])
    stack = clients("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise SystemExit(f"{name}: {stack['StackStatus']}")
    pages = clients("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    made = {r["LogicalResourceId"] for page in pages for r in page["StackResourceSummaries"]}
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}, made


def put_code(clients):
    """Put a package where tools/sam_expand.py says that the functions' code is."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("bootstrap", "")
    clients("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    clients("s3").put_object(Bucket="bucket", Key="key", Body=package.getvalue())


def look(clients, outputs, data):
    """Compare tables and the bucket with what the template asks for. moto leaves out the tables' key, and expiry, versions and CORS rules of buckets."""
    problems = []
    for logical, resource in data["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        wanted, name = resource["Properties"], outputs["data"][logical]
        table = clients("dynamodb").describe_table(TableName=name)["Table"]
        for what, got, want in (
            ("keys", table["KeySchema"], wanted["KeySchema"]),
            ("indexes", sorted(i["IndexName"] for i in table.get("GlobalSecondaryIndexes", [])), sorted(i["IndexName"] for i in wanted.get("GlobalSecondaryIndexes", []))),
            ("stream", table.get("StreamSpecification", {}).get("StreamViewType"), wanted.get("StreamSpecification", {}).get("StreamViewType")),
            ("protection", table.get("DeletionProtectionEnabled"), True),
        ):
            if got != want:
                problems.append(f"{logical}: {what} {got}, wanted {want}")
    bucket = outputs["data"]["DocumentsBucket"]
    rules = clients("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    if rules[0]["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID") != outputs["security"]["KeyArn"]:
        problems.append(f"DocumentsBucket: encrypted by {rules}")
    return problems


@mock_aws
def run(folder, file):
    logging.disable(logging.CRITICAL)
    with open(file) as f:
        skipped = yaml.safe_load(f)
    cache = {}
    clients = lambda service: cache.setdefault(service, boto3.client(service))  # noqa: E731
    outputs, problems, types, created = {}, [], set(), 0
    put_code(clients)
    for name in [*NESTED, "template"]:
        template = read(folder, name)
        parameters = {}
        for parameter, value in NESTED.get(name, {}).items():
            stack, _, output = value.partition(".")
            parameters[parameter] = outputs[stack][output] if stack in outputs and output in outputs[stack] else value
        found, made = create(clients, NAME if name == "template" else f"{NAME}-{name}", template, parameters, skipped, outputs)
        outputs[name] = {**STUBBED.get(name, {}), **found}
        created += len(made)
        for logical, resource in template["Resources"].items():
            types.add(resource["Type"])
            condition = resource.get("Condition")
            if resource["Type"] not in skipped and logical not in made and not condition:
                problems.append(f"{name}: {logical} ({resource['Type']}) was not created")
    problems += [f"{kind} is not in the templates" for kind in skipped if kind not in types]
    problems += look(clients, outputs, read(folder, "data"))
    if problems:
        raise SystemExit("\n".join(problems))
    print(f"moto created {created} resources in {len(NESTED) + 1} stacks; skipped: {', '.join(skipped)}")


if __name__ == "__main__":
    run(*sys.argv[1:])
