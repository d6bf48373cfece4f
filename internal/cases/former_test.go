package cases_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

// hitsOfCase are the possible matches that a person is asked about.
func (d *desk) hitsOfCase(r cases.Record) []cases.Hit {
	d.t.Helper()
	return must[cases.View](d)(d.View(d.t.Context(), reviewer, r)).Needs.Hits
}

// screenedAgain is a case of the shipped workflow whose first screening has found something, and whose second one fails.
func screenedAgain(t testing.TB, first any) (*desk, cases.Record) {
	d, r := kycScreened(t)
	d.correct(r.ID, person("Ada", "Byron"))
	for _, answer := range []any{first, nil} {
		d.decide(d.get(r.ID), "screen_again")
		for _, work := range []string{"id_check", "identity", "sanctions", "risk"} {
			job := d.work(r.ID, work)
			switch {
			case work != "sanctions":
				d.finish(job, kycAnswers[work])
			case answer == nil:
				must[cases.ExecutionInput](d)(d.FailWork(t.Context(), job.Branch, "screen", work, job.Visit, cases.Failure{Error: "vendor_unavailable", Attempts: 1}))
			default:
				d.finish(job, answer)
			}
		}
	}
	return d, d.inState(r.ID, "review")
}

func TestHitsOfAFormerAnswerStayOpen(t *testing.T) {
	d, r := screenedAgain(t, twoHits())
	hits := d.hitsOfCase(r)
	if len(hits) != 2 || hits[0].ID != "sanctions.hits[0]" || hits[1].Value["name"] != "B" || hits[0].FormerSince.IsZero() || hits[0].Work != "sanctions" {
		t.Fatalf("hits %+v", hits)
	}
	approve := cases.DecideCommand{Event: "approve_unanswered", Reason: "checked_by_hand", Comment: "Looked up."}
	_, err := d.Decide(t.Context(), reviewer, r.ID, r.Version, approve)
	if got := places(wantCode(t, err, problem.Invalid)); !slices.Contains(got, "body.hits required") {
		t.Errorf("approved without an answer to them: %v", got)
	}
	d.verified(r.ID)

	d.store.alterRecord = func(r *cases.Record) { r.Former = nil }
	if report := d.verify(r.ID); report.Valid {
		t.Error("their removal from the record is not found")
	}
}

func TestANewAnswerEndsTheHitsOfTheFormerOne(t *testing.T) {
	for name, answer := range map[string]any{"none": noHits(), "does not tell": map[string]any{"status": "clear"}, "others": twoHits()} {
		t.Run(name, func(t *testing.T) {
			d, r := screenedAgain(t, map[string]any{"hits": []any{map[string]any{"name": "C"}}})
			undone := must[cases.Record](d)(d.Decide(t.Context(), reviewer, r.ID, r.Version, cases.DecideCommand{Event: "screen_again", Undo: 10e9}))
			if r = must[cases.Record](d)(d.Undo(t.Context(), reviewer, r.ID, undone.Version)); len(d.hitsOfCase(r)) != 1 {
				t.Fatal("undoing a decision has lost them")
			}
			d.decide(r, "screen_again")
			for _, work := range []string{"id_check", "identity"} {
				d.finish(d.work(r.ID, work), kycAnswers[work])
			}
			d.finish(d.work(r.ID, "sanctions"), answer)
			d.finish(d.work(r.ID, "risk"), kycAnswers["risk"])
			if got := d.get(r.ID).Former; got != nil {
				t.Errorf("former %+v", got)
			}
			for _, hit := range d.hitsOfCase(d.get(r.ID)) {
				if !hit.FormerSince.IsZero() {
					t.Errorf("hit %+v", hit)
				}
			}
			d.verified(r.ID)
		})
	}
}

func TestFormerHitsAreBoundedAndNoneIsForgotten(t *testing.T) {
	many := []any{}
	for n := range 300 {
		many = append(many, map[string]any{"name": fmt.Sprintf("%03d", n), "note": strings.Repeat("x", 400)})
	}
	d, r := screenedAgain(t, map[string]any{"hits": many})
	text, err := json.Marshal(r.Former)
	if err != nil || len(text) > 24<<10 || len(text) < 20<<10 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	hits := d.hitsOfCase(r)
	last := hits[len(hits)-1]
	want := cases.Hit{ID: fmt.Sprintf("sanctions.hits[%d..299]", len(hits)-1), Work: "sanctions", FormerSince: hits[0].FormerSince}
	if last.ID != want.ID || fmt.Sprint(last.Value["left_out"]) != fmt.Sprint(300-len(hits)+1) {
		t.Errorf("the last one is %+v, want %+v", last, want)
	}
	d.decide(r, "screen_again") // the record can still be written
}
