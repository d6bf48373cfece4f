package local

import "ballerine/internal/task"

// Wrapped are options whose functions a test puts something around.
func Wrapped(options Options, wrap func(name string, handler task.Handler) task.Handler) Options {
	options.wrap = wrap
	return options
}
