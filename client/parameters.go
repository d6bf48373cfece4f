package client

import (
	"fmt"

	"github.com/oapi-codegen/runtime"
)

// pathParameter writes a parameter of a path. An empty one, or one of dots, would be the address of something else.
func pathParameter(name string, value any) (string, error) {
	text, err := runtime.StyleParamWithOptions("simple", false, name, value, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath})
	if err != nil {
		return "", fmt.Errorf("path parameter %s: %w", name, err)
	}
	if text == "" || text == "." || text == ".." {
		return "", fmt.Errorf("path parameter %s is empty or consists of dots", name)
	}
	return text, nil
}

// addQuery adds a parameter to a query.
func addQuery(query []string, style string, explode bool, name string, value any) ([]string, error) {
	text, err := runtime.StyleParamWithOptions(style, explode, name, value, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery})
	if err != nil {
		return nil, fmt.Errorf("query parameter %s: %w", name, err)
	}
	return append(query, text), nil
}
