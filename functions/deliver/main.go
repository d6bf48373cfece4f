// Command deliver is the Lambda function that makes attempts at webhooks; a queue has one message for each.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/app/onaws/queues"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Deliver(), nil }, onaws.Queues(queues.Open))
}
