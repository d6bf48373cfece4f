package rules_test

import (
	"fmt"
	"testing"

	"ballerine/internal/policy/rules"
)

func TestAPolicyReportsWhatDecides(t *testing.T) {
	for name, one := range map[string]struct{ rule, want string }{
		"an expression": {`when: "applicant.age < 18 && sanctions.hits != null"`, "[[applicant age] [sanctions hits]] true"},
		"json-logic":    {`when: {json-logic: {"<": [{"var": "applicant.age"}, 18]}}`, "[[applicant age]] true"},
		"a whole input": {`when: {json-schema: {type: object}}`, "[] false"},
	} {
		t.Run(name, func(t *testing.T) {
			policy, found := rules.Parse("p.yaml", []byte("id: p\noutcomes: [reject, approve]\ndefault: approve\nrules:\n  - id: r\n    outcome: reject\n    "+one.rule+"\n"))
			if policy == nil {
				t.Fatal(found)
			}
			paths, known := policy.Reads()
			if got := fmt.Sprint(paths, known); got != one.want {
				t.Errorf("%s, want %s", got, one.want)
			}
		})
	}
}
