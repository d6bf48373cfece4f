// Command authorizer is the Lambda authorizer of API Gateway: it authenticates every credential.
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
