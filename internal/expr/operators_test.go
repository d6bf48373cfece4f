package expr

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// boundaries are, for each operator, a condition that just holds and one that just does not. Turn any comparison round and
// one of them fails.
var boundaries = []struct{ operator, field, value, holds, fails string }{
	{"EQUALS", "a", `5`, `5`, `6`},
	{"NOT_EQUALS", "a", `5`, `6`, `5`},
	{"GT", "a", `5`, `5.1`, `5`},
	{"GTE", "a", `5`, `5`, `4.9`},
	{"LT", "a", `5`, `4.9`, `5`},
	{"LTE", "a", `5`, `5`, `5.1`},
	{"BETWEEN", "a", `{"min": 1, "max": 3}`, `1`, `0.9`},
	{"BETWEEN", "a", `{"min": 1, "max": 3}`, `3`, `3.1`},
	{"IN", "a", `["x", "y"]`, `"y"`, `"Y"`},
	{"IN", "a", `["a", "b", "c", "d", "e", "f", "g", "h", "i"]`, `"i"`, `"I"`},
	{"IN", "a", `["a", "b", "c", "d", "e", "f", "g", "h", "i"]`, `["z", "i"]`, `"j"`},
	{"NOT_IN", "a", `["x", "y"]`, `"Y"`, `"y"`},
	{"IN_CASE_INSENSITIVE", "a", `["x"]`, `"aXb"`, `"ab"`},
	{"STARTS_WITH", "a", `"Ber"`, `"Berlin"`, `"Oberlin"`},
	{"ENDS_WITH", "a", `"lin"`, `"Berlin"`, `"Berline"`},
	{"CONTAINS", "a", `"erl"`, `"Berlin"`, `"Bernau"`},
	{"CONTAINS", "a", `3`, `[1, 3]`, `[1, 2]`},
	{"MATCHES", "a", `"^B.{2}$"`, `"Bxy"`, `"Bxyz"`},
	{"BEFORE", "a", `"2026-03-01"`, `"2026-02-28T23:59:59Z"`, `"2026-03-01"`},
	{"AFTER", "a", `"2026-03-01"`, `"2026-03-01T00:00:01Z"`, `"2026-03-01"`},
	{"AGE_AT_LEAST", "a", `18`, `"2008-03-01"`, `"2008-03-02"`},
	{"WITHIN_DAYS", "a", `3`, `"2026-02-26"`, `"2026-02-25"`},
	{"WITHIN_DAYS", "a", `3`, `"2026-03-04"`, `"2026-03-05"`},
	{"WITHIN_DAYS", "a", `{"past": 3}`, `"2026-02-26"`, `"2026-03-02"`},
	{"WITHIN_DAYS", "a", `{"future": 3}`, `"2026-03-04"`, `"2026-02-28"`},
	{"LAST_YEAR", "a", `{"years": 1}`, `"2025-03-01"`, `"2025-02-28"`},
	{"FUZZY_MATCH_SCORE_LT", "a", `null`, `79.9`, `80`},
	{"FUZZY_MATCH_SCORE_LT", "a", `50`, `49`, `50`},
	{"UBO_MISMATCH", "a", `["Ann  LEE", {"given": "Bo", "family": "Li"}]`, `["Ann Lee"]`, `[{"name": "bo li"}, "ann lee"]`},
	{"UBO_MISMATCH", "a", `["Ann"]`, `["Ann", "Bo"]`, `["ann", "Ann "]`},
	{"EXISTS", "a", `true`, `[0]`, `[]`},
	{"IN_LIST", "a", `"blocked"`, `"x"`, `"X"`},
	{"IN_LIST", "a", `"blocked"`, `["y", "x"]`, `["y"]`},
	{"IN_LIST", "a", `"blocked"`, `["y", "x", {}]`, `[]`},
	{"AML_CHECK", "a", `{"category": "pep", "operator": "EQUALS", "value": false}`, `[{"pep": true}, {"pep": false}]`, `[{"pep": true}]`},
	{"AML_CHECK", "a", `{"category": "pep", "operator": "EQUALS", "value": 0}`, `[{"pep": 1}, {"pep": 0}]`, `[{"pep": 1}]`},
	{"AML_CHECK", "a", `{"category": "pep", "operator": "EQUALS", "value": 0}`, `[{"pep": 0}]`, `[{"pep": -1}]`},
	{"AML_CHECK", "a", `{"category": "warnings.length", "operator": "EQUALS", "value": 1}`, `[{"warnings": [1]}, {"warnings": []}]`, `[{"warnings": []}]`},
	{"AML_CHECK", "a", `{"category": "warnings.length", "operator": "EQUALS", "value": 1}`, `[{"warnings": [5]}]`, `[{"warnings": [1, 1]}]`},
	{"AML_CHECK", "a", `{"category": "countries", "operator": "IN", "value": ["DE"]}`, `[{"hits": [{"countries": ["FR", "DE"]}]}]`, `[{"hits": [{"countries": ["FR"]}]}]`},
	{"AML_CHECK_V2", "a", `{"category": "adverse_media.length", "operator": "GT", "value": 1}`, `[{"adverseMedia": [1, 2]}]`, `[{"adverse_media": [1]}]`},
	{"AML_CHECK_V2", "a", `{"category": "adverse_media.length", "operator": "GT", "value": 1}`, `[{"adverseMedia": [0, 0, 0]}]`, `[{"adverseMedia": []}]`},
	{"AML_CHECK", "a", `{"category": "sanctions.length", "operator": "GT", "value": 1}`, `[{"sanctions": [0, 0]}]`, `[]`},
	{"AML_CHECK", "a", `{"category": "sanctions.length", "operator": "GT", "value": 1}`, `[{"sanctions": [0, 0, 0]}]`, `[{"sanctions": [9]}]`},
	{"AML_CHECK", "a", `{"category": "sanctions.length", "operator": "GT", "value": 1}`, `[{"sanctions": [1, 1]}]`, `[{"sanctions": []}]`},

	{"IDV_CHECK", "a", `"declined"`, `{"status": "Declined"}`, `{"status": "approved"}`},
	{"IDV_CHECK", "a", `["not_verified", "expired"]`, `{"decision": "NOT VERIFIED"}`, `{"decision": "verified"}`},
	{"IDV_CHECK", "a", `{"status": "declined", "reason": ["face-mismatch"]}`, `{"status": "declined", "reasons": ["blurred", "face mismatch"]}`, `{"status": "declined", "reasons": ["blurred"]}`},
	{"IDV_CHECK", "a", `{"status": "declined", "reason": ["face-mismatch"]}`, `{"status": "declined", "reason": "FACE_MISMATCH"}`, `{"status": "approved", "reason": "face_mismatch"}`},
	{"BANK_ACCOUNT_CHECK", "a", `{"score_below": 80}`, `{"name_match_score": 79.9}`, `{"name_match_score": 80}`},
	{"BANK_ACCOUNT_CHECK", "a", `{"score_below": 80}`, `{"score": 1}`, `{"score": 99}`},
	{"BANK_ACCOUNT_CHECK", "a", `"closed"`, `{"status": "closed"}`, `{"status": "open"}`},
	{"SANCTIONS_BY_CATEGORY", "a", `"pep"`, `[{"category": "PEP"}]`, `[{"category": "warning"}]`},
	{"SANCTIONS_BY_CATEGORY", "a", `["adverse_media", "sanctions"]`, `[{"hits": [{"types": ["adverse-media"]}]}]`, `[]`},
	{"SANCTIONS_BY_CATEGORY", "a", `["adverse_media", "sanctions"]`, `[{"adverseMedia": [{}]}]`, `[{"adverse_media": [], "sanctions": false, "pep": true}]`},
	{"SANCTIONS_BY_CATEGORY", "a", `{"categories": "pep", "min_score": 0.9}`, `[{"category": "pep", "score": 0.9}]`, `[{"category": "pep", "score": 0.89}]`},
	{"SANCTIONS_BY_CATEGORY", "a", `{"categories": "pep", "min_score": 0.9}`, `[{"category": "pep", "score": 1}]`, `[{"category": "sanction", "score": 1}, {"pep": 1, "score": 0}]`},

	// The other side, far from the boundary.
	{"EQUALS", "a", `5`, `5`, `4`},
	{"NOT_EQUALS", "a", `5`, `4`, `5`},
	{"GT", "a", `5`, `9`, `4`},
	{"GTE", "a", `5`, `9`, `1`},
	{"LT", "a", `5`, `1`, `9`},
	{"LTE", "a", `5`, `1`, `9`},
	{"BETWEEN", "a", `{"min": 1, "max": 3}`, `2`, `9`},
	{"BEFORE", "a", `"2026-03-01"`, `"1999-01-01"`, `"2026-03-02"`},
	{"AFTER", "a", `"2026-03-01"`, `"2099-01-01"`, `"2026-02-28"`},
	{"AGE_AT_LEAST", "a", `18`, `"1950-01-01"`, `"2020-01-01"`},
	{"WITHIN_DAYS", "a", `{"past": 3}`, `"2026-03-01"`, `"2026-02-25"`},
	{"WITHIN_DAYS", "a", `{"past": 3}`, `"2026-02-28"`, `"2026-03-20"`},
	{"WITHIN_DAYS", "a", `{"future": 3}`, `"2026-03-01"`, `"2026-03-05"`},
	{"WITHIN_DAYS", "a", `{"future": 3}`, `"2026-03-02"`, `"2026-02-01"`},
	{"FUZZY_MATCH_SCORE_LT", "a", `null`, `1`, `99`},
	{"FUZZY_MATCH_SCORE_LT", "a", `50`, `1`, `99`},
}

