// Command vendor is the Lambda function that calls vendors for the state machines.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Vendor() }, onaws.Vendors, onaws.Objects, onaws.Signing)
}
