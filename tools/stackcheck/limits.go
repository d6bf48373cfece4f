package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ballerine/infra/stack"
)

// Use is how much of a limit the templates use where they use most of it.
type Use struct {
	Limit  string // what is limited
	Where  string // what comes nearest to it
	Used   int
	Most   int
	Origin string // whose limit it is
}

// counter keeps the greatest use of each limit, in the order in which limits were met first.
type counter struct {
	order []string
	uses  map[string]Use
}

func (c *counter) add(origin, limit, where string, used, most int) {
	old, seen := c.uses[limit]
	if !seen {
		c.order = append(c.order, limit)
	}
	if !seen || used > old.Used {
		c.uses[limit] = Use{Limit: limit, Where: where, Used: used, Most: most, Origin: origin}
	}
}

func size(value any) int {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it was read from JSON
	}
	return len(text)
}

func length(value any) int {
	switch v := value.(type) {
	case map[string]any:
		return len(v)
	case []any:
		return len(v)
	}
	return 0
}

// Count measures everything that has a limit, in the stack with the longest names.
func Count(templates map[string]stack.Template) []Use {
	count := &counter{uses: map[string]Use{}}
	s := longest(templates)
	for name, template := range templates {
		count.add("CloudFormation", "bytes of a template", name, size(template), 1_000_000)
		count.add("CloudFormation", "resources of a template", name, len(template.Resources()), 500)
		count.add("CloudFormation", "parameters of a template", name, length(template["Parameters"]), 200)
		count.add("CloudFormation", "outputs of a template", name, length(template["Outputs"]), 200)
		count.add("CloudFormation", "bytes of a template's description", name, len(fmt.Sprint(template["Description"])), 1024)
	}
	granted := map[string]int{}
	each(templates, func(template, logical string, resource any) {
		properties := stack.At(resource, "Properties")
		if measure := measures[fmt.Sprint(stack.At(resource, "Type"))]; measure != nil {
			measure(count, logical, func(path ...string) any { return s.Resolve(template, stack.At(properties, path...)) })
		}
		if stack.At(resource, "Type") == "AWS::Lambda::Permission" {
			function := fmt.Sprint(s.Resolve(template, stack.At(properties, "FunctionName")))
			granted[function] += statement(s, template, properties)
		}
	})
	for function, bytes := range granted {
		count.add("Lambda", "bytes of a function's resource policy", short(function, s.Name), bytes+80, 20*1024)
	}
	var uses []Use
	for _, limit := range count.order {
		uses = append(uses, count.uses[limit])
	}
	slices.SortFunc(uses, func(a, b Use) int {
		return strings.Compare(a.Origin+" "+a.Limit, b.Origin+" "+b.Limit)
	})
	return uses
}

// short is the part of a function's name or address beside the stack's name.
func short(function, stack string) string {
	if _, name, found := strings.Cut(function, stack+"-"); found {
		return name
	}
	return function
}

// statement is how long a permission is in the function's resource policy, as Lambda writes it.
func statement(s stack.Stack, template string, properties any) int {
	function := fmt.Sprint(s.Resolve(template, stack.At(properties, "FunctionName")))
	return size(map[string]any{
		"Sid": s.Name + "-permission-" + strings.Repeat("x", 40), "Effect": "Allow",
		"Principal": map[string]any{"Service": s.Resolve(template, stack.At(properties, "Principal"))},
		"Action":    "lambda:InvokeFunction",
		"Resource":  "arn:" + s.Partition + ":lambda:" + s.Region + ":" + s.Account + ":function:" + function,
		"Condition": map[string]any{"ArnLike": map[string]any{"AWS:SourceArn": s.Resolve(template, stack.At(properties, "SourceArn"))}},
	})
}

