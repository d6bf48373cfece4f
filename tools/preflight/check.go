package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ballerine/infra/stack"
)

// nameOfStack is the rule for names in docs/deploying.md.
var nameOfStack = regexp.MustCompile(`^[a-z][a-z0-9-]{0,36}$`)

// mostEnvironment is how many bytes a function's environment may have.
const mostEnvironment = 4096

// check compares names and parameters with the templates. It needs no account.
func (d *deployment) check(templates map[string]stack.Template) report {
	var r report
	if !nameOfStack.MatchString(d.Stack) || strings.HasSuffix(d.Stack, "-") {
		r.problem("stack_name %q: at most 37 lower-case letters, digits and hyphens, a letter first", d.Stack)
	}
	for _, word := range []string{"aws", "amazon", "cognito"} {
		if strings.Contains(d.Stack, word) {
			r.problem("stack_name %q: the address of the sign-in may not have %q in it", d.Stack, word)
		}
	}
	if d.Region == "" {
		r.problem("region: missing, both in [%s.global.parameters] nor in [default.global.parameters]", d.Environment)
	}
	declared, _ := stack.At(templates[stack.Root], "Parameters").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(d.Parameters)) {
		d.checkParameter(&r, name, declared[name])
	}
	d.checkCombination(&r)
	if len(r.problems) == 0 {
		d.checkEnvironments(&r, templates)
	}
	return r
}

func (d *deployment) checkParameter(r *report, name string, parameter any) {
	value := d.Parameters[name]
	if parameter == nil {
		r.problem("parameter %s: the template has no parameter of this name", name)
		return
	}
	if name == "Revision" {
		r.problem("parameter Revision: it is made here")
	}
	if strings.Contains(value, "example.com") {
		r.problem("parameter %s: %q is still the example", name, value)
		return
	}
	if allowed, ok := stack.At(parameter, "AllowedValues").([]any); ok && !slices.ContainsFunc(allowed, func(one any) bool { return fmt.Sprint(one) == value }) {
		r.problem("parameter %s: %q is none of %v", name, value, allowed)
	}
	if pattern, ok := stack.At(parameter, "AllowedPattern").(string); ok && !regexp.MustCompile("^(?:"+pattern+")$").MatchString(value) {
		r.problem("parameter %s: %q is not as it has to be: %v", name, value, stack.At(parameter, "Description"))
	}
	if strings.HasPrefix(fmt.Sprint(stack.At(parameter, "Default")), "{") {
		var object map[string]any
		if err := json.Unmarshal([]byte(value), &object); err != nil {
			r.problem("parameter %s: it is no JSON object", name)
		}
	}
}

// checkCombination checks rules about parameters that a template cannot express.
func (d *deployment) checkCombination(r *report) {
	p := d.Parameters
	if (p["DashboardAlias"] == "") != (p["DashboardCertificateArn"] == "") {
		r.problem("parameters DashboardAlias and DashboardCertificateArn: one needs the other")
	}
	if arn := p["DashboardWebAclArn"]; arn != "" && !strings.Contains(arn, ":us-east-1:") {
		r.problem("parameter DashboardWebAclArn: CloudFront accepts web ACLs of us-east-1 only")
	}
	if strings.HasPrefix(d.Environment, "prod") {
		if p["AlarmEmail"] == "" {
			r.problem("parameter AlarmEmail: nobody would be notified of alarms in production")
		}
		if p["MfaConfiguration"] != "ON" {
			r.problem("parameter MfaConfiguration: ON in production")
		}
		if p["Rollout"] == "AllAtOnce" {
			r.problem("parameter Rollout: AllAtOnce rolls nothing back in production")
		}
		return
	}
	if p["AlarmEmail"] == "" {
		r.note("nobody is notified of alarms: AlarmEmail is empty")
	}
}

// checkEnvironments counts what the parameters make of the functions' environments.
func (d *deployment) checkEnvironments(r *report, templates map[string]stack.Template) {
	s := stack.Stack{Name: d.Stack, Region: d.Region, Account: "123456789012", Partition: "aws", Templates: templates, Parameters: d.Parameters}
	common, _ := stack.At(templates[stack.Root], "Globals", "Function", "Environment", "Variables").(map[string]any)
	resources := templates[stack.Root].Resources()
	for _, logical := range slices.Sorted(maps.Keys(resources)) {
		if stack.At(resources[logical], "Type") != "AWS::Serverless::Function" {
			continue
		}
		variables := maps.Clone(common)
		own, _ := stack.At(resources[logical], "Properties", "Environment", "Variables").(map[string]any)
		maps.Copy(variables, own)
		text, err := json.Marshal(s.Resolve(stack.Root, variables))
		if err != nil || len(text) > mostEnvironment {
			r.problem("parameters PluginSettings and CaseLimits: with them the environment of %s has %d bytes, at most %d", logical, len(text), mostEnvironment)
			return // the others have the same
		}
	}
}
