package connector

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"ballerine/internal/problem"
)

// somebodyElse lets the vendor answer about another person: everything that the answer repeats of the request is changed.
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
		problems = append(problems, expected("an answer about another person", Outcome{}, err, problem.VendorGarbage)...)
	}
	if !tried {
		return []string{"no member of response.about is in the example and its answer: write one in which the answer states whom it is about"}
	}
	return problems
}

// another is the value of another person.
func another(as likeness) string {
	if as == asDate {
		return "1901-02-03"
	}
	return "Somebody Else 99"
}

// exchanged is a copy of a JSON value in which a text is replaced by another one, also where it is part of one.
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
	if text, ok := scalarOf(value); ok && (text == repeated || len(text) > 2 && strings.Contains(repeated, text)) {
		return instead
	}
	return value
}

// somebodyElse lets the vendor call back about another person: a result, or callback.when, has to depend on it.
func (k *callbackKit) somebodyElse() []string {
	trusting := *k.plugin
	callback := *trusting.callback
	callback.about = nil
	trusting.callback = &callback
	var body any
	if json.Unmarshal(k.body, &body) != nil {
		return nil
	}
	seen := k.plugin.received(k.signer.header(k.body, k.now), k.body, nil).scope()
	seen["case"], seen["accepted"] = map[string]any{"id": k.asked.Case}, k.asked.Accepted
	tried := false
	for _, c := range k.plugin.callback.about {
		value, err := c.answer.value(seen)
		repeated, ok := scalarOf(value)
		if asked, _ := c.asked.value(seen); err != nil || !ok || asked == nil {
			continue // it is not compared
		}
		tried = true
		other, err := json.Marshal(exchanged(body, repeated, another(c.as)))
		if err != nil {
			return []string{"the callback cannot be written"}
		}
		header := k.signer.header(other, k.now)
		compared, one := k.plugin.received(header, other, nil).Result(k.asked)
		trusted, two := trusting.received(header, other, nil).Result(k.asked)
		if one == nil && two == nil && reflect.DeepEqual(compared, trusted) {
			return []string{"a callback about another person counts as one about the applicant: let callback.result, or callback.when, depend on agrees"}
		}
	}
	if !tried {
		return []string{"no member of callback.about is in the example and its callback: write one in which the callback states whom it is about"}
	}
	return nil
}
