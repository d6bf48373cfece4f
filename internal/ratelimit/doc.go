// Package ratelimit shares the API fairly: no tenant, credential or applicant sends more requests than its token bucket allows.
//
// Functions share no memory, and a write for each request would cost more than most requests. So a process takes tokens
// from the shared bucket in batches, and admits a small share of each caller's requests without consulting it: callers
// that send few requests cost nothing, and others about one write per batch. When the store is unavailable, requests are
// admitted.
package ratelimit
