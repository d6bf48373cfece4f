// Package vendor calls the services of others: identity checks, sanctions screening and the like.
//
// A vendor is a Plugin, a YAML document (its JSON Schema is plugin.schema.json): how the request is made from the case's
// context, how the answer is read, and what may go wrong. ParsePlugin compiles it once; Client.Do makes one attempt.
// Retries belong to the compiled state machine, which takes its policy from Plugin.Summary.
//
// In callback mode the vendor answers 202 and calls back later; Plugin.ReadCallback checks its signature and reads it.
//
// Errors name places and never values; a URL is shown without its query; secrets are never part of a text.
package vendor
