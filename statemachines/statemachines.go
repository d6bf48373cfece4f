// Package statemachines holds what is shipped: workflows beside the machines compiled from them (*.asl.json, generated),
// the policies that they ask and the vendor plugins that they call.
package statemachines

import "embed"

// Files are the shipped definitions: *.yaml and *.asl.json, policies/*.yaml, plugins/*.yaml.
//
//go:embed *.yaml *.asl.json policies/*.yaml plugins/*.yaml
var Files embed.FS
