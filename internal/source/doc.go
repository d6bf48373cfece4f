// Package source parses documents (workflows, policies, plugins) in YAML or JSON and keeps the position of every element, so
// that all problems are reported at once with line, column and a caret.
package source
