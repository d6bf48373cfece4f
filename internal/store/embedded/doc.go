// Package embedded keeps everything in one durable file on this machine: ordered keys, serialisable writes, an fsync
// before any write is acknowledged. Writers that come together share one fsync (group commit).
package embedded
