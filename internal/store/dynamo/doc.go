// Package dynamo stores everything in DynamoDB. Keys begin with the tenant, every commit is one transaction, and reads
// that decisions rely on are consistent. Indexes serve lists and sweeps only: they are eventually consistent, and recent
// writes are never read back through them.
package dynamo
