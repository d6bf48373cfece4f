// Package proof tests the authorization of the HTTP interface against an independent implementation of the rules of ADR 27
// and ADR 28, which reads the definitions from their files. It contains tests only.
//
// One test tries every event with every kind of credential in every position that the shipped workflows and random ones
// reach. Another calls at random and concurrently, with stale versions, repeated keys, undone decisions, migrations, and
// keys whose granters lose permissions. Where a workflow asks for two people, its decisions in favour of a case are checked against
// the rule of ADR 35: the second person is another one, and sees the case as the first did. Vendors
// call back, with the right address and wrong ones, late and twice: the answer that a case waits for is applied once; any other is
// recorded and has no effect. Cases start children, whose reports arrive late, twice and in any order: the end of a child is
// reported once and only by the system, and no child continues for a parent that has left it. operations_test.go lists the effect of each operation; an operation that is missing
// there fails a test.
//
// The tests play few random workflows unless -rapid.checks is set.
package proof
