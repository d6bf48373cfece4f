// Package infra holds the templates that SAM deploys, and the tests of what template validators do not see.
package infra
