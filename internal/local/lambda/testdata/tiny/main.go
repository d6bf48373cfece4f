// Command tiny is a function that does what its event says.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string `json:"do"`
	Echo string `json:"echo"`
}

type answer struct {
	Echo  string `json:"echo"`
	PID   int    `json:"pid"`
	ARN   string `json:"arn"`
	Limit bool   `json:"limit"`
}

func handle(ctx context.Context, e event) (answer, error) {
	switch e.Do {
	case "fail":
		return answer{}, messages.InvokeResponse_Error{Type: "vendor_unavailable", Message: "no answer"}
	case "panic":
		panic(errors.New("lost"))
	case "exit":
		os.Exit(3)
	case "hang":
		select {}
	}
	_, limit := ctx.Deadline()
	c, _ := lambdacontext.FromContext(ctx)
	return answer{Echo: e.Echo, PID: os.Getpid(), ARN: c.InvokedFunctionArn, Limit: limit}, nil
}

func main() {
	if os.Getenv("INIT") == "fail" {
		os.Exit(9)
	}
	lambda.Start(handle)
}
