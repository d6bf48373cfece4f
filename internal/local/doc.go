// Package local runs the product on one machine, embedded and not mocked: the same handlers behind API Gateway's payload
// format, the same compiled machines in a States Language interpreter, the same S3 adapter with an embedded object server, a
// sandbox vendor and a sign-in. Three adapters differ from AWS, and each passes the same behavioural suite.
package local
