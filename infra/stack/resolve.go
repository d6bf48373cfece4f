package stack

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"strings"
)

// Root is the name of the template that holds the others.
const Root = "template"

// generated represents the part of a name that CloudFormation generates, and is as long.
const generated = "1ABCDEFGHIJKL"

// Stack is where the templates would be deployed.
type Stack struct {
	Name, Region, Account, Partition string
	Templates                        map[string]Template
	// Parameters of the root template that are not as by default.
	Parameters map[string]string
}

// NameOf the stack that a template becomes: nested ones get theirs from CloudFormation.
func (s Stack) NameOf(template string) string {
	if template == Root {
		return s.Name
	}
	logical, _ := s.nested(template)
	return s.Name + "-" + logical + "-" + generated
}

// nested finds how the root template calls another one.
func (s Stack) nested(template string) (string, any) {
	for logical, resource := range s.Templates[Root].Resources() {
		kind := At(resource, "Type")
		if (kind == "AWS::Serverless::Application" || kind == "AWS::CloudFormation::Stack") && strings.EqualFold(logical, template) {
			return logical, resource
		}
	}
	return template, nil
}

// Resolve replaces the intrinsic functions in a value of a template by what they come to. What CloudFormation makes up is
// made up here as well, of the greatest length.
func (s Stack) Resolve(template string, value any) any {
	switch v := value.(type) {
	case []any:
		out := []any{}
		for _, item := range v {
			if item = s.Resolve(template, item); item != nil {
				out = append(out, item)
			}
		}
		return out
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return s.intrinsic(template, name, argument)
				}
			}
		}
		out := map[string]any{}
		for name, item := range v {
			if item = s.Resolve(template, item); item != nil {
				out[name] = item
			}
		}
		return out
	}
	return value
}

func (s Stack) intrinsic(template, name string, argument any) any {
	list, _ := argument.([]any)
	switch name {
	case "Ref":
		return s.reference(template, fmt.Sprint(argument))
	case "Fn::GetAtt":
		return s.attribute(template, fmt.Sprint(list[0]), fmt.Sprint(list[1]))
	case "Fn::Sub":
		return s.substitute(template, argument)
	case "Fn::If":
		if s.holds(template, At(s.Templates[template], "Conditions", fmt.Sprint(list[0]))) {
			return s.Resolve(template, list[1])
		}
		return s.Resolve(template, list[2])
	case "Fn::Join":
		var parts []string
		items, _ := s.Resolve(template, list[1]).([]any)
		for _, item := range items {
			parts = append(parts, fmt.Sprint(item))
		}
		return strings.Join(parts, fmt.Sprint(list[0]))
	case "Fn::Select":
		parts, _ := s.Resolve(template, list[1]).([]any)
		n, err := strconv.Atoi(fmt.Sprint(list[0]))
		if err != nil || n >= len(parts) {
			panic(fmt.Sprintf("%s: there is no %v of %v", template, list[0], parts))
		}
		return parts[n]
	case "Fn::Split":
		var parts []any
		for _, part := range strings.Split(fmt.Sprint(s.Resolve(template, list[1])), fmt.Sprint(list[0])) {
			parts = append(parts, part)
		}
		return parts
	}
	panic(fmt.Sprintf("%s: the function %s is not known here", template, name))
}

// Made reports whether a resource is made: it has no condition, or one that is true.
func (s Stack) Made(template, logical string) bool {
	name, ok := At(s.Templates[template].Resources()[logical], "Condition").(string)
	return !ok || s.holds(template, At(s.Templates[template], "Conditions", name))
}

// holds reports whether a condition is true.
func (s Stack) holds(template string, condition any) bool {
	if all, ok := At(condition, "Fn::Not").([]any); ok {
		return !s.holds(template, all[0])
	}
	if all, ok := At(condition, "Fn::Equals").([]any); ok {
		return s.Resolve(template, all[0]) == s.Resolve(template, all[1])
	}
	if name, ok := At(condition, "Condition").(string); ok {
		return s.holds(template, At(s.Templates[template], "Conditions", name))
	}
	if all, ok := At(condition, "Fn::And").([]any); ok {
		for _, one := range all {
			if !s.holds(template, one) {
				return false
			}
		}
		return true
	}
	if all, ok := At(condition, "Fn::Or").([]any); ok {
		for _, one := range all {
			if s.holds(template, one) {
				return true
			}
		}
		return false
	}
	panic(fmt.Sprintf("%s: a condition that is not known here: %v", template, condition))
}

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9:._]+)\}`)

func (s Stack) substitute(template string, argument any) any {
	text, own := argument, map[string]any{}
	if list, ok := argument.([]any); ok {
		text = list[0]
		own, _ = list[1].(map[string]any)
	}
	return placeholder.ReplaceAllStringFunc(fmt.Sprint(text), func(found string) string {
		name := found[2 : len(found)-1]
		if value, ok := own[name]; ok {
			return fmt.Sprint(s.Resolve(template, value))
		}
		if resource, attribute, ok := strings.Cut(name, "."); ok {
			return fmt.Sprint(s.attribute(template, resource, attribute))
		}
		return fmt.Sprint(s.reference(template, name))
	})
}

func (s Stack) reference(template, name string) any {
	switch name {
	case "AWS::StackName":
		return s.NameOf(template)
	case "AWS::StackId":
		name := s.NameOf(template)
		return fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%08x-1234-11f0-8000-0a1b2c3d4e5f", s.Partition, s.Region, s.Account, name, crc32.ChecksumIEEE([]byte(s.Region+name)))
	case "AWS::Region":
		return s.Region
	case "AWS::AccountId":
		return s.Account
	case "AWS::Partition":
		return s.Partition
	case "AWS::URLSuffix":
		return "amazonaws.com"
	case "AWS::NoValue":
		return nil
	}
	if parameter := At(s.Templates[template], "Parameters", name); parameter != nil {
		return s.parameter(template, name, parameter)
	}
	return s.id(template, name)
}

func (s Stack) parameter(template, name string, parameter any) any {
	if template == Root {
		if value, ok := s.Parameters[name]; ok {
			return value
		}
		return At(parameter, "Default")
	}
	_, nested := s.nested(template)
	value := At(parameter, "Default")
	if given := At(nested, "Properties", "Parameters", name); given != nil {
		value = s.Resolve(Root, given)
	}
	if text, ok := value.(string); ok && At(parameter, "Type") == "CommaDelimitedList" {
		return s.intrinsic(template, "Fn::Split", []any{",", text})
	}
	return value
}
