// Package dynamo keeps everything in DynamoDB. Keys begin with the tenant; every commit is one transaction; reads that
// decide anything are consistent. Indexes are for lists and sweeps only: they lag, and nothing relies on reading back
// through them what was just written.
package dynamo
