package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ballerine/infra/stack"
)

// The longest names that docs/deploying.md allows, and that AWS has.
const (
	longestStack  = 37
	longestRegion = "us-isof-south-1"
)

// longest is the stack whose names are longest.
func longest(templates map[string]stack.Template) stack.Stack {
	return stack.Stack{Name: "s" + strings.Repeat("x", longestStack-1), Region: longestRegion, Account: "123456789012", Partition: "aws-us-gov", Templates: templates}
}

// each calls for every resource, in order.
func each(templates map[string]stack.Template, call func(template, logical string, resource any)) {
	for _, template := range slices.Sorted(maps.Keys(templates)) {
		resources := templates[template].Resources()
		for _, logical := range slices.Sorted(maps.Keys(resources)) {
			call(template, logical, resources[logical])
		}
	}
}

// CheckNames finds physical names that a second stack, another region, a second attempt or a long name would be refused for.
func CheckNames(templates map[string]stack.Template) []string {
	var problems []string
	long := longest(templates)
	other, abroad := long, long
	other.Name = "second"
	abroad.Region = "eu-west-1"
	each(templates, func(template, logical string, resource any) {
		kind := fmt.Sprint(stack.At(resource, "Type"))
		where := template + ": " + logical + " (" + kind + ")"
		rule, known := stack.Names[kind]
		if !known {
			problems = append(problems, where+": the rule for names of this type is unknown; add it to stack.Names")
			return
		}
		value := stack.At(stack.At(resource, "Properties"), rule.Property...)
		if rule.Property == nil || value == nil {
			return
		}
		name := fmt.Sprint(long.Resolve(template, value))
		if len(name) > rule.Limit {
			problems = append(problems, fmt.Sprintf("%s: the name of a stack of %d characters has %d, at most %d: %s", where, longestStack, len(name), rule.Limit, name))
		}
		if rule.Shared {
			return
		}
		if name == fmt.Sprint(other.Resolve(template, value)) {
			problems = append(problems, where+": the name "+name+" is the same in every stack: a second one in the account fails")
		}
		if rule.Global && name == fmt.Sprint(abroad.Resolve(template, value)) {
			problems = append(problems, where+": the name "+name+" is the same in every region, and must be unique in the account")
		}
		if policy := fmt.Sprint(stack.At(resource, "DeletionPolicy")); strings.HasPrefix(policy, "Retain") {
			problems = append(problems, where+": it is retained and has a name of its own: the stack cannot be made again after it was deleted")
		}
	})
	return problems
}

// Structure finds what would prevent a second attempt, and exports, which would couple stacks.
func Structure(templates map[string]stack.Template) []string {
	var problems []string
	permissions := map[string]int{}
	each(templates, func(template, logical string, resource any) {
		if stack.At(resource, "Type") == "AWS::Lambda::Version" { // SAM's own; it goes with its function
			return
		}
		if stack.At(resource, "DeletionPolicy") == "Retain" {
			problems = append(problems, template+": "+logical+": a failed first deployment would leave it behind: RetainExceptOnCreate")
		}
		if policy := fmt.Sprint(stack.At(resource, "DeletionPolicy")); strings.HasPrefix(policy, "Retain") != (stack.At(resource, "UpdateReplacePolicy") == "Retain") {
			problems = append(problems, template+": "+logical+": it is retained when it is deleted or when it is replaced, but not both")
		}
		if stack.At(resource, "Type") == "AWS::Lambda::Permission" {
			of := fmt.Sprint(stack.At(resource, "Properties", "FunctionName"), stack.At(resource, "Properties", "Principal"))
			if permissions[of]++; permissions[of] == 2 {
				problems = append(problems, template+": "+logical+": a function has more than one permission for "+fmt.Sprint(stack.At(resource, "Properties", "Principal"))+"; one for all routes is enough")
			}
		}
	})
	for name, template := range templates {
		outputs, _ := template["Outputs"].(map[string]any)
		for output, value := range outputs {
			if stack.At(value, "Export") != nil {
				problems = append(problems, name+": the output "+output+" is exported: its name would have to be unique, and what imports it would hold the stack")
			}
		}
	}
	slices.Sort(problems)
	return problems
}
