package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"ballerine/internal/httpapi"
	"ballerine/internal/webhook"
)

// receiver keeps what it is sent, and answers with a status.
type receiver struct {
	mutex  sync.Mutex
	status int
	body   []byte
	header http.Header
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.body, _ = io.ReadAll(request.Body)
	r.header = request.Header
	w.WriteHeader(r.status)
}

func (r *receiver) answers(status int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.status = status
}

func TestASubscriptionIsMadeTestedRotatedAndDeleted(t *testing.T) {
	client := as(shared(t), "client")
	to := &receiver{status: http.StatusNoContent}
	server := httptest.NewServer(to)
	defer server.Close()
	made := object[httpapi.Webhook](t, calls(t, client, "", "webhook", "create", server.URL+"/hooks", "--event", "webhook.test,case.failed", "--json"))
	if !strings.HasPrefix(made.Secret, "whsec_") || len(made.Events) != 2 {
		t.Fatalf("%+v", made)
	}
	if sent := calls(t, client, "", "webhook", "test", made.ID); !strings.Contains(sent, "webhook.test") || !strings.Contains(sent, "delivered") {
		t.Errorf("%s", sent)
	}
	header := []string{"--any-age"}
	for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		header = append(header, "--header", name+": "+to.header.Get(name))
	}
	body := string(to.body)
	t.Setenv("BALLERINE_WEBHOOK_SECRET", made.Secret)
	if got := call(t, body, append([]string{"webhook", "verify", "-"}, header...)...); got.code != 0 || got.out != "valid\n" {
		t.Errorf("%+v", got)
	}
	if got := call(t, body+" ", append([]string{"webhook", "verify", "-"}, header...)...); got.code != exitProblems || !strings.Contains(got.errs, "not valid") {
		t.Errorf("another body: %+v", got)
	}
	refused(t, nil, exitUsage, "webhook-timestamp|webhook-signature", "webhook", "verify", "-", "--header", "webhook-id: x")

	to.answers(http.StatusInternalServerError)
	refused(t, client, exitProblems, "The receiver did not accept the event: status 500", "webhook", "test", made.ID)
	failed := object[struct{ Data []httpapi.Delivery }](t, calls(t, client, "", "webhook", "deliveries", made.ID, "--status", "pending", "--json")).Data
	if len(failed) != 1 || failed[0].Status != webhook.Pending {
		t.Fatalf("%+v", failed)
	}
	to.answers(http.StatusNoContent)
	if again := calls(t, client, "", "webhook", "retry", made.ID, failed[0].ID); !strings.Contains(again, failed[0].ID) || !strings.Contains(again, "delivered") {
		t.Errorf("%s", again)
	}
	if all := calls(t, client, "", "webhook", "deliveries", made.ID); strings.Count(all, "webhook.test") != 2 || strings.Contains(all, "pending") {
		t.Errorf("%s", all)
	}

	if rotated := calls(t, client, "", "webhook", "rotate", made.ID); !strings.Contains(rotated, "secret: whsec_") || strings.Contains(rotated, made.Secret) {
		t.Errorf("%s", rotated)
	}
	if off := calls(t, client, "", "webhook", "update", made.ID, "--off", "--event", "case.*"); !strings.Contains(off, "off (by_request)") || !strings.Contains(off, "case.*") {
		t.Errorf("%s", off)
	}
	refused(t, client, exitProblems, "(stale)", "webhook", "update", made.ID, "--on", "--version", "1")
	refused(t, client, exitUsage, "exclude each other", "webhook", "update", made.ID, "--on", "--off")
	refused(t, client, exitUsage, "specify a change", "webhook", "update", made.ID)
	if listed := calls(t, client, "", "webhook", "list"); !strings.Contains(listed, made.ID) || strings.Contains(listed, "whsec_") {
		t.Errorf("%s", listed)
	}
	if deleted := calls(t, client, "", "webhook", "delete", made.ID, "--json"); deleted != `{"deleted":true,"id":"`+made.ID+`"}`+"\n" {
		t.Errorf("%s", deleted)
	}
	refused(t, client, exitProblems, "(not_found)", "webhook", "test", made.ID)
	refused(t, client, exitUsage, "--event is required", "webhook", "create", server.URL)
	refused(t, client, exitProblems, "did you mean case.completed?", "webhook", "create", server.URL, "--event", "case.complete")
	refused(t, client, exitUsage, "--status is one of|did you mean delivered?", "webhook", "deliveries", made.ID, "--status", "deliverd")
}
