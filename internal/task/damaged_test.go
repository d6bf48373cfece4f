package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/docscan/zone"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// damagedPapers have bytes that are not what was uploaded, for so many reads of each.
type damagedPapers struct {
	*papers
	reads int
}

func (p *damagedPapers) Read(ctx context.Context, key string, most int64) ([]byte, error) {
	if p.reads--; p.reads >= 0 {
		return nil, problem.New(problem.DocumentDamaged, "The stored object %s is damaged.", key)
	}
	return p.papers.Read(ctx, key, most)
}

func TestADamagedDocumentWaitsForAPersonWhoHasAWayOn(t *testing.T) {
	const forGood = 1000
	for name, one := range map[string]struct {
		reads int
		mends func(r *room, files *damagedPapers)
		kept  cases.DocumentStatus // the document's status in the end
	}{
		"a fault that passes": {reads: 2, kept: cases.DocumentChecked},
		"it is restored":      {reads: forGood, mends: func(_ *room, files *damagedPapers) { files.reads = 0 }, kept: cases.DocumentChecked},
		"it is asked for again": {reads: forGood, mends: func(r *room, _ *damagedPapers) {
			rita := identity.Principal{Tenant: r.tenant, Kind: identity.User, ID: "rita", Roles: []string{"reviewer"}}
			record, err := r.beneath.Get(t.Context(), r.tenant, r.id)
			if err == nil {
				_, err = r.core.Cases.DecideDocument(t.Context(), rita, r.id, "doc_1", record.Version, cases.DocumentDecisionCommand{Decision: "revision", Reason: "other"})
			}
			if err != nil {
				t.Fatal(err)
			}
		}, kept: cases.DocumentRevision},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, openFile(t), "http://127.0.0.1:1", "t")
			files := &damagedPapers{papers: r.files, reads: one.reads}
			core, err := app.New(app.Parts{
				LookAgain: time.Hour, Store: r.beneath, Webhooks: openFile(t).Webhooks(), Executions: r.exec, Objects: files, Definitions: definitions,
				SigningSecrets: [][]byte{bytes.Repeat([]byte{7}, 32)}, PublicURL: "http://localhost", Now: r.clock.now, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			r.core = core
			jobs["document"].prepare(r)
			files.reads = one.reads
			check := func() error {
				_, err := r.core.Document(zone.Read)(t.Context(), jobs["document"].payload(r))
				return err
			}
			err = check()
			if one.mends != nil {
				if problem.CodeOf(err) != problem.DocumentDamaged || problem.CodeOf(err).Retryable() || forGood-files.reads != 3 {
					t.Fatalf("%v after %d reads", err, forGood-files.reads)
				}
				before, err2 := r.beneath.Get(t.Context(), r.tenant, r.id)
				if err2 != nil {
					t.Fatal(err2)
				}
				r.visit = before.Snapshot.Active[len(before.Snapshot.Active)-1].Visit
				text, _ := json.Marshal(map[string]string{"errorMessage": err.Error()})
				payload := r.request(map[string]any{"action": "fail", "state": "look", "work": "papers", "error": map[string]any{"Error": "document_damaged", "Cause": string(text)}})
				if _, err := r.core.Step()(t.Context(), payload); err != nil {
					t.Fatal(err)
				}
				record, err := r.beneath.Get(t.Context(), r.tenant, r.id)
				if err != nil || len(record.Incidents) != 1 {
					t.Fatalf("%v %+v", err, record.Incidents)
				}
				incident := record.Incidents[0]
				for _, part := range []string{"doc_1 (passport)", "backup", "revision", "retry"} {
					if incident.Error != "document_damaged" || !strings.Contains(incident.Cause, part) {
						t.Errorf("the incident does not name %q: %s: %s", part, incident.Error, incident.Cause)
					}
				}
				one.mends(r, files)
				if _, err := r.core.Cases.RetryIncident(t.Context(), r.principal(), r.id, incident.ID, nil); err != nil {
					t.Fatal(err)
				}
				err = check()
				if err != nil {
					t.Fatal("after it was mended:", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			record, err := r.beneath.Get(t.Context(), r.tenant, r.id)
			if err != nil || record.Snapshot.Active[len(record.Snapshot.Active)-1].State != "review" || len(record.Incidents) != 0 || record.Documents[0].Status != one.kept {
				t.Errorf("%v: %+v, document %s, incidents %+v", err, record.Snapshot.Active, record.Documents[0].Status, record.Incidents)
			}
		})
	}
}

// TestASwappedDocumentIsNotChecked: another picture, whole and in the document's place, is not what was uploaded.
func TestASwappedDocumentIsNotChecked(t *testing.T) {
	for name, swap := range map[string]func(text []byte) []byte{
		"of the same size": func(text []byte) []byte { text[len(text)-1] ^= 1; return text },
		"longer":           func(text []byte) []byte { return append(text, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoom(t, openFile(t), "http://127.0.0.1:1", "t")
			jobs["document"].prepare(r)
			for key, text := range r.files.there {
				r.files.there[key] = swap(bytes.Clone(text))
			}
			_, err := jobs["document"].handler(r)(t.Context(), jobs["document"].payload(r))
			if problem.CodeOf(err) != problem.DocumentDamaged || r.document().Status == cases.DocumentChecked {
				t.Errorf("%v: %s", err, r.document().Status)
			}
		})
	}
}
