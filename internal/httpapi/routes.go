package httpapi

import (
	"slices"
	"strings"

	"ballerine/internal/identity"
)

// Route is an operation as a gateway sees it.
type Route struct {
	Operation string
	Method    string
	Path      string // "/v1/cases/{id}"
	Audience  Audience
	Public    bool // no credential in the Authorization header
}

// Routes lists the operations of all audiences, by path and method.
func Routes() ([]Route, error) {
	s, _, err := build(Config{Secret: make([]byte, 32), Operations: AllOperations()})
	if err != nil {
		return nil, err
	}
	var routes []Route
	for _, op := range s.operations {
		routes = append(routes, Route{
			Operation: op.OperationID, Method: op.Method, Path: op.Path, Audience: op.audience,
			Public: identity.Public(op.OperationID) || op.audience == Hooks,
		})
	}
	slices.SortFunc(routes, func(a, b Route) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	return routes, nil
}
