// Command rules is the Lambda function that evaluates policies for the state machines.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Rules(), nil })
}
