// Package interprettest is what tests put below the interpreter: a clock that stands still, and a journal in memory.
package interprettest
