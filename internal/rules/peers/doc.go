// Package peers times policies beside other engines, on the same rules and the same input: in Go expr-lang/expr, govaluate
// itself and diegoholiveira/jsonlogic (the benchmarks), in JavaScript json-logic-js, json-rules-engine and zen-engine
// (measure.mjs). What is timed is first seen to give the same answer. From the root of the repository:
//
//	npm ci --prefix internal/rules/peers && node internal/rules/peers/measure.mjs
//	go test -run xxx -bench . ./internal/rules/peers
package peers
