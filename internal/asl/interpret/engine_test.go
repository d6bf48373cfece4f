package interpret_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
	"ballerine/internal/problem"
)

func TestTaskAnswerBecomesTheOutput(t *testing.T) {
	w := newWorld(t, task(""), func(_ *world, c call) (string, error) { return `{"n":12345678901234567890,"f":1.50}`, nil })
	w.start("one", `{"a":1}`)
	got := w.describe("one")
	if got.Status != interpret.Succeeded || string(got.Output) != `{"f":1.50,"n":12345678901234567890}` {
		t.Fatalf("%s %s %s", got.Status, got.Output, got.Error)
	}
	if got.Transitions != 2 {
		t.Errorf("transitions = %d, want 2", got.Transitions)
	}
}

func TestStartIsIdempotentByNameAlsoAfterTheEnd(t *testing.T) {
	w := newWorld(t, task(""), func(*world, call) (string, error) { return `{}`, nil })
	for range 3 {
		w.start("one", `{}`)
	}
	if n := len(w.called()); n != 1 {
		t.Fatalf("called %d times, want 1", n)
	}
}

func TestRetryFollowsItsSchedule(t *testing.T) {
	retry := func(members string) string { return task(`"Retry":[{"ErrorEquals":["flaky"]` + members + `}],`) }
	seconds := func(list ...int) (out []time.Duration) {
		for _, s := range list {
			out = append(out, time.Duration(s)*time.Second)
		}
		return out
	}
	cases := map[string]struct {
		definition string
		want       []time.Duration
	}{
		"defaults are 3 retries after 1, 2 and 4 seconds": {retry(""), seconds(0, 1, 3, 7)},
		"rate and interval":              {retry(`,"IntervalSeconds":3,"BackoffRate":1.5,"MaxAttempts":2`), []time.Duration{0, 3 * time.Second, 7500 * time.Millisecond}},
		"the longest delay":              {retry(`,"IntervalSeconds":2,"BackoffRate":10,"MaxDelaySeconds":5,"MaxAttempts":3`), seconds(0, 2, 7, 12)},
		"full jitter takes a part":       {retry(`,"IntervalSeconds":4,"JitterStrategy":"FULL","MaxAttempts":2`), seconds(0, 2, 6)},
		"no attempts":                    {retry(`,"MaxAttempts":0`), seconds(0)},
		"another error is not retried":   {task(`"Retry":[{"ErrorEquals":["other"]}],`), seconds(0)},
		"a failed task is any error":     {task(`"Retry":[{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1}],`), seconds(0, 1)},
		"each retrier counts for itself": {task(`"Retry":[{"ErrorEquals":["none"],"MaxAttempts":9},{"ErrorEquals":["States.ALL"],"MaxAttempts":1}],`), seconds(0, 1)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.definition, func(*world, call) (string, error) { return "", fails("flaky") })
			w.start("one", `{}`)
			got := w.finish("one")
			if got.Status != interpret.Failed || got.Error != "flaky" || got.Cause != `{"errorMessage":"no luck","errorType":"flaky"}` {
				t.Errorf("%s %s %s", got.Status, got.Error, got.Cause)
			}
			var at []time.Duration
			for i, call := range w.called() {
				at = append(at, call.At)
				if call.Payload["attempt"] != float64(i) {
					t.Errorf("call %d got attempt %v", i, call.Payload["attempt"])
				}
			}
			if diff := cmp.Diff(c.want, at); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCatchTakesTheFirstThatMatches(t *testing.T) {
	cases := map[string]struct{ catch, errorName, want string }{
		"by name, result beside the input": {`{"ErrorEquals":["x","bad"],"ResultPath":"$.error","Next":"Caught"}`, "bad", `{"a":1,"error":{"Cause":"{\"errorMessage\":\"no luck\",\"errorType\":\"bad\"}","Error":"bad"}}`},
		"all":                              {`{"ErrorEquals":["States.ALL"],"ResultPath":null,"Next":"Caught"}`, "bad", `{"a":1}`},
		"nested result path":               {`{"ErrorEquals":["bad"],"ResultPath":"$.e.f","Next":"Caught"}`, "bad", `{"a":1,"e":{"f":{"Cause":"{\"errorMessage\":\"no luck\",\"errorType\":\"bad\"}","Error":"bad"}}}`},
		"the data limit only by name":      {`{"ErrorEquals":["States.ALL"],"Next":"Caught"}`, interpret.ErrorDataLimit, ``},
		"the data limit":                   {`{"ErrorEquals":["States.DataLimitExceeded"],"ResultPath":null,"Next":"Caught"}`, interpret.ErrorDataLimit, `{"a":1}`},
		"never an error of the runtime":    {`{"ErrorEquals":["States.ALL"],"Next":"Caught"}`, interpret.ErrorRuntime, ``},
		"a timeout is not a failed task":   {`{"ErrorEquals":["States.TaskFailed"],"Next":"Caught"}`, interpret.ErrorTimeout, ``},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, task(`"Catch":[{"ErrorEquals":["never"],"Next":"Done"},`+c.catch+`],`), func(*world, call) (string, error) { return "", fails(c.errorName) })
			w.start("one", `{"a":1}`)
			got := w.finish("one")
			if string(got.Output) != c.want || (c.want == "") != (got.Status == interpret.Failed) {
				t.Errorf("%s %s %s", got.Status, got.Error, got.Output)
			}
		})
	}
}

