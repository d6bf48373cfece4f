// Package statemachines embeds the shipped definitions: workflows with the machines compiled from them (*.asl.json,
// generated), policies and vendor plugins.
package statemachines

import "embed"

// Files are the shipped definitions: *.yaml and *.asl.json, policies/*.yaml, plugins/*.yaml.
//
//go:embed *.yaml *.asl.json policies/*.yaml plugins/*.yaml
var Files embed.FS
