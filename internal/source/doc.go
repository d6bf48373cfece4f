// Package source reads written documents (workflows, policies, plugins) in YAML or JSON and keeps the place of
// everything in them, so that every problem can be told with line, column and a caret, all of them at once.
package source
