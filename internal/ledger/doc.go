// Package ledger keeps what every decision of a policy saw: the whole input, the time, the version and the digest of the
// policy, and the answer. A decision that is kept can be replayed bit for bit, and a draft of a policy can be tried on all
// that was decided before it is published.
//
// A decision's Head names no personal data and is what lists show and filters look at; its body (input and answer,
// compressed) is read when it is asked for. Both carry the subject's id where there is one, so that a body can be erased
// with its subject while the head stays: the decision's skeleton.
package ledger
