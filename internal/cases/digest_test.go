package cases_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
)

func (d *desk) verify(id string) cases.VerifyReport {
	d.t.Helper()
	return must[cases.VerifyReport](d)(d.Verify(d.t.Context(), reviewer, id))
}

func TestEveryFieldOfARecordIsCoveredByItsDigest(t *testing.T) {
	mechanics := []string{"Revision", "Head", "Parked", "Terms", "Traits", "Seen", "Undo", "DocumentUndos"}
	record := reflect.TypeFor[cases.Record]()
	before, err := cases.RecordDigest(cases.Record{}, "salt")
	if err != nil {
		t.Fatal(err)
	}
	for i := range record.NumField() {
		var r cases.Record
		fill(reflect.ValueOf(&r).Elem().Field(i), 3)
		after, err := cases.RecordDigest(r, "salt")
		if err != nil {
			t.Fatal(err)
		}
		name := record.Field(i).Name
		if left := slices.Contains(mechanics, name); left != (before == after) {
			t.Errorf("Record.%s: covered %v, left out on purpose %v", name, before != after, left)
		}
	}
}

func TestDigestsOfOldRecordsStay(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	r := cases.Record{
		Tenant: "demo", ID: "case_1", Workflow: cases.WorkflowRef{ID: "kyc", Version: 3}, Status: cases.StatusActive, Tags: []string{"manual_review"},
		Snapshot: statechart.Snapshot{Status: statechart.Active, Active: []statechart.Activation{{State: "review", Visit: 2}}, Visits: 2},
		Context:  map[string]any{"applicant": map[string]any{"name": "Zoë"}, "n": 1.5}, Version: 7, Subject: cases.SubjectRef{ID: "subj_1", Type: "individual", Name: "Zoë"},
		Risk: &cases.Risk{Score: 40, Severity: "medium"}, Documents: []cases.Document{{ID: "doc_1", Kind: "passport", CreatedAt: at, UpdatedAt: at}},
		Execution: cases.ExecutionRef{Name: "case_1-1", Sequence: 1}, CreatedAt: at, UpdatedAt: at,
	}
	const want = "24d25578223108a7be82c7f2fc7a73c0c55153e5f998e92dea6fdadc56387b8d"
	if got, err := cases.RecordDigest(r, "salt"); err != nil || got != want {
		t.Errorf("%s %v, want %s: every history that was written before would be told broken; let a new field be omitted when it is empty", got, err, want)
	}
}

func TestWhatAPersonReliesOnIsCheckedAgainstTheLastEntry(t *testing.T) {
	for name, change := range map[string]func(r *cases.Record){
		"outcome":  func(r *cases.Record) { r.Outcome = "approved" },
		"risk":     func(r *cases.Record) { r.Risk = &cases.Risk{Score: 1, Severity: "low"} },
		"tags":     func(r *cases.Record) { r.Tags = []string{"done"} },
		"assignee": func(r *cases.Record) { r.Assignee = "user_9" },
		"subject":  func(r *cases.Record) { r.Subject.Name = "Somebody else" },
		"a decision on a document": func(r *cases.Record) {
			decision := *r.Documents[0].Decision
			decision.By.ID = "user_9"
			r.Documents[0].Decision = &decision
		},
		"when it was started": func(r *cases.Record) { r.CreatedAt = r.CreatedAt.Add(-time.Hour) },
	} {
		d := newDesk(t)
		r := d.full()
		d.store.alterRecord = change
		if report := d.verify(r.ID); report.Valid || len(report.Problems) != 1 {
			t.Errorf("%s: %+v", name, report)
		}
	}
}

func TestBlankedDetailsAreFoundAndErasedOnesReported(t *testing.T) {
	d := newDesk(t)
	r := d.full()
	at := func(version int, change func(*cases.Entry)) {
		d.store.alter = func(e *cases.Entry) {
			if e.Version == version {
				change(e)
			}
		}
	}
	at(r.Version, func(e *cases.Entry) { e.Details = nil })
	if report := d.verify(r.ID); report.Valid || !strings.Contains(strings.Join(report.Problems, " "), "details are missing") {
		t.Errorf("blanked: %+v", report)
	}
	at(r.Version, func(e *cases.Entry) { e.DetailsDigest, e.Details = "", nil })
	if report := d.verify(r.ID); report.Valid {
		t.Errorf("blanked with its digest: %+v", report)
	}
	at(2, func(e *cases.Entry) { e.Details, e.Salt = nil, "" })
	if report := d.verify(r.ID); !report.Valid || !slices.Equal(report.Erased, []int{2}) || !report.Compared {
		t.Errorf("erased: %+v", report)
	}
	at(r.Version, func(e *cases.Entry) { e.Details, e.Salt = nil, "" })
	if report := d.verify(r.ID); !slices.Equal(report.Erased, []int{r.Version}) || report.Compared {
		t.Errorf("the last one erased: %+v", report)
	}
}

func TestTextsThatAreNoTextDoNotBreakAHistory(t *testing.T) {
	d := newDesk(t)
	r := d.checking()
	cut := strings.Repeat("é", 30)[:59] // ends inside a character
	job := d.begin(r.ID, "lookup")
	must[cases.ExecutionInput](d)(d.FailWork(t.Context(), cases.Branch{Tenant: "demo", Case: r.ID}, "check", "lookup", job.Visit, cases.Failure{Error: cut, Cause: cut, Attempts: 1}))
	d.verified(r.ID)
	must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, d.get(r.ID).Incidents[0].ID, nil))
	must[cases.Record](d)(d.Answer(t.Context(), vendorOf(r.ID), r.ID, cases.Reply{State: "check", Visit: job.Visit, Work: "lookup", Round: 1, Payload: map[string]any{"said": cut, "escaped": `\ufffd \\ufffd`}, ID: "e"}))
	d.verified(r.ID)
	if _, err := d.AddNote(t.Context(), reviewer, r.ID, cases.NoteCommand{Text: "a " + cut}); problem.CodeOf(err) != problem.Invalid {
		t.Error("what people write is refused instead:", err)
	}
	d.verified(r.ID)
}

func TestHistoriesOfTheFirstFormatVerifyAsTheyWereWritten(t *testing.T) {
	d := newDesk(t)
	r := d.full()
	old := map[int]cases.Entry{}
	prev := ""
	for _, change := range d.store.changes {
		e := change.Entry
		e.PrevHash = prev
		var err error
		if e, err = cases.FirstFormat(e, change.Next); err != nil {
			t.Fatal(err)
		}
		old[e.Version], prev = e, e.Hash
	}
	d.store.alter = func(e *cases.Entry) { *e = old[e.Version] }
	d.store.alterRecord = func(r *cases.Record) { r.Head = prev }
	if report := d.verify(r.ID); !report.Valid || report.Entries != r.Version {
		t.Errorf("%+v", report)
	}
	d.store.alterRecord = func(r *cases.Record) { r.Head, r.Outcome = prev, "approved" }
	if report := d.verify(r.ID); report.Valid {
		t.Error("a record that was changed is valid")
	}
}
