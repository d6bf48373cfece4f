// Command backtest is the Lambda function that runs the steps of backtests for their state machine.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app"
	"ballerine/internal/task"
)

func main() {
	start.Run(func(core *app.Core) (task.Handler, error) { return core.Backtest(), nil })
}