func built(t *testing.T, name string, value any) *Program {
	t.Helper()
	field, err := CompilePath("a")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Operator(name, field, value)
	if err != nil {
		t.Fatalf("%s %v: %v", name, value, err)
	}
	return p
}

func read1(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(text, err)
	}
	return v
}

func TestEveryOperatorHoldsUpToItsBoundary(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range boundaries {
		seen[c.operator] = true
		p := built(t, c.operator, read1(t, c.value))
		for text, want := range map[string]Truth{c.holds: True, c.fails: False} {
			if got := p.Test(&Env{Now: noon, Lists: someLists, Scope: Map{"a": read1(t, text)}}); got.Truth != want {
				t.Errorf("%s %s of %s is %v (%s), want %v", c.operator, c.value, text, got.Truth, got.Reason, want)
			}
		}
		missing := p.Test(&Env{Now: noon, Lists: someLists, Scope: Map{}})
		if c.operator != "EXISTS" && (missing.Truth != Unknown || !slices.Equal(missing.Missing, []string{"a"})) {
			t.Errorf("%s of nothing: %+v", c.operator, missing)
		}
		if found := p.CheckCondition(nil); len(found) > 0 {
			t.Errorf("%s: %v", c.operator, found)
		}
	}
	for _, name := range Operators() {
		if !seen[name] {
			t.Errorf("%s is not tried", name)
		}
	}
}

