// Package e2e tests the product from outside, as a new user would meet it: the built binary, the README's curl
// walk-through, kill -9 at random moments, races over HTTP, and bad input of every kind.
package e2e
