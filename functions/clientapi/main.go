// Command clientapi is the Lambda function that serves the operations of clients.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/httpapi"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.API(httpapi.ClientOperations()) }, onaws.Objects, onaws.Signing, onaws.Decisions)
}
