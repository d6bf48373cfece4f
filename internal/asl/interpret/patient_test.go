package interpret_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
)

// TestPatientCallsTakeNoWorkerFromOthers: however many wait for somebody outside, the two workers are for the others.
func TestPatientCallsTakeNoWorkerFromOthers(t *testing.T) {
	const many = 1_000
	answered, arrived, done := make(chan struct{}), make(chan struct{}, many), make(chan string, 1)
	engine, err := interpret.New(interpret.Config{
		Journal: &interprettest.Memory{}, Workers: 2, Patient: func(function string) bool { return function == "vendor" },
		Invoke: func(ctx context.Context, function string, _ []byte) ([]byte, error) {
			if function != "vendor" {
				done <- function
				return []byte("{}"), nil
			}
			arrived <- struct{}{}
			select {
			case <-answered:
				return []byte("{}"), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, function := range map[string]string{"slow": "vendor", "quick": "f"} {
		machine, err := interpret.Load([]byte(strings.Replace(task(""), `"FunctionName":"f"`, `"FunctionName":"`+function+`"`, 1)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := engine.Register(name, machine); err != nil {
			t.Fatal(err)
		}
	}
	for n := range many {
		if err := engine.Start(t.Context(), "slow", fmt.Sprint("x", n), []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	for range many {
		<-arrived
	}
	if err := engine.Start(t.Context(), "quick", "x", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	<-done
	if busy := engine.Busy(); busy < many {
		t.Errorf("only %d are under way", busy)
	}
	close(answered)
	within, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := engine.Close(within); err != nil {
		t.Error(err)
	}
	if busy := engine.Busy(); busy != 0 {
		t.Errorf("%d are under way after the end", busy)
	}
}
