// Package sandbox is a vendor for the local stack and for tests: POST /identity-checks and POST /sanctions-screenings,
// with the request and answer shapes that statemachines/plugins describes.
//
// What it does depends on a word in the given or family name, upper or lower case:
//
//	word       | /identity-checks                               | /sanctions-screenings
//	-----------|------------------------------------------------|---------------------------------------------
//	(any)      | 200, verified, score 0.98, document verified   | 200, no match
//	Slow       | the same, after SlowDelay                      | the same, after SlowDelay
//	Flaky      | 503 twice for an Idempotency-Key, then as any  | 503 twice for an Idempotency-Key, then as any
//	Down       | 503, always                                    | 503, always
//	Garbage    | 200 with an HTML page                          | 200 with JSON of another shape
//	Refused    | 422                                            | 422
//	Callback   | 202; calls back, signed, after CallbackDelay   | 200, no match
//	Mismatch   | 200, failed, score 0.12, document failed       | 200, no match
//	Unseen     | 200, verified, score 0.98, document not_checked | 200, no match
//	Hit        | 200, verified, score 0.98                      | 200, a match with score 0.97
//	Maybe      | 200, review, score 0.55, document not_checked  | 200, a match with score 0.72
//
// The document is the one that the request names by its digest; without one, its status is not_checked. The sandbox does not
// examine pictures: it imitates a vendor that does.
//
// People in Config.Cast are identified by their full name instead; their Part has the vendor's answers.
//
// Words combine where that makes sense: "Flaky Hit" fails twice and then has a match. Requests need an Idempotency-Key,
// and the API key as a bearer token when one is set. The same key returns the same answer, and with another body 422.
// Nothing is random: an answer's id derives from the key.
//
// State is in memory: pending callbacks are lost when the process ends.
package sandbox
