// Package ledger keeps what every decision of a policy was based on: the whole input, the time, the version and digest of
// the policy, and the answer. A kept decision can be replayed bit for bit, and a draft can be evaluated on all past
// decisions before it is published.
//
// The Head of a decision has no personal data; lists and filters use it. The body (input and answer, compressed) is read on
// request. Both carry the id of the subject where there is one, so that a body can be erased with its subject while the head
// remains.
package ledger
