// Package objects is an S3 server for one machine: gofakes3 over a folder of durable files. The same adapter, presigned
// links and refusals work as on AWS: signatures and expiry are verified, an announced checksum must match, If-None-Match is
// honoured, and an acknowledged object is on disk.
package objects
