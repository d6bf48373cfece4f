package workflow

import (
	"maps"
	"slices"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
	"ballerine/internal/source"
)

// CheckResult refuses a result that work could not have returned by itself: by what its source writes, and by the schema
// of the context. What a plugin writes is known to the plugin. Errors: Invalid, with each place below "result".
func (w *Workflow) CheckResult(work Invocation, result any) error {
	e := problem.New(problem.Invalid, "The result is not one that %s could have returned.", work.ID)
	properties, _ := w.Schema["properties"].(map[string]any)
	declared, _ := properties[work.ID].(map[string]any)
	for _, shape := range []map[string]any{resultSchema(work.Source), declared} {
		if shape == nil {
			continue
		}
		shape = maps.Clone(shape)
		if defs, ok := w.Schema["$defs"]; ok && shape["$defs"] == nil {
			shape["$defs"] = defs
		}
		schema, err := expr.CompileSchema(shape)
		if err != nil {
			continue // it refers to other parts of the whole schema
		}
		for _, v := range schema.Check(result) {
			e.With(source.Join("result", v.Path), v.Code, "%s", v.Message)
		}
	}
	if len(e.Fields) == 0 {
		return nil
	}
	e.Fields = slices.Compact(e.Fields)
	return e
}

// CheckOutcome refuses the result of a policy whose outcome the policy does not have. Errors: Invalid.
func CheckOutcome(policy string, outcomes []string, result any) error {
	answer, _ := result.(map[string]any)
	outcome, isText := answer["outcome"].(string)
	if !isText || slices.Contains(outcomes, outcome) {
		return nil
	}
	hint := "known: " + strings.Join(outcomes, ", ")
	if name := expr.Suggest(outcome, outcomes); name != "" {
		hint = "did you mean " + name + "?"
	}
	return problem.New(problem.Invalid, "The result is not one that %s could have returned.", policy).
		With("result.outcome", "enum", "is not an outcome of the policy %s; %s", policy, hint)
}

// resultSchema is what work of a source always writes; nil where that depends on more.
func resultSchema(source string) map[string]any {
	switch source {
	case "rules":
		schema := answerSchema()
		schema["required"] = []any{"outcome"}
		return schema
	case "children":
		return countsSchema()
	case "screening":
		return screenedSchema()
	case "document":
		return reportSchema()
	}
	return nil
}

// reportSchema is what the document check writes.
func reportSchema() map[string]any {
	text, yes, whole := map[string]any{"type": "string"}, map[string]any{"type": "boolean"}, map[string]any{"type": "integer"}
	maybe := func(kind string) map[string]any { return map[string]any{"type": []any{kind, "null"}} }
	object := func(properties map[string]any) map[string]any {
		return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	}
	orNull := func(schema map[string]any) map[string]any {
		schema["type"] = []any{"object", "null"}
		return schema
	}
	finding := object(map[string]any{"code": text, "severity": text, "message": text, "source": text})
	document := object(map[string]any{
		"id": text, "kind": text, "side": text, "status": text, "looked": yes,
		"expiry":   orNull(object(map[string]any{"date": text, "expired": yes, "source": text})),
		"findings": map[string]any{"type": []any{"array", "null"}, "items": finding},
	})
	mrz := orNull(object(map[string]any{
		"source": text, "confirmed": yes, "confidence": maybe("number"), "valid": yes, "format": text, "name_matches": maybe("boolean"),
		"date_of_birth_matches": maybe("boolean"), "expired": maybe("boolean"), "expiry_date": text, "issuing_state": text, "nationality": text, "sex": text,
	}))
	return object(map[string]any{
		"passed": yes, "confirmed": yes, "expired": maybe("boolean"), "severity": text, "findings_count": whole,
		"documents": map[string]any{"type": []any{"array", "null"}, "items": document}, "mrz": mrz,
	})
}
