package lambda_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ballerine/internal/local/lambda"
)

type answer struct {
	Echo  string
	PID   int
	ARN   string
	Limit bool
}

func bootstrap(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	command := exec.Command("go", "build", "-tags", "lambda.norpc,nethttpomithttp2", "-o", path, "./testdata/tiny")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func serve(t *testing.T, function lambda.Function) *lambda.Server {
	t.Helper()
	server, err := lambda.New(lambda.Config{Functions: []lambda.Function{function}, Logs: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func invoke(t *testing.T, server *lambda.Server, payload string) (answer, *lambda.InvokeError) {
	t.Helper()
	out, failure, err := server.Invoke(context.Background(), "tiny", []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if failure == nil {
		if err := json.Unmarshal(out, &a); err != nil {
			t.Fatal(err)
		}
	}
	return a, failure
}

func TestFunctionsAreRealProcessesThatSeeWhatLambdaGives(t *testing.T) {
	server := serve(t, lambda.Function{Name: "tiny", Bootstrap: bootstrap(t), Timeout: time.Minute})
	first, failure := invoke(t, server, `{"echo":"a"}`)
	if failure != nil || first.Echo != "a" || first.PID == os.Getpid() || !first.Limit || !strings.HasSuffix(first.ARN, ":function:tiny") {
		t.Fatalf("%+v, %v", first, failure)
	}
	second, _ := invoke(t, server, `{"echo":"b"}`)
	if second.PID != first.PID {
		t.Error("a warm environment was not used again")
	}
	if _, _, err := server.Invoke(context.Background(), "other", nil); err == nil {
		t.Error("an unknown function was invoked")
	}
}

func TestErrorsKeepTheirNamesAndTheEnvironment(t *testing.T) {
	server := serve(t, lambda.Function{Name: "tiny", Bootstrap: bootstrap(t), Timeout: time.Minute})
	before, _ := invoke(t, server, `{}`)
	_, failure := invoke(t, server, `{"do":"fail"}`)
	if failure == nil || failure.Type != "vendor_unavailable" || failure.Message != "no answer" {
		t.Fatalf("%v", failure)
	}
	if after, _ := invoke(t, server, `{}`); after.PID != before.PID {
		t.Error("an error that the function returned ended its environment")
	}
}

func TestACrashOrTimeoutStartsANewEnvironment(t *testing.T) {
	path := bootstrap(t)
	for do, want := range map[string]string{"exit": "Runtime.ExitError", "hang": "Sandbox.Timedout", "panic": "errorString"} {
		t.Run(do, func(t *testing.T) {
			limit := time.Minute
			if do == "hang" {
				limit = 15 * time.Second // it is waited for; the calls before and after must be over by then
			}
			server := serve(t, lambda.Function{Name: "tiny", Bootstrap: path, Timeout: limit})
			before, _ := invoke(t, server, `{}`)
			if _, failure := invoke(t, server, fmt.Sprintf(`{"do":%q}`, do)); failure == nil || failure.Type != want {
				t.Fatalf("%v, want %s", failure, want)
			}
			if after, failure := invoke(t, server, `{}`); failure != nil || after.PID == before.PID {
				t.Errorf("%+v, %v", after, failure)
			}
		})
	}
}

func TestAFunctionThatFailsInItsInitPhaseReportsIt(t *testing.T) {
	server := serve(t, lambda.Function{Name: "tiny", Bootstrap: bootstrap(t), Timeout: time.Minute, Env: []string{"INIT=fail"}})
	if _, failure := invoke(t, server, `{}`); failure == nil || failure.Type != "Runtime.ExitError" || !strings.Contains(failure.Message, "init phase") {
		t.Errorf("%v", failure)
	}
}

func TestEnvironmentsRunSideBySideUpToTheLimit(t *testing.T) {
	server := serve(t, lambda.Function{Name: "tiny", Bootstrap: bootstrap(t), Timeout: time.Minute, Concurrency: 3})
	var group sync.WaitGroup
	var processes sync.Map
	for i := range 30 {
		group.Go(func() {
			out, failure, err := server.Invoke(context.Background(), "tiny", fmt.Appendf(nil, `{"echo":"%d"}`, i))
			var a answer
			if err != nil || failure != nil || json.Unmarshal(out, &a) != nil || a.Echo != fmt.Sprint(i) {
				t.Errorf("call %d: %s %v %v", i, out, failure, err)
			}
			processes.Store(a.PID, true)
		})
	}
	group.Wait()
	var n int
	processes.Range(func(any, any) bool { n++; return true })
	if n < 1 || n > 3 {
		t.Errorf("%d environments", n)
	}
}

func TestCloseLeavesNoProcessBehind(t *testing.T) {
	server := serve(t, lambda.Function{Name: "tiny", Bootstrap: bootstrap(t), Timeout: time.Minute})
	a, _ := invoke(t, server, `{}`)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(a.PID, 0); err == nil {
		t.Errorf("process %d is still there", a.PID)
	}
	if _, _, err := server.Invoke(context.Background(), "tiny", nil); err == nil {
		t.Error("a closed server invokes")
	}
}
