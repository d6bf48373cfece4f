// Package peers benchmarks policies beside other engines, with the same rules and input: in Go expr-lang/expr, govaluate and
// diegoholiveira/jsonlogic (the benchmarks), in JavaScript json-logic-js, json-rules-engine and zen-engine (measure.mjs).
// Equal answers are verified before anything is timed. logic_test.go compares the semantics of json-logic with json-logic-js
// on random rules. From the root of the repository:
//
//	make setup-node && node internal/policy/rules/peers/measure.mjs
//	go test -run xxx -bench . ./internal/policy/rules/peers
package peers
