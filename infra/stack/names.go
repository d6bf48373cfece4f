package stack

import (
	"fmt"
	"strings"
)

// Named states which property is the physical name of a type of resource.
type Named struct {
	Property []string // nil: it has none that could be chosen
	Limit    int      // characters
	Global   bool     // unique in an account across regions, or in all of AWS
	Shared   bool     // two resources may have the same one
}

// Names of the types that the templates use. A type that is missing here is an error of TestNames: its rule would be unknown.
var Names = map[string]Named{
	"AWS::ApiGatewayV2::Api":                  {},
	"AWS::ApiGatewayV2::Stage":                {Property: []string{"StageName"}, Limit: 128, Shared: true},
	"AWS::CloudFormation::Stack":              {},
	"AWS::CloudFront::Distribution":           {},
	"AWS::CloudFront::Function":               {Property: []string{"Name"}, Limit: 64, Global: true},
	"AWS::CloudFront::OriginAccessControl":    {Property: []string{"OriginAccessControlConfig", "Name"}, Limit: 64, Global: true},
	"AWS::CloudFront::ResponseHeadersPolicy":  {Property: []string{"ResponseHeadersPolicyConfig", "Name"}, Limit: 128, Global: true},
	"AWS::CloudWatch::Alarm":                  {Property: []string{"AlarmName"}, Limit: 255},
	"AWS::CloudWatch::Dashboard":              {Property: []string{"DashboardName"}, Limit: 255, Global: true},
	"AWS::CodeDeploy::Application":            {Property: []string{"ApplicationName"}, Limit: 100},
	"AWS::CodeDeploy::DeploymentGroup":        {Property: []string{"DeploymentGroupName"}, Limit: 100},
	"AWS::Cognito::ManagedLoginBranding":      {},
	"AWS::Cognito::UserPool":                  {Property: []string{"UserPoolName"}, Limit: 128, Shared: true},
	"AWS::Cognito::UserPoolClient":            {Property: []string{"ClientName"}, Limit: 128, Shared: true},
	"AWS::Cognito::UserPoolDomain":            {Property: []string{"Domain"}, Limit: 63},
	"AWS::Cognito::UserPoolGroup":             {Property: []string{"GroupName"}, Limit: 128, Shared: true},
	"AWS::DynamoDB::Table":                    {Property: []string{"TableName"}, Limit: 255},
	"AWS::Events::Rule":                       {Property: []string{"Name"}, Limit: 64},
	"AWS::IAM::Role":                          {Property: []string{"RoleName"}, Limit: 64, Global: true},
	"AWS::KMS::Key":                           {},
	"AWS::Lambda::Alias":                      {Property: []string{"Name"}, Limit: 128, Shared: true},
	"AWS::Lambda::EventSourceMapping":         {},
	"AWS::Lambda::Function":                   {Property: []string{"FunctionName"}, Limit: 64},
	"AWS::Lambda::EventInvokeConfig":          {}, // of a function and a version of it
	"AWS::Lambda::Permission":                 {},
	"AWS::Lambda::Version":                    {},
	"AWS::Logs::LogGroup":                     {Property: []string{"LogGroupName"}, Limit: 512},
	"AWS::S3::Bucket":                         {Property: []string{"BucketName"}, Limit: 63, Global: true},
	"AWS::S3::BucketPolicy":                   {},
	"AWS::SNS::Subscription":                  {},
	"AWS::SNS::Topic":                         {Property: []string{"TopicName"}, Limit: 256},
	"AWS::SQS::Queue":                         {Property: []string{"QueueName"}, Limit: 80},
	"AWS::SQS::QueuePolicy":                   {},
	"AWS::Scheduler::Schedule":                {Property: []string{"Name"}, Limit: 64},
	"AWS::SecretsManager::Secret":             {Property: []string{"Name"}, Limit: 512},
	"AWS::StepFunctions::StateMachine":        {Property: []string{"StateMachineName"}, Limit: 80},
	"AWS::StepFunctions::StateMachineAlias":   {Property: []string{"Name"}, Limit: 80, Shared: true},
	"AWS::StepFunctions::StateMachineVersion": {},
	"AWS::XRay::SamplingRule":                 {Property: []string{"SamplingRule", "RuleName"}, Limit: 32},
}

// kind of a resource, as CloudFormation calls it.
func kind(resource any) string {
	switch name, _ := At(resource, "Type").(string); name {
	case "AWS::Serverless::Function":
		return "AWS::Lambda::Function"
	case "AWS::Serverless::StateMachine":
		return "AWS::StepFunctions::StateMachine"
	case "AWS::Serverless::HttpApi":
		return "AWS::ApiGatewayV2::Api"
	case "AWS::Serverless::Application":
		return "AWS::CloudFormation::Stack"
	default:
		return name
	}
}

