package cases_test

import (
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
)

// Every way in which a case can go on by itself asks whether what was checked is still so.

const held = `
id: held
subject: individual
initial: check
states:
  check:
    invoke: {src: vendor, id: a, input: {plugin: p, with: {x: base.x}}}
    onDone: {guard: "base.ok == true && stale.any == false", target: passed}
  passed: {type: final}
`

func TestPuttingDataRightPassesNoCheckThatHadOtherData(t *testing.T) {
	d := newDesk(t, held)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{
		Workflow: "held", Subject: cases.SubjectInput{Type: "individual"}, Context: map[string]any{"base": map[string]any{"x": "0", "ok": false}},
	}))
	d.finish(d.begin(r.ID, "a"), map[string]any{"found": true})
	retry := func(base map[string]any) cases.Record {
		t.Helper()
		r = d.get(r.ID)
		if len(r.Incidents) != 1 || r.Incidents[0].Error != cases.IncidentStuck {
			t.Fatalf("incidents %+v", r.Incidents)
		}
		return must[cases.Record](d)(d.RetryIncident(t.Context(), reviewer, r.ID, r.Incidents[0].ID, map[string]any{"base": base}))
	}
	r = retry(map[string]any{"x": "1", "ok": true})
	wantState(t, r, "check")
	wantStale(t, r, "a")
	r = retry(map[string]any{"x": "0"}) // it is what was checked
	wantState(t, r, "passed")
	wantStale(t, r)
	d.verified(r.ID)
}

func TestTheShippedWorkflowNeverApprovesStaleData(t *testing.T) {
	works := []string{"id_check", "identity", "sanctions", "risk"}
	answer := func(work string) any {
		if work == "risk" {
			return map[string]any{"policy": "kyc-risk", "outcome": "approve", "score": 5.0, "severity": "low"}
		}
		return kycAnswers[work]
	}
	for _, changes := range []string{"never", "id_check", "identity", "sanctions", "risk"} {
		t.Run("data changes during "+changes, func(t *testing.T) {
			d, r := kycScreened(t)
			r = d.decide(r, "screen_again")
			for _, work := range works {
				job := d.work(r.ID, work)
				if work == changes {
					d.correct(r.ID, person("Ada", "Byron"))
				}
				d.finish(job, answer(work))
			}
			if changes == "never" {
				wantStale(t, d.inState(r.ID, "approved"))
				return
			}
			if r = d.inState(r.ID, "review"); !slices.Contains(r.Stale, changes) {
				t.Errorf("stale: %v", r.Stale)
			}
			d.verified(r.ID)
		})
	}
}

const read1 = `
id: moving
version: 1
subject: individual
initial: check
by: [client, reviewer]
states:
  check:
    invoke: {src: vendor, id: a, input: {plugin: p, with: {x: base.x}}}
    onDone: review
  review:
    tags: [manual_review]
    on: {pass: {target: done, guard: "stale.any == false"}}
  done: {type: final}
`

func TestAMigrationJudgesByWhatTheNewVersionReads(t *testing.T) {
	second := func(replace ...string) string {
		return strings.NewReplacer(append([]string{"version: 1", "version: 2"}, replace...)...).Replace(read1)
	}
	for _, c := range []struct {
		name, second string
		changed      bool // the data, before the migration
		want         []string
	}{
		{"as before", second(), false, nil},
		{"as before, of data that has changed", second(), true, []string{"a"}},
		{"other data", second("x: base.x", "x: base.y"), false, []string{"a"}},
		{"more data", second("{x: base.x}", "{x: base.x, y: base.y}"), false, []string{"a"}},
		{"what has changed is not read any more", second("x: base.x", "x: base.y"), true, []string{"a"}},
		{"the work is gone", second("id: a,", "id: b,"), true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, c.second, read1)
			r := d.startMoving(map[string]any{"base": map[string]any{"x": "0", "y": "5"}})
			d.finish(d.begin(r.ID, "a"), map[string]any{"found": true})
			if c.changed {
				must[cases.Record](d)(d.SaveContext(t.Context(), reviewer, r.ID, map[string]any{"base": map[string]any{"x": "1"}}))
			}
			if one := d.migrate(cases.MigrateCommand{})[r.ID]; one.Outcome != cases.Moved {
				t.Fatalf("%+v", one)
			}
			wantStale(t, d.get(r.ID), c.want...)
			d.verified(r.ID)
		})
	}
}
