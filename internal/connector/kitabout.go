package connector

import (
	"context"
	"encoding/json"

	"ballerine/internal/problem"
)

// somebodyElse lets the vendor answer about somebody else: everything that the answer repeats of what was asked is another one's.
func (k *kit) somebodyElse(ctx context.Context) (problems []string) {
	var body any
	_, scope, err := rehearsed(k.call)
	if err != nil || json.Unmarshal(k.answer.Body, &body) != nil {
		return nil
	}
	tried := false
	for _, c := range k.unit.about {
		value, err := c.answer.value(map[string]any{"body": body, "status": float64(k.status()), "headers": map[string]any{}})
		repeated, ok := scalarOf(value)
		if asked, _ := c.asked.value(scope); err != nil || !ok || asked == nil {
			continue // it is not compared
		}
		tried = true
		other, err := json.Marshal(exchanged(body, repeated, another(c.as)))
		if err != nil {
			return []string{"the answer cannot be written"}
		}
		changed := k.answer
		changed.Body = other
		_, err = k.unit.Answered(ctx, k.call, changed)
		problems = append(problems, expected("an answer about somebody else", Outcome{}, err, problem.VendorGarbage)...)
	}
	if !tried {
		return []string{"nothing of response.about is in the example and its answer: write one in which the answer says whom it is about"}
	}
	return problems
}

// another is somebody else's.
func another(as likeness) string {
	if as == asDate {
		return "1901-02-03"
	}
	return "Somebody Else 99"
}

// exchanged is a copy of a JSON value in which a text stands for another one.
func exchanged(value any, repeated, instead string) any {
	switch v := value.(type) {
	case map[string]any:
		all := map[string]any{}
		for name, member := range v {
			all[name] = exchanged(member, repeated, instead)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, element := range v {
			all[i] = exchanged(element, repeated, instead)
		}
		return all
	}
	if text, ok := scalarOf(value); ok && text == repeated {
		return instead
	}
	return value
}