// Physical is the name that a resource gets: its own, or one that CloudFormation makes of the stack's and the logical one.
func (s Stack) Physical(template, logical string) string {
	resource := s.Templates[template].Resources()[logical]
	path := Names[kind(resource)].Property
	if kind(resource) == "AWS::StepFunctions::StateMachine" && At(resource, "Properties", "Name") != nil {
		path = []string{"Name"}
	}
	if value := At(At(resource, "Properties"), path...); path != nil && value != nil {
		return fmt.Sprint(s.Resolve(template, value))
	}
	name := s.NameOf(template) + "-" + logical + "-" + generated
	switch kind(resource) {
	case "AWS::S3::Bucket":
		return strings.ToLower(cut(name, 63))
	case "AWS::IAM::Role", "AWS::Events::Rule", "AWS::Lambda::Function", "AWS::Scheduler::Schedule":
		return cut(name, 64)
	case "AWS::SQS::Queue", "AWS::StepFunctions::StateMachine":
		return cut(name, 80)
	case "AWS::Cognito::UserPoolClient", "AWS::ApiGatewayV2::Api", "AWS::CloudFront::Distribution":
		return strings.ToLower(generated + generated)
	case "AWS::KMS::Key":
		return "00000000-0000-4000-8000-000000000000"
	}
	return cut(name, 255)
}

func cut(text string, length int) string {
	if len(text) > length {
		return text[:length]
	}
	return text
}

// addresses are the part of an ARN behind the account, by type.
var addresses = map[string][2]string{
	"AWS::DynamoDB::Table":             {"dynamodb", "table/"},
	"AWS::Events::Rule":                {"events", "rule/"},
	"AWS::KMS::Key":                    {"kms", "key/"},
	"AWS::Lambda::Function":            {"lambda", "function:"},
	"AWS::Logs::LogGroup":              {"logs", "log-group:"},
	"AWS::SNS::Topic":                  {"sns", ""},
	"AWS::SQS::Queue":                  {"sqs", ""},
	"AWS::SecretsManager::Secret":      {"secretsmanager", "secret:"},
	"AWS::StepFunctions::StateMachine": {"states", "stateMachine:"},
	"AWS::Cognito::UserPool":           {"cognito-idp", "userpool/"},
}

// ARN of a resource.
func (s Stack) ARN(template, logical string) string {
	resource := s.Templates[template].Resources()[logical]
	name := s.Physical(template, logical)
	switch k := kind(resource); k {
	case "AWS::S3::Bucket":
		return "arn:" + s.Partition + ":s3:::" + name
	case "AWS::IAM::Role":
		return "arn:" + s.Partition + ":iam::" + s.Account + ":role/" + name
	case "AWS::StepFunctions::StateMachineVersion", "AWS::StepFunctions::StateMachineAlias":
		machine := At(resource, "Properties", "StateMachineArn")
		if machine == nil {
			machine = At(resource, "Properties", "DeploymentPreference", "StateMachineVersionArn")
			text := fmt.Sprint(s.Resolve(template, machine))
			return text[:strings.LastIndex(text, ":")] + ":" + name
		}
		return fmt.Sprint(s.Resolve(template, machine)) + ":1"
	default:
		address := addresses[k]
		suffix := map[bool]string{true: ":*"}[k == "AWS::Logs::LogGroup"] + map[bool]string{true: "-AbCdEf"}[k == "AWS::SecretsManager::Secret"]
		return "arn:" + s.Partition + ":" + address[0] + ":" + s.Region + ":" + s.Account + ":" + address[1] + name + suffix
	}
}

// id is what Ref returns.
func (s Stack) id(template, logical string) any {
	logical, attribute, _ := strings.Cut(logical, ".")
	resource := s.Templates[template].Resources()[logical]
	if attribute == "Alias" {
		alias := At(resource, "Properties", "AutoPublishAlias")
		if alias == nil {
			alias = At(s.Templates[template], "Globals", "Function", "AutoPublishAlias")
		}
		return s.ARN(template, logical) + ":" + fmt.Sprint(alias)
	}
	switch kind(resource) {
	case "AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::StepFunctions::StateMachine", "AWS::StepFunctions::StateMachineVersion", "AWS::StepFunctions::StateMachineAlias":
		return s.ARN(template, logical)
	case "AWS::Lambda::Alias":
		return "arn:" + s.Partition + ":lambda:" + s.Region + ":" + s.Account + ":function:" + fmt.Sprint(s.Resolve(template, At(resource, "Properties", "FunctionName"))) + ":" + s.Physical(template, logical)
	case "AWS::SQS::Queue":
		return "https://sqs." + s.Region + ".amazonaws.com/" + s.Account + "/" + s.Physical(template, logical)
	case "":
		panic(fmt.Sprintf("%s has no %s", template, logical))
	}
	return s.Physical(template, logical)
}

func (s Stack) attribute(template, logical, name string) any {
	resource := s.Templates[template].Resources()[logical]
	if output, ok := strings.CutPrefix(name, "Outputs."); ok {
		nested := strings.ToLower(logical)
		return s.Resolve(nested, At(s.Templates[nested], "Outputs", output, "Value"))
	}
	switch name {
	case "Arn":
		return s.ARN(template, logical)
	case "QueueName":
		return s.Physical(template, logical)
	case "StreamArn":
		return s.ARN(template, logical) + "/stream/2026-01-01T00:00:00.000"
	case "RegionalDomainName":
		return s.Physical(template, logical) + ".s3." + s.Region + ".amazonaws.com"
	case "DomainName":
		return "d1234567890abc.cloudfront.net"
	case "FunctionARN":
		return "arn:" + s.Partition + ":cloudfront::" + s.Account + ":function/" + s.Physical(template, logical)
	case "Alias":
		return s.id(template, logical+".Alias")
	case "StateMachineRevisionId", "Id":
		return s.Physical(template, logical)
	}
	panic(fmt.Sprintf("%s: the attribute %s of %s (%s) is not known here", template, name, logical, kind(resource)))
}
