// Command adminapi is the Lambda function for the administration API: publishing definitions, creating their state machines,
// and evaluating drafts of policies.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/httpapi"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.API(httpapi.AdminOperations()) },
		onaws.Signing, onaws.Vendors, onaws.Publishing, onaws.Backtests)
}
