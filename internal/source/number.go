package source

import (
	"regexp"

	"go.yaml.in/yaml/v3"
)

// OneReadingHint states how to write a number that every reader takes for the same.
const OneReadingHint = `write the number as JSON does (10, 0.5, 1e3), or put it into quotes: "010" is the text`

// oneReading is a number as JSON has it, and what YAML adds without a second meaning: a plus, no digit before or after the point.
var oneReading = regexp.MustCompile(`^[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)

// OneReading reports whether a number of YAML is one to all readers. 010 is 8 in YAML 1.1, 10 in YAML 1.2 and perhaps a postal
// code; 1_000 is a number in YAML 1.1 and text in 1.2; 0x1F, 0b1 and 0o17 are hardly ever meant; .inf and .nan are no JSON.
func OneReading(node *yaml.Node) bool {
	return node.Tag != "!!int" && node.Tag != "!!float" || oneReading.MatchString(node.Value)
}
