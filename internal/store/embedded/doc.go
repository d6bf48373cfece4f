// Package embedded stores everything in one durable file: ordered keys, serialisable writes, and a sync before a write is
// acknowledged. Concurrent writers share one sync (group commit) of a log, which is merged into the file later.
package embedded
