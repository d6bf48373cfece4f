// Command dispatch is the Lambda function that delivers the outbox: it hears of the cases table's stream.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Dispatch(dynamo.DecodeStream), nil }, onaws.Executions)
}
