package rules_test

import (
	"fmt"
	"time"

	"ballerine/internal/policy/rules"
)

func ExamplePolicy_Evaluate() {
	policy, problems := rules.Parse("age.yaml", []byte(`
id: age
inputs: {properties: {applicant: {properties: {date_of_birth: {type: string, format: date, personal: true}}}}}
outcomes: [reject, approve]
default: approve
rules:
  - id: underage
    when: "age(applicant.date_of_birth) < 18"
    outcome: reject
    score: {base: 90}
    reason: "Applicant is {age(applicant.date_of_birth)} years old; the policy requires 18."
`))
	if problems.Failed() {
		fmt.Println(problems)
		return
	}
	answer, err := policy.Evaluate(
		map[string]any{"applicant": map[string]any{"date_of_birth": "2010-05-01"}},
		rules.Options{Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Decision: "dec_1"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Outcome, answer.Score, answer.Severity, answer.Fired)
	fmt.Println(answer.Trace[0].Status, answer.Trace[0].Reason, answer.Trace[0].Inputs)
	// Output:
	// reject 90 critical [underage]
	// passed Applicant is 15 years old; the policy requires 18. map[applicant.date_of_birth:{input:applicant.date_of_birth}]
}

func ExampleParse() {
	_, problems := rules.Parse("risk.yaml", []byte(`id: risk
inputs: {properties: {risk: {properties: {score: {type: number}}}}}
outcomes: [review, approve]
default: approve
rules:
  - {id: high, when: "risk.scor > 70", outcome: review}
`))
	for _, p := range problems {
		fmt.Println(p)
		fmt.Println(p.Excerpt)
	}
	// Output:
	// risk.yaml:6:23: unknown field risk.scor (did you mean risk.score?)
	//     6 |   - {id: high, when: "risk.scor > 70", outcome: review}
	//       |                       ^^^^^^^^^
}
