package local_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/local"
)

// onboard takes a person of the shipped workflow to where a reviewer decides.
func (s *system) onboard(given, family, born string) cases.Record {
	s.t.Helper()
	r := s.start("kyc", "individual", map[string]any{"applicant": map[string]any{
		"name": map[string]any{"given": given, "family": family}, "date_of_birth": born, "country": "HU", "email": "somebody@example.com",
	}})
	text := []byte("abc")
	_, upload, err := s.Core.Cases.AnnounceDocument(s.t.Context(), s.client, r.ID, cases.AnnounceCommand{
		Kind: "passport", ContentType: "image/png", Size: int64(len(text)), SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), upload.Method, upload.URL, strings.NewReader(string(text)))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("%v %v", response, err)
	}
	_ = response.Body.Close()
	s.until("the upload is noted", func() bool { return s.get(r.ID).Documents[0].Status == cases.DocumentReceived })
	s.send(r.ID, "SUBMIT")
	s.reach(r.ID, "review")
	return s.get(r.ID)
}

// review is a decision of a reviewer about the case as it is.
func (s *system) review(id string, body map[string]any) (int, map[string]any) {
	s.t.Helper()
	return s.call("reviewer", "POST", "/v1/cases/"+id+"/decisions", body, "If-Match", fmt.Sprintf(`"%d"`, s.get(id).Version))
}

func fired(r cases.Record) string {
	risk, _ := r.Context["risk"].(map[string]any)
	return fmt.Sprint(risk["fired"])
}

func TestAShippedCaseIsScreenedAgainstTheDemoList(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	listed := s.onboard("Viktor", "Fictus", "1990-03-04")
	if !strings.Contains(fired(listed), "sanctions_match") {
		t.Fatalf("%s of %v", fired(listed), listed.Context["sanctions"])
	}
	weak := s.onboard("Viktor", "Fictus", "1999-03-04")
	if !strings.Contains(fired(weak), "sanctions_weak_match") {
		t.Errorf("%s of %v", fired(weak), weak.Context["sanctions"])
	}
	nobody := s.onboard("Anna", "Kovacs", "1990-03-04") // the document is no picture
	if strings.Contains(fired(nobody), "sanctions") {
		t.Errorf("%s of %v", fired(nobody), nobody.Context["sanctions"])
	}

	approve := map[string]any{"event": "approve", "reason": "false_positive", "comment": "Another person."}
	if status, answer := s.review(listed.ID, approve); status != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(answer["errors"]), "sanctions.hits[0]") {
		t.Errorf("approved without a word about the hit: %d %v", status, answer)
	}
	approve["hits"] = []any{map[string]any{"hit": "sanctions.hits[0]", "answer": "not_a_match"}}
	if status, answer := s.review(listed.ID, approve); status != http.StatusOK {
		t.Errorf("%d %v", status, answer)
	}
}

// On AWS no list is there before somebody has loaded one: nobody passes for harmless, and a person decides with a reason.
func TestAShippedCaseWithoutAListIsForAPerson(t *testing.T) {
	options := local.Options{Data: t.TempDir(), Definitions: definitions(t)}
	s := run(t, local.Listless(options))
	defer func() { s.stop() }()
	r := s.onboard("Anna", "Kovacs", "1990-03-04")
	if found, _ := r.Context["sanctions"].(map[string]any); found["error"] != "unknown_list" || !strings.Contains(fired(r), "sanctions_unanswered") {
		t.Fatalf("%v, %s", r.Context["sanctions"], fired(r))
	}
	approve := map[string]any{"event": "approve", "reason": "checked", "comment": "Looks fine."}
	if status, answer := s.review(r.ID, approve); status != http.StatusConflict || !strings.Contains(fmt.Sprint(answer["errors"]), "A check has no result") {
		t.Errorf("approved without a screening: %d %v", status, answer)
	}

	s.stop()
	s = run(t, options) // from now on there is a list
	if status, answer := s.review(r.ID, map[string]any{"event": "screen_again"}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.until("it was screened", func() bool {
		found, _ := s.get(r.ID).Context["sanctions"].(map[string]any)
		return found["hits"] != nil
	})
	s.reach(r.ID, "review")
	if again := s.get(r.ID); strings.Contains(fired(again), "sanctions_unanswered") {
		t.Errorf("%s", fired(again))
	}
}

func TestATenantKeepsTheListsThatItHas(t *testing.T) {
	options := local.Options{Data: t.TempDir(), Definitions: definitions(t)}
	s := run(t, local.Listless(options))
	s.watch(watched("1", "Anna Keller"))
	s.stop()
	s = run(t, options)
	defer s.stop()
	status, answer := s.call("manager", "GET", "/v1/watchlists", nil)
	if lists, _ := answer["data"].([]any); status != http.StatusOK || len(lists) != 1 || lists[0].(map[string]any)["name"] != "un" {
		t.Errorf("%d %v", status, answer)
	}
}

// Filling the folder with demo cases brings the demo list, but never in the place of lists that were loaded.
func TestFilledFoldersKeepTheirLists(t *testing.T) {
	options := local.Options{Data: t.TempDir(), Definitions: definitions(t)}
	s := run(t, local.Listless(options))
	s.watch(watched("1", "Anna Keller"))
	s.stop()
	err := local.Fill(t.Context(), options, func(_ context.Context, folder string) error {
		inside := options
		inside.Data = folder
		filled := run(t, inside)
		filled.start("kyc", "individual", nil)
		filled.stop()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s = run(t, options)
	defer s.stop()
	_, answer := s.call("manager", "GET", "/v1/watchlists", nil)
	if lists, _ := answer["data"].([]any); len(lists) != 1 || lists[0].(map[string]any)["name"] != "un" {
		t.Errorf("%v", answer)
	}
	if page, err := s.Core.Cases.List(t.Context(), s.client, cases.Query{Limit: 10}); err != nil || len(page.Records) != 1 {
		t.Errorf("%d cases, %v", len(page.Records), err)
	}
}
