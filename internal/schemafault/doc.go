// Package schemafault says where JSON values break a JSON Schema 2020-12, and how, in words that show what the schema wants and nothing of
// the value, which may be personal.
package schemafault
