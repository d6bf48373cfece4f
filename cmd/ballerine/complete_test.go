package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ballerine/internal/httpapi"
)

func TestAShellIsGivenTheIdsOfARunningSystem(t *testing.T) {
	stack := shared(t)
	admin, client := as(stack, "admin"), as(stack, "client")
	one := object[httpapi.Case](t, calls(t, client, applicantData, "case", "start", "kyc", "--context", "-", "--subject-set", "type=individual", "--json")).ID
	hook := object[httpapi.Webhook](t, calls(t, client, "", "webhook", "create", "http://127.0.0.1:9/completed", "--event", "*", "--json")).ID
	calls(t, admin, "value\nx\n", "list", "upload", "completed-list", "-")
	t.Setenv("BALLERINE_ENDPOINT", admin[1])
	t.Setenv("BALLERINE_API_KEY", admin[3])
	for want, args := range map[string][]string{
		one + "\tkyc collect":                   {"case", "show", ""},
		one:                                     {"case", "verify", "case_x", ""},
		one + "\tkyc":                           {"case", "cancel", ""},
		"SUBMIT":                                {"case", "send", one, ""},
		"kyc\t":                                 {"case", "start", ""},
		"application-score":                     {"policy", "show", ""},
		"identity-check":                        {"plugin", "versions", ""},
		"completed-list":                        {"list", "show", ""},
		"key_":                                  {"key", "rotate", ""},
		hook + "\thttp://127.0.0.1:9/completed": {"webhook", "test", ""},
		"-created_at":                           {"case", "list", "--sort", ""},
		"cases:read":                            {"key", "create", "--scope", ""},
		"case.completed":                        {"webhook", "create", "http://127.0.0.1:9/", "--event", ""},
		"decision":                              {"case", "history", "case_x", "--cause", ""},
		"kyc":                                   {"case", "list", "--workflow", ""},
	} {
		got := call(t, "", append([]string{"__complete"}, args...)...)
		if got.code != 0 || !strings.Contains("\n"+got.out, "\n"+want) {
			t.Errorf("%v: no %q in %+v", args, want, got)
		}
	}
}

func TestAShellIsNotKeptWaitingByASystemThatDoesNotAnswer(t *testing.T) {
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done() // until the caller gives up
	}))
	defer server.Close()
	for _, endpoint := range []string{"", server.URL, "http://127.0.0.1:1"} {
		got := call(t, "", "__complete", "case", "show", "--endpoint="+endpoint, "--api-key", "k", "")
		if got.code != 0 || got.out != ":4\n" {
			t.Errorf("%q: %+v", endpoint, got)
		}
	}
	<-asked
}
