package local

import (
	"time"

	"ballerine/internal/task"
)

// Wrapped are options whose functions a test puts something around.
func Wrapped(options Options, wrap func(name string, handler task.Handler) task.Handler) Options {
	options.wrap = wrap
	return options
}

// Patient are options whose decisions wait for their shadows, however busy the machine is.
func Patient(options Options) Options {
	options.shadowTime = time.Minute
	return options
}

// Listless are options whose tenant begins without a watch list, as on AWS.
func Listless(options Options) Options {
	options.noList = true
	return options
}
