// Command adminapi is the Lambda function of those who build workflows: it publishes what they write, makes the state
// machines, and has drafts of policies tried.
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
		onaws.Signing, onaws.Publishing, onaws.Backtests)
}
