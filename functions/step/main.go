// Command step is the Lambda function that handles waits, timers and failures of the state machines.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Step(), nil }, onaws.Wakes)
}
