// Package client calls Ballerine from Go: every operation of the API as a typed method, retries without
// repeated effects, refusals as errors with a stable code, lists as iterators, and verification of webhooks.
//
//	c, err := client.New("https://api.example.com", os.Getenv("BALLERINE_API_KEY"))
//	one, err := c.StartCase(ctx, &client.StartCaseParams{IdempotencyKey: new("customer-42")}, client.StartBody{Workflow: "kyc"})
//	if errors.Is(err, client.CodeUnknownWorkflow) { … }
//
// Optional values are pointers: new("text") creates one. Operations and types are generated from infra/openapi.yaml
// (api.gen.go); a call that creates something gets a random Idempotency-Key if the caller sets none.
package client
