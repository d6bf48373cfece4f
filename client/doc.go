// Package client calls Ballerine from Go: every operation of the interface as a method with types, retries that do nothing
// twice, refusals as errors with a stable code, lists as iterators, and webhooks that are verified.
//
//	c, err := client.New("https://api.example.com", os.Getenv("BALLERINE_API_KEY"))
//	one, err := c.StartCase(ctx, &client.StartCaseParams{IdempotencyKey: new("customer-42")}, client.StartBody{Workflow: "kyc"})
//	if errors.Is(err, client.CodeUnknownWorkflow) { … }
//
// What may be absent is a pointer: new("text") makes one. Operations and types are generated from infra/openapi.yaml
// (api.gen.go); a call that creates something gets an Idempotency-Key of its own where the caller gives none.
package client
