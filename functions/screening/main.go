// Command screening is the Lambda function that looks for names on watch lists, for the state machines and for the API.
package main

import (
	"ballerine/functions/internal/start"
	"ballerine/internal/app/onaws"
	"ballerine/internal/app/screened"
)

func main() {
	start.Run(screened.Function, onaws.Objects, onaws.Signing)
}
