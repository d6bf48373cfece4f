// Command document is the Lambda function that checks documents for the state machines; upload events trigger it as well.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/app/onaws"
	"ballerine/internal/docscan/zone"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Document(zone.Read), nil }, onaws.Objects)
}
