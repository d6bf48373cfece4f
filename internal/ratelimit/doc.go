// Package ratelimit shares the API fairly: no tenant, credential or applicant takes more requests than its bucket of tokens holds.
//
// Functions share no memory, and a write for each request would cost more than most requests. So a process takes tokens from
// the shared bucket in batches, and lets a small share of each caller's requests through without asking: callers that send
// little cost nothing, and those that send much about one write for each batch. When the store is away, requests pass.
package ratelimit
