// Package sandbox is a vendor for the local stack and for tests: POST /identity-checks, with the request and answer shapes that
// statemachines/plugins describes.
//
// What it does depends on a word in the given or family name, upper or lower case:
//
//	word       | answer
//	-----------|------------------------------------------------
//	(any)      | 200, verified, score 0.98, document verified
//	Slow       | the same, after SlowDelay
//	Flaky      | 503 twice for an Idempotency-Key, then as any
//	Down       | 503, always
//	Garbage    | 200 with an HTML page
//	Refused    | 422
//	Callback   | 202; calls back, signed, after CallbackDelay
//	Mismatch   | 200, failed, score 0.12, document failed
//	Unseen     | 200, verified, score 0.98, document not_checked
//	Maybe      | 200, review, score 0.55, document not_checked
//
// The document is the one that the request names by its digest; without one, its status is not_checked. The sandbox does not
// examine pictures: it imitates a vendor that does.
//
// People in Config.Cast are identified by their full name instead; their Part has the vendor's answers.
//
// Words combine where that makes sense: "Flaky Mismatch" fails twice, and is not verified then. Requests need an Idempotency-Key,
// and the API key as a bearer token when one is set. The same key returns the same answer, and with another body 422.
// Nothing is random: an answer's id derives from the key.
//
// State is in memory: pending callbacks are lost when the process ends.
package sandbox
