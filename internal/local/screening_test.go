package local_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

const screenedWorkflow = `id: screened
title: Screened
context:
  schema:
    type: object
    properties: {full_name: {type: string, personal: true}, born: {type: string, personal: true}, country: {type: string}}
initial: screen
states:
  screen:
    invoke:
      - {src: screening, id: sanctions, input: {lists: [un], limit: 5, with: {name: full_name, birth_date: born, country: country}}}
    onDone:
      - {guard: "len(sanctions.hits) == 0", target: approved}
      - {target: review}
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}, after: {P30D: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

// watch loads a watch list over the interface, as ballerine watchlist load does.
func (s *system) watch(list screening.List) map[string]any {
	s.t.Helper()
	return s.watchWith(s.token("manager"), list)
}

// watchWith loads a watch list with a credential.
func (s *system) watchWith(credential string, list screening.List) map[string]any {
	s.t.Helper()
	packed, err := screening.Pack(list)
	if err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(packed)
	status, upload := s.with(credential, "POST", "/v1/watchlist-uploads", map[string]any{"size": len(packed), "sha256": hex.EncodeToString(sum[:])})
	if status != http.StatusOK {
		s.t.Fatalf("%d %v", status, upload)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), fmt.Sprint(upload["method"]), fmt.Sprint(upload["url"]), bytes.NewReader(packed))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range upload["headers"].(map[string]any) {
		request.Header.Set(name, fmt.Sprint(value))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("upload: %s", response.Status)
	}
	status, loaded := s.with(credential, "POST", "/v1/watchlists", map[string]any{"upload": upload["id"]})
	if status != http.StatusOK {
		s.t.Fatalf("%d %v", status, loaded)
	}
	return loaded
}

func watched(edition string, people ...string) screening.List {
	l := screening.List{Name: "un", Edition: edition}
	for i, name := range people {
		l.Entries = append(l.Entries, screening.Entry{
			ID: fmt.Sprintf("QDi.%03d", i), Kind: names.Person, Names: []screening.ListedName{{Text: name}}, Births: []screening.Birth{{From: 1970, To: 1970, Month: 3, Day: 25}}, Countries: []string{"CH"}, Programs: []string{"Al-Qaida"},
		})
	}
	return l
}

func TestACaseIsScreenedAgainstWatchLists(t *testing.T) {
	data := t.TempDir()
	s := newSystem(t, data)
	defer func() { s.stop() }()
	s.publish("/v1/workflows/screened/versions", screenedWorkflow)

	// Without a list nobody is harmless: the work is an incident, which a person finds.
	early := s.start("screened", "individual", map[string]any{"full_name": "Emil Novak"})
	s.until("an incident", func() bool { return len(s.get(early.ID).Incidents) == 1 })
	if incident := s.get(early.ID).Incidents[0]; incident.Error != "unknown_list" || strings.Contains(incident.Cause, "Novak") {
		t.Errorf("%+v", incident)
	}
	s.watch(watched("1", "Anna Keller", "Boris Petrov"))
	if status, answer := s.call("manager", "POST", "/v1/cases/"+early.ID+"/incidents/"+s.get(early.ID).Incidents[0].ID+"/retry", map[string]any{}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.reach(early.ID, "approved")

	listed := s.start("screened", "individual", map[string]any{"full_name": "Keler Anna", "born": "1970-03-25", "country": "CH"})
	s.reach(listed.ID, "review")
	record := s.get(listed.ID)
	found, _ := record.Context["sanctions"].(map[string]any)
	hits, _ := found["hits"].([]any)
	if len(hits) != 1 || found["more"] != false || found["lists"].(map[string]any)["un"] != "1" {
		t.Fatalf("%v", found)
	}
	if hit := hits[0].(map[string]any); hit["id"] != "QDi.000" || hit["edition"] != "1" || hit["name"] != "Anna Keller" || hit["version"] == "" || len(hit["reasons"].([]any)) < 4 {
		t.Errorf("%v", hit)
	}
	status, shown := s.call("reviewer", "GET", "/v1/cases/"+listed.ID, nil)
	if needs, _ := shown["needs"].(map[string]any); status != http.StatusOK || len(needs["hits"].([]any)) != 1 {
		t.Errorf("who decides is not asked about the hit: %d %v", status, shown["needs"])
	}

	nobody := s.start("screened", "individual", map[string]any{"full_name": "--"})
	s.until("an incident", func() bool { return len(s.get(nobody.ID).Incidents) == 1 })
	if incident := s.get(nobody.ID).Incidents[0]; incident.Error != "invalid" {
		t.Errorf("a name without letters was searched for: %+v", incident)
	}

	s.stop()
	s = newSystem(t, data) // lists are kept
	after := s.start("screened", "individual", map[string]any{"full_name": "Boris Petrow"})
	s.reach(after.ID, "review")
}

func (s *system) get(id string) cases.Record {
	s.t.Helper()
	record, err := s.Core.Store.Get(s.t.Context(), "demo", id)
	if err != nil {
		s.t.Fatal(err)
	}
	return record
}

func TestWhatAReviewerClearsIsNotAskedAgain(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/workflows/screened/versions", screenedWorkflow)
	s.watch(watched("1", "Anna Keller"))
	open := func(name string) cases.Record {
		t.Helper()
		r, err := s.Core.Cases.Start(t.Context(), s.client, cases.StartCommand{
			Workflow: "screened", Subject: cases.SubjectInput{Type: "individual", ExternalID: "anna"}, Context: map[string]any{"full_name": name, "born": "1970-03-25", "country": "CH"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := open("Anna Keller")
	s.reach(first.ID, "review")
	decision := map[string]any{"event": "approve", "reason": "checked", "comment": "Another place of birth.", "hits": []any{map[string]any{"hit": "sanctions.hits[0]", "answer": "not_a_match"}}}
	if status, answer := s.call("reviewer", "POST", "/v1/cases/"+first.ID+"/decisions", decision, "If-Match", fmt.Sprintf("%q", fmt.Sprint(s.get(first.ID).Version))); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.until("the answer is remembered", func() bool {
		answers, err := s.Core.Watched.Answers(t.Context(), "demo", first.Subject.ID)
		return err == nil && len(answers.Given) == 1
	})

	again := open("Anna Keller")
	s.reach(again.ID, "approved") // nobody is asked
	found, _ := s.get(again.ID).Context["sanctions"].(map[string]any)
	cleared, _ := found["cleared"].([]any)
	if len(cleared) != 1 {
		t.Fatalf("%v", found)
	}
	if before, _ := cleared[0].(map[string]any)["before"].(map[string]any); before["answer"] != "cleared" || before["case"] != first.ID || before["changed"] != nil {
		t.Errorf("%v", before)
	}

	s.reach(open("Ana Keller").ID, "review") // another name of the same subject
	changed := watched("2", "Anna Keller")
	changed.Entries[0].Programs = []string{"ISIL"}
	s.watch(changed)
	asked := open("Anna Keller")
	s.reach(asked.ID, "review")
	found, _ = s.get(asked.ID).Context["sanctions"].(map[string]any)
	if before, _ := found["hits"].([]any)[0].(map[string]any)["before"].(map[string]any); before["answer"] != "cleared" || fmt.Sprint(before["changed"]) != "[programs]" {
		t.Errorf("%v", before)
	}
}

const keptWorkflow = `id: kept
title: Kept
subject: individual
context: {schema: {type: object, properties: {full_name: {type: string, personal: true}}}}
initial: screen
states:
  screen:
    invoke: {src: screening, id: sanctions, input: {lists: [un], rescreen: {workflow: found-again, outcomes: [approved]}, with: {name: full_name}}}
    onDone:
      - {guard: "len(sanctions.hits) == 0", target: approved}
      - {target: rejected}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

