// Command hooks is the Lambda function for the callbacks of vendors.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/httpapi"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.API(httpapi.HookOperations()) }, onaws.Vendors, onaws.Objects, onaws.Signing)
}
