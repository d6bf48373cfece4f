// Package fair shares workers between tenants and receivers in turns. Each has at most a bounded share of the workers, so
// that a slow receiver or a busy tenant does not delay the others.
package fair
