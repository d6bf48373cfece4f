// Command sweep is the Lambda function that runs each minute and processes what is due or was missed.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/app/onaws/queues"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Sweep(), nil }, onaws.Executions, onaws.Objects, onaws.Queues(queues.Open))
}
