// Package objects is S3 on one machine: gofakes3 over a folder of durable files, so that the same adapter, the same
// presigned links and the same refusals serve here as on AWS. Signatures and expiry are checked, a checksum that was
// announced must match, If-None-Match holds, and what is acknowledged is on the disk.
package objects