// A value that is computed counts like one that is written.
func TestOperatorsTakeComputedValues(t *testing.T) {
	for _, c := range boundaries {
		if slices.Contains([]string{"MATCHES", "WITHIN_DAYS", "LAST_YEAR", "EXISTS", "AML_CHECK", "AML_CHECK_V2", "BETWEEN", "IN_LIST", "IDV_CHECK", "BANK_ACCOUNT_CHECK", "SANCTIONS_BY_CATEGORY"}, c.operator) || c.value == "null" {
			continue
		}
		other, err := CompilePath("b")
		if err != nil {
			t.Fatal(err)
		}
		p := built(t, c.operator, other)
		for text, want := range map[string]Truth{c.holds: True, c.fails: False} {
			if got := p.Test(&Env{Now: noon, Lists: someLists, Scope: Map{"a": read1(t, text), "b": read1(t, c.value)}}); got.Truth != want {
				t.Errorf("%s: %s against the value of b is %v (%s), want %v", c.operator, text, got.Truth, got.Reason, want)
			}
		}
		if got := p.Test(&Env{Now: noon, Lists: someLists, Scope: Map{"a": read1(t, c.holds)}}); got.Truth != Unknown || !slices.Contains(got.Missing, "b") {
			t.Errorf("%s without b: %+v", c.operator, got)
		}
	}
}

func TestWhatAnOperatorCannotReadIsUnknownWithAReason(t *testing.T) {
	for _, c := range []struct{ operator, value, given string }{
		{"STARTS_WITH", `"x"`, `5`},
		{"ENDS_WITH", `"x"`, `["x"]`},
		{"CONTAINS", `"x"`, `5`},
		{"CONTAINS", `5`, `"5"`},
		{"MATCHES", `"x"`, `5`},
		{"MATCHES", `"x"`, `null`},
		{"BEFORE", `"2026-03-01"`, `"soon"`},
		{"AFTER", `"2026-03-01"`, `5`},
		{"AGE_AT_LEAST", `18`, `"1 May"`},
		{"WITHIN_DAYS", `3`, `true`},
		{"FUZZY_MATCH_SCORE_LT", `80`, `"79"`},
		{"UBO_MISMATCH", `["a"]`, `"a"`},
		{"UBO_MISMATCH", `["a"]`, `[{"share": 5}]`},
		{"UBO_MISMATCH", `["a"]`, `[""]`},
		{"AML_CHECK", `{"category": "pep", "operator": "EQUALS", "value": true}`, `[{"warnings": []}]`},
		{"AML_CHECK", `{"category": "pep", "operator": "EQUALS", "value": true}`, `{}`},
		{"AML_CHECK", `{"category": "pep.length", "operator": "GT", "value": 0}`, `[{"pep": true}]`},
		{"AML_CHECK", `{"category": "pep", "operator": "EQUALS", "value": true}`, `["x"]`},
		{"IDV_CHECK", `"declined"`, `{"reason": "declined"}`},
		{"IDV_CHECK", `"declined"`, `{"status": 3}`},
		{"IDV_CHECK", `"declined"`, `"declined"`},
		{"IDV_CHECK", `{"status": "declined", "reason": "blurred"}`, `{"status": "declined"}`},
		{"BANK_ACCOUNT_CHECK", `{"score_below": 80}`, `{"status": "open"}`},
		{"BANK_ACCOUNT_CHECK", `{"score_below": 80}`, `{"score": "79"}`},
		{"SANCTIONS_BY_CATEGORY", `"pep"`, `[{"name": "x"}]`},
		{"SANCTIONS_BY_CATEGORY", `"pep"`, `["pep"]`},
		{"SANCTIONS_BY_CATEGORY", `{"categories": "pep", "min_score": 0.9}`, `[{"category": "pep"}]`},
	} {
		got := built(t, c.operator, read1(t, c.value)).Test(&Env{Now: noon, Lists: someLists, Scope: Map{"a": read1(t, c.given)}})
		if got.Truth != Unknown || got.Reason == "" {
			t.Errorf("%s %s of %s: %+v", c.operator, c.value, c.given, got)
		}
	}
}

