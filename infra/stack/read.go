package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Template is one template: intrinsic functions in their long form ({"Fn::GetAtt": [A, B]}).
type Template map[string]any

// Read reads a template as it is written, or as SAM has expanded it to JSON.
func Read(file string) (Template, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a template: %w", err)
	}
	return Parse(file, text)
}

// Parse reads the text of a template; name is for errors.
func Parse(name string, text []byte) (Template, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	lengthen(&node)
	var template map[string]any
	if err := node.Decode(&template); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return template, nil
}

// Folder reads the root template and the nested ones beside it in infra/: by the name that the root has for them.
func Folder(root string) (map[string]Template, error) {
	templates := map[string]Template{}
	files, err := filepath.Glob(filepath.Join(root, "infra", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	for _, file := range append(files, filepath.Join(root, "template.yaml")) {
		template, err := Read(file)
		if err != nil {
			return nil, err
		}
		if template["AWSTemplateFormatVersion"] != nil {
			templates[strings.TrimSuffix(filepath.Base(file), ".yaml")] = template
		}
	}
	return templates, nil
}

// lengthen replaces short forms of intrinsic functions (!Ref, !Sub) by their long ones.
func lengthen(node *yaml.Node) {
	for _, child := range node.Content {
		lengthen(child)
	}
	if !strings.HasPrefix(node.Tag, "!") || strings.HasPrefix(node.Tag, "!!") {
		return
	}
	name := strings.TrimPrefix(node.Tag, "!")
	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}
	argument := *node
	argument.Tag = ""
	if name == "Fn::GetAtt" && node.Kind == yaml.ScalarNode {
		resource, attribute, _ := strings.Cut(node.Value, ".")
		argument = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: resource}, {Kind: yaml.ScalarNode, Value: attribute}}}
	} else if node.Kind == yaml.ScalarNode {
		argument.Tag = "!!str"
	}
	*node = yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: name}, &argument}}
}

// At follows a path; nil when something on the way is missing.
func At(value any, path ...string) any {
	for _, name := range path {
		switch object := value.(type) {
		case map[string]any:
			value = object[name]
		case Template:
			value = object[name]
		default:
			return nil
		}
	}
	return value
}

// Resources of the template, by logical id.
func (t Template) Resources() map[string]any {
	resources, _ := t["Resources"].(map[string]any)
	return resources
}
