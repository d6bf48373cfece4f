package connector

import (
	_ "embed"
	"regexp"
	"strconv"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/schemafault"
)

// pluginSchema is the published JSON Schema of the document.
//
//go:embed plugin.schema.json
var pluginSchema string

// pluginForm is that schema without its descriptions, which every function would carry. A test writes it with -update.
//
//go:embed plugin.form.json
var pluginForm string

// Schema returns the JSON Schema of plugin documents.
func Schema() []byte { return []byte(pluginSchema) }

func numeric(text string) bool { _, err := strconv.Atoi(text); return err == nil }

var plainName = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_-]{0,40}|[0-9]{1,9})$`)

// fields turns violations into fields below a place. A name that may itself be data is shown as *.
func fields(e *problem.Error, place string, list []schemafault.Fault) {
	for _, v := range list {
		parts := strings.Split(v.Pointer, "/")
		for i, part := range parts {
			if part != "" && !plainName.MatchString(part) {
				parts[i] = "*"
			}
		}
		location := place
		if path := dotted(strings.Join(parts, "/")); path != "" {
			location += strings.Replace("."+path, ".[", "[", 1)
		}
		e.With(location, v.Code, "%s", v.Message)
	}
}