// measures define for a type of resource what is limited; get returns a resolved property.
var measures = map[string]func(count *counter, logical string, get func(path ...string) any){
	"AWS::IAM::Role": func(count *counter, logical string, get func(path ...string) any) {
		total := 0
		policies, _ := get("Policies").([]any)
		for _, policy := range policies {
			total += size(stack.At(policy, "PolicyDocument"))
		}
		count.add("IAM", "bytes of all policies inside a role", logical, total, 10_240)
		count.add("IAM", "bytes of a role's trust policy", logical, size(get("AssumeRolePolicyDocument")), 2_048)
	},
	"AWS::Lambda::Function": func(count *counter, logical string, get func(path ...string) any) {
		count.add("Lambda", "bytes of a function's environment, before what parameters add", logical, size(get("Environment", "Variables")), 4_096)
	},
	"AWS::Lambda::EventSourceMapping": func(count *counter, logical string, get func(path ...string) any) {
		filters, _ := get("FilterCriteria", "Filters").([]any)
		count.add("Lambda", "filters of an event source", logical, len(filters), 5)
		for _, filter := range filters {
			count.add("Lambda", "bytes of a filter", logical, len(fmt.Sprint(stack.At(filter, "Pattern"))), 4_096)
		}
	},
	"AWS::ApiGatewayV2::Api": func(count *counter, logical string, get func(path ...string) any) {
		routes := 0
		paths, _ := get("Body", "paths").(map[string]any)
		for _, methods := range paths {
			routes += length(methods)
		}
		integrations := length(get("Body", "components", "x-amazon-apigateway-integrations"))
		count.add("API Gateway", "routes of an API", logical, routes, 300)
		count.add("API Gateway", "integrations of an API", logical, integrations, 300)
		count.add("API Gateway", "authorizers of an API", logical, length(get("Body", "components", "securitySchemes")), 10)
	},
	"AWS::StepFunctions::StateMachine": func(count *counter, logical string, get func(path ...string) any) {
		definition := get("Definition")
		if definition == nil {
			definition = get("DefinitionString")
		}
		count.add("Step Functions", "bytes of a definition", logical, size(definition), 1_048_576)
	},
	"AWS::S3::BucketPolicy": func(count *counter, logical string, get func(path ...string) any) {
		count.add("S3", "bytes of a bucket policy", logical, size(get("PolicyDocument")), 20*1024)
	},
	"AWS::SQS::QueuePolicy": func(count *counter, logical string, get func(path ...string) any) {
		count.add("SQS", "bytes of a queue policy", logical, size(get("PolicyDocument")), 20*1024)
	},
	"AWS::KMS::Key": func(count *counter, logical string, get func(path ...string) any) {
		count.add("KMS", "bytes of a key policy", logical, size(get("KeyPolicy")), 32*1024)
	},
	"AWS::DynamoDB::Table": func(count *counter, logical string, get func(path ...string) any) {
		count.add("DynamoDB", "indexes of a table", logical, length(get("GlobalSecondaryIndexes")), 20)
	},
	"AWS::Events::Rule": func(count *counter, logical string, get func(path ...string) any) {
		count.add("EventBridge", "bytes of a rule's pattern", logical, size(get("EventPattern")), 2_048)
		count.add("EventBridge", "targets of a rule", logical, length(get("Targets")), 5)
	},
	"AWS::CloudFront::Function": func(count *counter, logical string, get func(path ...string) any) {
		count.add("CloudFront", "bytes of a function", logical, len(fmt.Sprint(get("FunctionCode"))), 10*1024)
	},
	"AWS::CloudFront::ResponseHeadersPolicy": func(count *counter, logical string, get func(path ...string) any) {
		policy := fmt.Sprint(get("ResponseHeadersPolicyConfig", "SecurityHeadersConfig", "ContentSecurityPolicy", "ContentSecurityPolicy"))
		count.add("CloudFront", "bytes of the content security policy", logical, len(policy), 1_783)
	},
}

// exceeded names the limits that are exceeded.
func exceeded(uses []Use) []string {
	var problems []string
	for _, use := range uses {
		if use.Used > use.Most {
			problems = append(problems, fmt.Sprintf("%s: %s: %d of at most %d (%s)", use.Where, use.Limit, use.Used, use.Most, use.Origin))
		}
	}
	return problems
}

// Table of the limits. Shares are rounded up to a multiple of five, so that a small change changes no document.
func Table(uses []Use) string {
	var out strings.Builder
	out.WriteString("| service | limit | most | nearest to it | used |\n|---|---|---|---|---|\n")
	for _, use := range uses {
		share := (use.Used*20 + use.Most - 1) / use.Most * 5
		fmt.Fprintf(&out, "| %s | %s | %s | `%s` | %d %% |\n", use.Origin, use.Limit, thousands(use.Most), use.Where, share)
	}
	return out.String()
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