func TestTaskThatTakesTooLongTimesOut(t *testing.T) {
	w := newWorld(t, task(`"TimeoutSeconds":10,"Retry":[{"ErrorEquals":["States.Timeout"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["States.Timeout"],"ResultPath":null,"Next":"Caught"}],`),
		func(w *world, _ call) (string, error) {
			w.clock.Sleep(context.Background(), 11*time.Second)
			return `{"late":true}`, nil
		})
	w.start("one", `{"a":1}`)
	got := w.finish("one")
	if got.State != "Caught" || got.Status != interpret.Succeeded || w.clock.Now().Sub(epoch) != 21*time.Second || len(w.called()) != 2 {
		t.Fatalf("%s in %s after %s, %d calls", got.Status, got.State, w.clock.Now().Sub(epoch), len(w.called()))
	}
}

func TestTokenIsAnsweredOnce(t *testing.T) {
	w := newWorld(t, wait(`"TimeoutSecondsPath":"$.seconds",`), func(*world, call) (string, error) { return `{}`, nil })
	w.start("one", `{"seconds":60}`)
	w.advance(59 * time.Second)
	token := w.called()[0].token()
	if len(token) < 24 {
		t.Fatalf("the token has %d characters", len(token))
	}
	ctx := context.Background()
	if err := w.engine.SendTaskSuccess(ctx, token, []byte(`{"label":"x"}`)); err != nil {
		t.Fatal(err)
	}
	for _, again := range []error{
		w.engine.SendTaskSuccess(ctx, token, []byte(`{}`)), w.engine.SendTaskFailure(ctx, token, "x", ""), w.engine.SendTaskHeartbeat(ctx, token),
		w.engine.SendTaskSuccess(ctx, "guessed", []byte(`{}`)),
	} {
		if problem.CodeOf(again) != problem.NotFound {
			t.Errorf("a token that is not waited for gives %v", again)
		}
	}
	if got := w.finish("one"); string(got.Output) != `{"label":"x"}` {
		t.Errorf("%s %s", got.Status, got.Output)
	}
}

func TestTokenSentFromWithinTheCallIsSeen(t *testing.T) {
	w := newWorld(t, wait(`"TimeoutSeconds":60,`), func(w *world, c call) (string, error) {
		return `{}`, w.engine.SendTaskSuccess(context.Background(), c.token(), []byte(`{"at":"once"}`))
	})
	w.start("one", `{}`)
	if got := w.describe("one"); string(got.Output) != `{"at":"once"}` {
		t.Errorf("%s %s", got.Status, got.Output)
	}
}

func TestHeartbeatKeepsAWaitAlive(t *testing.T) {
	w := newWorld(t, wait(`"TimeoutSeconds":100,"HeartbeatSeconds":10,"Catch":[{"ErrorEquals":["States.HeartbeatTimeout"],"ResultPath":"$.error","Next":"Caught"}],`),
		func(*world, call) (string, error) { return `{}`, nil })
	w.start("one", `{}`)
	for range 3 {
		w.advance(9 * time.Second)
		if err := w.engine.SendTaskHeartbeat(context.Background(), w.called()[0].token()); err != nil {
			t.Fatal(err)
		}
	}
	got := w.finish("one")
	if got.State != "Caught" || w.clock.Now().Sub(epoch) != 37*time.Second || !strings.Contains(string(got.Output), "States.Timeout") {
		t.Errorf("%s after %s: %s", got.State, w.clock.Now().Sub(epoch), got.Output)
	}
}

