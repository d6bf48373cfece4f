// Package infra holds the templates that SAM deploys, and tests of properties that template validators do not check.
package infra