const foundAgainWorkflow = `id: found-again
title: Found again
subject: individual
context:
  schema:
    type: object
    properties:
      rescreening:
        type: object
        properties: {name: {type: string, personal: true}, list: {type: string}, edition: {type: string}, hits: {type: array, items: {type: object}}}
initial: screen
states:
  screen:
    invoke: {src: screening, id: sanctions, input: {lists: [un], rescreen: {workflow: found-again, outcomes: [approved]}, with: {name: rescreening.name}}}
    onDone: review
  review: {tags: [manual_review], on: {approve: approved, reject: rejected}, after: {P30D: rejected}}
  approved: {type: final, tags: [approved]}
  rejected: {type: final, tags: [rejected]}
`

func TestKeptSubjectsAreScreenedAgain(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	s.publish("/v1/workflows/found-again/versions", foundAgainWorkflow)
	s.publish("/v1/workflows/kept/versions", keptWorkflow)
	s.watch(watched("1", "Anna Keller"))
	keep := func(name, external string) cases.Record {
		t.Helper()
		r, err := s.Core.Cases.Start(t.Context(), s.client, cases.StartCommand{Workflow: "kept", Subject: cases.SubjectInput{Type: "individual", ExternalID: external}, Context: map[string]any{"full_name": name}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	boris, nobody, anna := keep("Boris Petrov", ""), keep("Zoran Babic", "zoran"), keep("Anna Keller", "anna")
	s.reach(boris.ID, "approved")
	s.reach(nobody.ID, "approved")
	s.reach(anna.ID, "rejected")
	s.until("they are kept", func() bool {
		for _, r := range []cases.Record{boris, nobody} {
			if w, err := s.Core.Watched.WatchesOf(t.Context(), "demo", r.Subject.ID); err != nil || len(w) != 1 || !w[0].Kept {
				return false
			}
		}
		return true
	})
	if w, err := s.Core.Watched.WatchesOf(t.Context(), "demo", anna.Subject.ID); err != nil || len(w) != 0 {
		t.Errorf("%+v, %v", w, err)
	}
	s.watch(watched("2", "Anna Keller", "Boris Petrov"))
	var found cases.Page
	s.until("a case for Boris", func() bool {
		var err error
		if found, err = s.Core.Store.List(t.Context(), "demo", cases.Query{Workflow: "found-again", Limit: 10}); err != nil {
			t.Fatal(err)
		}
		return len(found.Records) > 0
	})
	again := found.Records[0]
	about, _ := again.Context["rescreening"].(map[string]any)
	if len(found.Records) != 1 || again.Subject.ID != boris.Subject.ID || about["list"] != "un" || about["edition"] != "2" || len(about["hits"].([]any)) != 1 {
		t.Fatalf("%d cases, %v", len(found.Records), about)
	}
	s.reach(again.ID, "review")
	s.until("the run is done", func() bool {
		_, lists := s.call("manager", "GET", "/v1/watchlists", nil)
		run := map[string]any{}
		for _, list := range lists["data"].([]any) {
			if list := list.(map[string]any); list["name"] == "un" {
				run, _ = list["rescreening"].(map[string]any)
			}
		}
		return run["state"] == "done" && run["looked"] == 2.0 && run["opened"] == 1.0 && run["failed"] == 0.0
	})
	decision := map[string]any{"event": "approve", "reason": "checked", "comment": "Born elsewhere.", "hits": []any{map[string]any{"hit": "sanctions.hits[0]", "answer": "not_a_match"}}}
	if status, answer := s.call("reviewer", "POST", "/v1/cases/"+again.ID+"/decisions", decision, "If-Match", fmt.Sprintf("%q", fmt.Sprint(s.get(again.ID).Version))); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.until("the answer is remembered", func() bool {
		answers, err := s.Core.Watched.Answers(t.Context(), "demo", boris.Subject.ID)
		return err == nil && len(answers.Given) == 1
	})
	if status, answer := s.call("manager", "POST", "/v1/watchlists/un/rescreening", map[string]any{}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.until("the whole list is compared", func() bool {
		run, err := s.Core.Watched.Run(t.Context(), "demo", "un")
		return err == nil && run.By != "" && !run.EndedAt.IsZero() && run.Opened == 0 && run.Looked == 2
	})
}
