package asltest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"ballerine/internal/asl/asltest"
)

// good is a machine without a mistake, into which the cases seed one each.
const good = `{"StartAt":"W","States":{
 "W":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"${F}","Payload":{"token.$":"$$.Task.Token","case.$":"$.case"}},
  "TimeoutSeconds":60,"HeartbeatSeconds":10,"Retry":[{"ErrorEquals":["a"],"IntervalSeconds":1,"MaxAttempts":2,"MaxDelaySeconds":5,"BackoffRate":2}],
  "Catch":[{"ErrorEquals":["b"],"Next":"C"},{"ErrorEquals":["States.ALL"],"Next":"F"}],"Next":"C"},
 "C":{"Type":"Choice","Choices":[{"Variable":"$.label","StringEquals":"x","Next":"D"}],"Default":"F"},
 "F":{"Type":"Fail","Error":"E"},"D":{"Type":"Succeed"}}}`

func TestCheckFindsSeededMistakes(t *testing.T) {
	if found := asltest.Check([]byte(good)); len(found) > 0 {
		t.Fatal(found)
	}
	cases := []struct{ name, from, to, code string }{
		{"States.ALL not last", `{"ErrorEquals":["b"],"Next":"C"},{"ErrorEquals":["States.ALL"],"Next":"F"}`, `{"ErrorEquals":["States.ALL"],"Next":"F"},{"ErrorEquals":["b"],"Next":"C"}`, "all_not_last"},
		{"States.ALL mixed", `["States.ALL"]`, `["States.ALL","c"]`, "all_not_last"},
		{"States.ALL mixed in Retry", `["a"]`, `["a","States.ALL"]`, "all_not_last"},
		{"an error caught twice", `["States.ALL"]`, `["b"]`, "shadowed"},
		{"an error that does not exist", `["b"]`, `["States.TimeOut"]`, "unknown_error"},
		{"no error named", `["b"]`, `[]`, "required"},
		{"heartbeat as long as the timeout", `"HeartbeatSeconds":10`, `"HeartbeatSeconds":60`, "heartbeat_too_long"},
		{"misspelt resource", `lambda:invoke.waitForTaskToken`, `lambda:invok.waitForTaskToken`, "unknown_resource"},
		{"misspelt suffix", `.waitForTaskToken`, `.waitForTasktoken`, "unknown_resource"},
		{"path without suffix", `"case.$":"$.case"`, `"case":"$.case"`, "path_without_suffix"},
		{"context path without suffix", `"token.$":"$$.Task.Token"`, `"token":"$$.Task.Token"`, "path_without_suffix"},
		{"suffix without path", `"case.$":"$.case"`, `"case.$":"case"`, "not_a_path"},
		{"token never passed", `"token.$":"$$.Task.Token",`, ``, "token_not_passed"},
		{"token without timeout", `"TimeoutSeconds":60,"HeartbeatSeconds":10,`, ``, "token_without_timeout"},
		{"two timeouts", `"TimeoutSeconds":60,`, `"TimeoutSeconds":60,"TimeoutSecondsPath":"$.seconds",`, "two_timeouts"},
		{"function not named", `"FunctionName":"${F}",`, ``, "required"},
		{"unreachable", `"D":{"Type":"Succeed"}`, `"D":{"Type":"Succeed"},"X":{"Type":"Succeed"}`, "unreachable"},
		{"unreachable circle", `"D":{"Type":"Succeed"}`, `"D":{"Type":"Succeed"},"X":{"Type":"Pass","Next":"Y"},"Y":{"Type":"Pass","Next":"X"}`, "unreachable"},
		{"dangling Next", `"Next":"C"},
 "C"`, `"Next":"c"},
 "C"`, "unknown_state"},
		{"dangling Catch", `"Next":"F"}]`, `"Next":"G"}]`, "unknown_state"},
		{"dangling Default", `"Default":"F"`, `"Default":"G"`, "unknown_state"},
		{"dangling Choice", `"Next":"D"`, `"Next":"G"`, "unknown_state"},
		{"dangling StartAt", `"StartAt":"W"`, `"StartAt":"w"`, "unknown_state"},
		{"no Default", `,"Default":"F"`, ``, "required"},
		{"the same rule twice", `{"Variable":"$.label","StringEquals":"x","Next":"D"}`, `{"Variable":"$.label","StringEquals":"x","Next":"D"},{"Variable":"$.label","StringEquals":"x","Next":"F"}`, "shadowed"},
		{"no rule", `{"Variable":"$.label","StringEquals":"x","Next":"D"}`, ``, "required"},
		{"a name twice", `"D":{"Type":"Succeed"}`, `"D":{"Type":"Succeed"},"F":{"Type":"Succeed"}`, "duplicate_name"},
		{"a long name", `"D"`, fmt.Sprintf("%q", strings.Repeat("ü", 81)), "name_length"},
		{"unknown type", `"Type":"Succeed"`, `"Type":"Success"`, "unknown_type"},
		{"Succeed that goes on", `"Type":"Succeed"`, `"Type":"Succeed","Next":"F"`, "next_or_end"},
		{"Task that goes nowhere", `,"Next":"C"},
 "C"`, `},
 "C"`, "next_or_end"},
		{"Task that ends and goes on", `"TimeoutSeconds":60`, `"TimeoutSeconds":60,"End":true`, "next_or_end"},
		{"longest delay too short", `"MaxDelaySeconds":5`, `"MaxDelaySeconds":1`, "delay_too_short"},
		{"backoff below 1", `"BackoffRate":2`, `"BackoffRate":0.5`, "backoff_rate"},
		{"not JSON", `{"StartAt"`, `{StartAt`, "malformed_json"},
		{"more than 1 MB", `"Error":"E"`, fmt.Sprintf(`"Error":%q`, strings.Repeat("e", 1<<20)), "too_large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.ReplaceAll(good, c.from, c.to)
			if bad == good {
				t.Fatal("nothing was seeded")
			}
			var codes []string
			for _, d := range asltest.Check([]byte(bad)) {
				codes = append(codes, d.Code)
			}
			if !strings.Contains(strings.Join(codes, " "), c.code) {
				t.Errorf("found %v, want %s", codes, c.code)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"States":{"A":null}}`))
	if machine, err := os.ReadFile("../compile/testdata/screen/machine.asl.json"); err == nil {
		f.Add(machine)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, d := range asltest.Check(text) {
			if d.Code == "" || d.Message == "" {
				t.Errorf("a problem without a name: %+v", d)
			}
		}
	})
}
