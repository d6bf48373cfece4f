// Package local is the product on one machine, embedded and not mocked: the same handlers behind API Gateway's payload,
// the same compiled machines in a States Language interpreter, the same S3 adapter against an embedded object server,
// a sandbox vendor and a sign-in. What differs from AWS is three adapters, each held to the same behavioural suite.
package local
