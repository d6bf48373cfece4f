// Command authorizer is the Lambda function that turns every credential into a principal for API Gateway.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Authorizer(), nil }, onaws.Signing, onaws.Reviewers)
}