func TestWrongValuesOfOperatorsAreRefused(t *testing.T) {
	field, err := CompilePath("a")
	if err != nil {
		t.Fatal(err)
	}
	for operator, values := range map[string][]string{
		"STARTS_WITH": {`5`, `null`, `["x"]`}, "ENDS_WITH": {`true`}, "MATCHES": {`"("`, `5`, `"` + strings.Repeat("a", maxPattern+1) + `"`, `"((a{1,99}){1,99})"`},
		"BEFORE": {`"soon"`, `5`}, "AFTER": {`null`}, "AGE_AT_LEAST": {`-1`, `1.5`, `"18"`}, "WITHIN_DAYS": {`-1`, `1.5`, `{"past": "3"}`, `{"past": 1, "future": 1}`, `{}`, `"3"`},
		"FUZZY_MATCH_SCORE_LT": {`"80"`}, "UBO_MISMATCH": {`null`, `"a"`},
		"IDV_CHECK":             {`null`, `3`, `[]`, `["a", 1]`, `{}`, `{"state": "x"}`, `{"score_below": "x"}`, `{"status": []}`},
		"BANK_ACCOUNT_CHECK":    {`null`, `{"score_below": null}`},
		"SANCTIONS_BY_CATEGORY": {`null`, `[]`, `{"min_score": 1}`, `{"categories": "pep", "score": 1}`, `{"categories": "pep", "min_score": "x"}`},
		"AML_CHECK": {
			`null`, `{"category": "pep", "operator": "EQUALS"}`, `{"category": "hits", "operator": "GT", "value": 1}`, `{"category": "pep", "operator": "AML_CHECK", "value": {}}`,
			`{"category": "pep", "operator": "GT", "value": []}`, `{"operator": "GT", "value": 1, "categori": "pep"}`,
		},
	} {
		for _, text := range values {
			if _, err := Operator(operator, field, read1(t, text)); err == nil {
				t.Errorf("%s %s: accepted", operator, text)
			}
		}
	}
}

func TestOperatorsAreCheckedAgainstTheSchema(t *testing.T) {
	shape := NewShape(map[string]any{"properties": map[string]any{"a": map[string]any{"type": "number"}}})
	for operator, value := range map[string]any{
		"STARTS_WITH": "x", "BEFORE": "2026-01-01", "AGE_AT_LEAST": 18.0, "WITHIN_DAYS": 3.0, "CONTAINS": "x", "MATCHES": "x", "IN_CASE_INSENSITIVE": "x", "IDV_CHECK": "x", "BANK_ACCOUNT_CHECK": "x",
		"SANCTIONS_BY_CATEGORY": "pep", "UBO_MISMATCH": []any{"x"}, "LAST_YEAR": map[string]any{"years": 1.0}, "AML_CHECK": map[string]any{"category": "pep", "operator": "EXISTS", "value": true},
	} {
		if found := built(t, operator, value).Check(shape); len(found) == 0 {
			t.Errorf("%s of a number: no problem", operator)
		}
	}
	for operator, value := range map[string]any{"FUZZY_MATCH_SCORE_LT": 80.0, "GT": 1.0} {
		if found := built(t, operator, value).Check(shape); len(found) > 0 {
			t.Errorf("%s of a number: %v", operator, fmt.Sprint(found))
		}
	}
}
