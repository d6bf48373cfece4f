// Package schemafault reports where JSON values violate a JSON Schema 2020-12, and how, in words that show what the
// schema requires and never the value, which may be personal.
package schemafault
