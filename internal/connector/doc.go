// Package connector calls the APIs of vendors, such as identity checks.
//
// A vendor is described by a Plugin, a YAML document (its JSON Schema is plugin.schema.json): how the request is built from
// the context of the case, how the response is read, and which errors can occur. ParsePlugin compiles it once; Client.Do
// makes one attempt. The compiled state machine retries, by the policy in Plugin.Summary.
//
// In callback mode the vendor responds with 202 and calls back later; Plugin.ReadCallback verifies the signature and reads
// the result.
//
// Errors name locations, never values; URLs are shown without their query; secrets are never part of a text.
package connector
