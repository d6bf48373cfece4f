// Package sfnserver serves the part of the Step Functions API that the functions use, with the local interpreter, so that
// the real bootstrap binaries with the real AWS client run on one machine. It listens on loopback only and does not verify
// signatures.
package sfnserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// ARN of a machine version as this server names it; the functions are configured with it.
func ARN(machine cases.WorkflowRef) string {
	return prefix + ":stateMachine:" + machineName(machine)
}

// MachineARN is that of a machine with a name of its own.
func MachineARN(name string) string { return prefix + ":stateMachine:" + name }

// machineName is a machine's name within the ARN.
func machineName(machine cases.WorkflowRef) string {
	return machine.ID + "-v" + strconv.Itoa(machine.Version)
}

const prefix = "arn:aws:states:local:000000000000"

// Status of an execution, in Step Functions' words.
type Status struct {
	Status  string // RUNNING | SUCCEEDED | FAILED | TIMED_OUT | ABORTED
	Started time.Time
}

// Engine is the interpreter, in this server's words. NotFound errors are problem.NotFound; a token that is not waited
// for is problem.NotFound too.
type Engine interface {
	Start(ctx context.Context, machine, name string, input []byte) error
	SendTaskSuccess(ctx context.Context, token string, output []byte) error
	Stop(ctx context.Context, machine, name, cause string) error
	Describe(ctx context.Context, machine, name string) (Status, error)
}

// Handler answers the AWS JSON 1.0 protocol.
func Handler(engine Engine, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			fail(w, "SerializationException", "The body could not be read.")
			return
		}
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		run, ok := actions[action]
		if !ok {
			fail(w, "UnknownOperationException", "This endpoint supports StartExecution, SendTaskSuccess, StopExecution and DescribeExecution.")
			return
		}
		var request call
		if err := json.Unmarshal(body, &request); err != nil {
			fail(w, "SerializationException", "The body is not JSON.")
			return
		}
		answer, err := run(r.Context(), engine, request, now())
		if err != nil {
			failWith(w, err, action)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_ = json.NewEncoder(w).Encode(answer) // the caller may be gone: the error cannot be reported
	})
}

// call holds the members of all requests.
type call struct {
	StateMachineArn string `json:"stateMachineArn"`
	ExecutionArn    string `json:"executionArn"`
	Name            string `json:"name"`
	Input           string `json:"input"`
	TaskToken       string `json:"taskToken"`
	Output          string `json:"output"`
	Cause           string `json:"cause"`
}

type action func(ctx context.Context, engine Engine, request call, now time.Time) (map[string]any, error)

var actions = map[string]action{
	"StartExecution": func(ctx context.Context, engine Engine, request call, now time.Time) (map[string]any, error) {
		machine := request.StateMachineArn[strings.LastIndex(request.StateMachineArn, ":")+1:]
		err := engine.Start(ctx, machine, request.Name, []byte(request.Input))
		return map[string]any{"executionArn": prefix + ":execution:" + machine + ":" + request.Name, "startDate": seconds(now)}, err
	},
	"SendTaskSuccess": func(ctx context.Context, engine Engine, request call, _ time.Time) (map[string]any, error) {
		return map[string]any{}, engine.SendTaskSuccess(ctx, request.TaskToken, []byte(request.Output))
	},
	"StopExecution": func(ctx context.Context, engine Engine, request call, now time.Time) (map[string]any, error) {
		machine, name := execution(request.ExecutionArn)
		return map[string]any{"stopDate": seconds(now)}, engine.Stop(ctx, machine, name, request.Cause)
	},
	"DescribeExecution": func(ctx context.Context, engine Engine, request call, _ time.Time) (map[string]any, error) {
		machine, name := execution(request.ExecutionArn)
		status, err := engine.Describe(ctx, machine, name)
		return map[string]any{
			"executionArn": request.ExecutionArn, "stateMachineArn": prefix + ":stateMachine:" + machine, "name": name,
			"status": status.Status, "startDate": seconds(status.Started),
		}, err
	},
}

func execution(arn string) (machine, name string) {
	_, rest, _ := strings.Cut(arn, ":execution:")
	machine, name, _ = strings.Cut(rest, ":")
	return machine, name
}

// failWith answers an engine's error under the name that the AWS client knows for the action.
func failWith(w http.ResponseWriter, err error, action string) {
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != problem.NotFound {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"__type":"InternalFailure","message":"The interpreter failed."}`)
		return
	}
	names := map[string]string{
		"StartExecution": "StateMachineDoesNotExist", "SendTaskSuccess": "TaskTimedOut",
		"StopExecution": "ExecutionDoesNotExist", "DescribeExecution": "ExecutionDoesNotExist",
	}
	fail(w, names[action], p.Message)
}

func fail(w http.ResponseWriter, kind, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": kind, "message": message}) // the caller may be gone
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