func TestTimeoutOfAWaitIsAbsoluteAcrossARestart(t *testing.T) {
	definition := wait(`"TimeoutSeconds":3600,"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"Caught"}],`)
	w := newWorld(t, definition, func(*world, call) (string, error) { return `{}`, nil })
	w.start("one", `{}`)
	w.advance(3000 * time.Second)
	if err := w.engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.open(definition)
	if err := w.engine.Recover(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := w.finish("one")
	if got.State != "Caught" || w.clock.Now().Sub(epoch) != time.Hour {
		t.Errorf("%s after %s", got.State, w.clock.Now().Sub(epoch))
	}
	if n := len(w.called()); n != 1 {
		t.Errorf("the token was parked before the restart, yet its function was called %d times", n)
	}
}

func TestLimits(t *testing.T) {
	loop := `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$.x","StringEquals":"y","Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}}}`
	w := newWorld(t, loop, nil)
	w.start("one", `{"x":"n"}`)
	got := w.describe("one")
	if got.Status != interpret.Failed || got.Events != interpret.MaxEvents || !strings.Contains(got.Cause, "25000") {
		t.Errorf("endless loop: %s with %d events: %s", got.Status, got.Events, got.Cause)
	}
	large := fmt.Sprintf(`{"x":%q}`, strings.Repeat("a", interpret.MaxData))
	if err := w.engine.Start(context.Background(), "m", "large", []byte(large)); problem.CodeOf(err) != problem.TooLarge {
		t.Errorf("large input: %v", err)
	}
	w = newWorld(t, task(""), func(*world, call) (string, error) { return large, nil })
	w.start("one", `{}`)
	if got := w.describe("one"); got.Error != interpret.ErrorDataLimit {
		t.Errorf("large result: %s %s", got.Status, got.Error)
	}
}

func TestStopAborts(t *testing.T) {
	w := newWorld(t, wait(`"TimeoutSeconds":60,`), func(*world, call) (string, error) { return `{}`, nil })
	w.start("one", `{}`)
	ctx := context.Background()
	for range 2 {
		if err := w.engine.Stop(ctx, "m", "one", "cancelled"); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.describe("one"); got.Status != interpret.Aborted || got.Cause != "cancelled" {
		t.Errorf("%s %s", got.Status, got.Cause)
	}
	if err := w.engine.Stop(ctx, "m", "two", ""); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("unknown execution: %v", err)
	}
	if err := w.engine.SendTaskSuccess(ctx, w.called()[0].token(), []byte(`{}`)); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("token of a stopped execution: %v", err)
	}
}

func TestFinishedExecutionsAreForgottenAfterTheRetention(t *testing.T) {
	w := newWorld(t, task(""), func(*world, call) (string, error) { return `{}`, nil })
	w.start("old", `{}`)
	w.advance(91 * 24 * time.Hour)
	w.start("new", `{}`)
	w.clock.Settle(w.engine)
	ctx := context.Background()
	if _, err := w.engine.Describe(ctx, "m", "old"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("old: %v", err)
	}
	if history, err := w.engine.History(ctx, "m", "new"); err != nil || len(history) != 8 {
		t.Errorf("new: %d events, %v", len(history), err)
	}
	left := 0
	err := w.journal.Scan(ctx, "", func(key string, _ []byte) error {
		if strings.Contains(key, "old") {
			left++
		}
		return nil
	})
	if err != nil || left != 0 {
		t.Errorf("%d keys of the old execution are left, %v", left, err)
	}
}

func TestOneWriteForEachTask(t *testing.T) {
	w := newWorld(t, wait(`"TimeoutSeconds":60,`), func(w *world, c call) (string, error) { return `{}`, nil })
	journal := w.journal.(*interprettest.Memory)
	w.start("one", `{}`)
	if err := w.engine.SendTaskSuccess(context.Background(), w.called()[0].token(), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if n := journal.Writes(); n != 2 {
		t.Errorf("%d writes: want one for the start with its first task, one for the answer with the end", n)
	}
	err := journal.Scan(context.Background(), "p/", func(key string, _ []byte) error { return errors.New(key) })
	if err != nil {
		t.Errorf("a mark outlived its execution: %v", err)
	}
}

func TestInvokeErrorsOfNoKnownKindAreLambdaUnknown(t *testing.T) {
	w := newWorld(t, task(""), func(*world, call) (string, error) { return "", errors.New("secret detail") })
	w.start("one", `{}`)
	if got := w.describe("one"); got.Error != "Lambda.Unknown" || strings.Contains(got.Cause, "secret") {
		t.Errorf("%s %s", got.Error, got.Cause)
	}
}
