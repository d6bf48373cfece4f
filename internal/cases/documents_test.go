package cases_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
)

func announcement() cases.AnnounceCommand {
	return cases.AnnounceCommand{ID: "doc_1", Kind: "passport", ContentType: "image/png", Size: 10, SHA256: sum("a")}
}

func TestAnnouncementsAreChecked(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	for _, c := range []struct {
		name  string
		alter func(*cases.AnnounceCommand)
		want  []string
	}{
		{"all at once", func(a *cases.AnnounceCommand) {
			a.SHA256, a.Size, a.ContentType = "xyz", 0, "text/html"
			a.Properties = map[string]any{"number": "too long to be one", "owner": "x"}
		}, []string{"body.content_type unsupported", "body.properties.number max_length", "body.properties.owner unknown", "body.sha256 format", "body.size range"}},
		{"an unknown kind", func(a *cases.AnnounceCommand) { a.Kind = "diary" }, []string{"body.kind unknown"}},
		{"larger than the kind allows", func(a *cases.AnnounceCommand) { a.Size = 1001 }, []string{"body.size range"}},
		{"larger than any", func(a *cases.AnnounceCommand) { a.Kind, a.Side, a.Size = "licence", "front", cases.MaxDocumentBytes+1 }, []string{"body.size range"}},
		{"an unknown side", func(a *cases.AnnounceCommand) { a.Kind, a.Side = "licence", "inside" }, []string{"body.side unknown"}},
		{"a country that is not taken", func(a *cases.AnnounceCommand) {
			a.Kind, a.Properties = "card", map[string]any{"issuing_country": "FR", "country": "SE"}
		}, []string{"body.properties.issuing_country unsupported"}},
		{"a zone of such a country", func(a *cases.AnnounceCommand) {
			a.Kind, a.Properties = "card", map[string]any{"mrz": "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"}
		}, []string{"body.properties.mrz unsupported"}},
		{"no side of two", func(a *cases.AnnounceCommand) { a.Kind = "licence" }, []string{"body.side required"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := announcement()
			c.alter(&a)
			_, _, err := d.AnnounceDocument(t.Context(), client, r.ID, a)
			e := wantCode(t, err, problem.Invalid)
			if got := places(e); !sameLocations(got, c.want) {
				t.Errorf("places %v, want %v", got, c.want)
			}
			for _, value := range []string{"too long to be one", "xyz", "text/html", "diary"} {
				if strings.Contains(e.Error(), value) {
					t.Errorf("the error shows a rejected value: %v", e)
				}
			}
		})
	}
	if d.get(r.ID).Version != 1 {
		t.Error("something was written")
	}
}

// Countries are those that the kind names, as zones write them, too. A document without a country is not refused, nor is the applicant's nationality checked.
func TestDocumentsOfCountriesThatAreTakenAreAccepted(t *testing.T) {
	for name, properties := range map[string]map[string]any{
		"two letters": {"issuing_country": "SE"}, "three letters": {"country": "deu"}, "nothing": {}, "a nationality": {"nationality": "FR"},
		"a zone": {"mrz": "P<D<<MUSTER<<ANNA<<<<<<<<<<<<<<<<<<<<<<<<<<<\nC01X0006H1D<<6408125F2702283<<<<<<<<<<<<<<<6"},
	} {
		d := newDesk(t)
		a := announcement()
		a.Kind, a.Properties = "card", properties
		if _, _, err := d.AnnounceDocument(t.Context(), client, d.start().ID, a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sameLocations compares places without the codes of the context's schema, which are another package's.
func sameLocations(got, want []string) bool {
	strip := func(places []string) []string {
		var found []string
		for _, p := range places {
			location, _, _ := strings.Cut(p, " ")
			found = append(found, location)
		}
		return found
	}
	return slices.Equal(strip(got), strip(want))
}

func TestAnnouncingTwiceAnnouncesOnce(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	a := announcement()
	a.SHA256 = strings.ToUpper(a.SHA256)
	first, upload, err := d.AnnounceDocument(t.Context(), applicantOf(r.ID), r.ID, a)
	if err != nil || first.Key != "quarantine/demo/"+r.ID+"/doc_1" || first.SHA256 != sum("a") || upload.Headers["Content-Type"] != "image/png" {
		t.Fatalf("document %+v, upload %+v, %v", first, upload, err)
	}
	again, _, err := d.AnnounceDocument(t.Context(), applicantOf(r.ID), r.ID, a)
	if now := d.get(r.ID); err != nil || again.Key != first.Key || len(now.Documents) != 1 || now.Version != 2 {
		t.Errorf("version %d, %d documents, %v", now.Version, len(now.Documents), err)
	}
}

func TestCaseHasABoundedNumberOfDocuments(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	for i := range 100 {
		d.announce(r.ID, fmt.Sprint("doc_", i), "passport", "")
	}
	a := announcement()
	a.ID = "doc_100"
	_, _, err := d.AnnounceDocument(t.Context(), client, r.ID, a)
	if e := wantCode(t, err, problem.Invalid); !slices.Equal(places(e), []string{"body too_many"}) {
		t.Errorf("places %v", places(e))
	}
}

func TestArrivedBytesMustBeThoseAnnounced(t *testing.T) {
	for _, c := range []struct {
		name string
		info cases.ObjectInfo
		want cases.DocumentStatus
	}{
		{"as announced", cases.ObjectInfo{Size: 10, SHA256: sum("a")}, cases.DocumentReceived},
		{"without a checksum", cases.ObjectInfo{Size: 10}, cases.DocumentReceived},
		{"another size", cases.ObjectInfo{Size: 11, SHA256: sum("a")}, cases.DocumentRefused},
		{"other bytes", cases.ObjectInfo{Size: 10, SHA256: sum("b")}, cases.DocumentRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			r := d.start()
			doc := d.announce(r.ID, "doc_1", "passport", "")
			_, err := d.DocumentArrived(t.Context(), "demo", r.ID, "doc_1")
			wantCode(t, err, problem.NotFound) // nothing is there yet
			d.files.put(doc.Key, c.info)
			for range 2 {
				if now := must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, "doc_1")); now.Documents[0].Status != c.want || now.Version != 3 {
					t.Errorf("status %s, version %d", now.Documents[0].Status, now.Version)
				}
			}
			d.verified(r.ID)
		})
	}
}

func TestRefusedDocumentIsNeitherShownNorDecided(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	doc := d.announce(r.ID, "doc_1", "passport", "")
	d.files.put(doc.Key, cases.ObjectInfo{Size: 11})
	refused := must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, "doc_1"))
	_, err := d.DocumentLink(t.Context(), reviewer, r.ID, "doc_1")
	wantCode(t, err, problem.NotFound)
	_, err = d.DecideDocument(t.Context(), reviewer, r.ID, "doc_1", refused.Version, cases.DocumentDecisionCommand{Decision: "approved"})
	wantCode(t, err, problem.NotReady)
	_, err = d.DocumentLink(t.Context(), reviewer, r.ID, "doc_1")
	wantCode(t, err, problem.NotFound)
}

func TestGuardsSeeASummaryOfTheDocuments(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	submit := func() bool {
		t.Helper()
		view := must[cases.View](d)(d.View(t.Context(), reviewer, d.get(r.ID)))
		for _, next := range view.Next {
			if next.Event == "SUBMIT" {
				return next.Allowed
			}
		}
		t.Fatal("SUBMIT is not known")
		return false
	}
	if submit() {
		t.Error("nothing is there, but all is received")
	}
	doc := d.announce(r.ID, "doc_1", "passport", "")
	if submit() {
		t.Error("an announcement is no document")
	}
	d.files.put(doc.Key, cases.ObjectInfo{Size: 10})
	must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, "doc_1"))
	if !submit() {
		t.Error("the passport is there, but not all is received")
	}
	d.upload(r.ID, "doc_2", "licence", "front")
	if !submit() {
		t.Error("what is not required keeps the case back")
	}
	decide := func(document, decision string) cases.Record {
		return must[cases.Record](d)(d.DecideDocument(t.Context(), reviewer, r.ID, document, d.get(r.ID).Version, cases.DocumentDecisionCommand{Decision: decision, Reason: "r"}))
	}
	decide("doc_1", "revision")
	if submit() {
		t.Error("a page that is asked for again counts as there")
	}
	d.announce(r.ID, "doc_3", "passport", "")
	if submit() {
		t.Error("an old page stands for the newest one")
	}
	d.files.put("quarantine/demo/"+r.ID+"/doc_3", cases.ObjectInfo{Size: 10})
	must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, "doc_3"))
	if !submit() {
		t.Error("the newest page does not count")
	}
	d.verified(r.ID)
}

func TestReviewerDecidesDocumentsOnThePageTheyHaveSeen(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.announce(r.ID, "doc_0", "licence", "back")
	r = d.upload(r.ID, "doc_1", "passport", "")
	decide := func(document string, seen int, cmd cases.DocumentDecisionCommand) error {
		_, err := d.DecideDocument(t.Context(), reviewer, r.ID, document, seen, cmd)
		return err
	}
	approved := cases.DocumentDecisionCommand{Decision: "approved"}
	for _, c := range []struct {
		name, document string
		seen           int
		cmd            cases.DocumentDecisionCommand
		code           problem.Code
	}{
		{"without a version", "doc_1", 0, approved, problem.PreconditionRequired},
		{"on an old page", "doc_1", r.Version - 1, approved, problem.Stale},
		{"an unknown document", "doc_9", r.Version, approved, problem.NotFound},
		{"one that was not uploaded", "doc_0", r.Version, approved, problem.NotReady},
		{"an unknown decision", "doc_1", r.Version, cases.DocumentDecisionCommand{Decision: "perhaps"}, problem.Invalid},
		{"a rejection without a reason", "doc_1", r.Version, cases.DocumentDecisionCommand{Decision: "rejected"}, problem.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) { wantCode(t, decide(c.document, c.seen, c.cmd), c.code) })
	}
	if err := decide("doc_1", r.Version, cases.DocumentDecisionCommand{Decision: "rejected", Reason: "blurred", Comment: "cannot read it"}); err != nil {
		t.Fatal(err)
	}
	now := d.get(r.ID)
	decision := now.Documents[1].Decision
	if now.Documents[1].Status != cases.DocumentRejected || decision == nil || decision.Reason != "blurred" || decision.By.ID != "user_1" {
		t.Errorf("document %+v, decision %+v", now.Documents[1], decision)
	}
	if entry := d.store.last().Entry; entry.Cause != cases.CauseDocumentDecision || !slices.Equal(entry.Changed, []string{"documents"}) {
		t.Errorf("entry %+v", entry)
	}
	d.verified(r.ID)
}

func TestWorkKeepsWhatPeopleHaveDecidedOfDocuments(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.upload(r.ID, "doc_1", "passport", "")
	d.upload(r.ID, "doc_2", "licence", "front")
	moved := d.send(r.ID, "SUBMIT")
	job := d.begin(r.ID, "lookup")
	must[cases.Record](d)(d.DecideDocument(t.Context(), reviewer, r.ID, "doc_1", moved.Version, cases.DocumentDecisionCommand{Decision: "rejected", Reason: "r"}))
	found := slices.Clone(job.Record.Documents)
	for i := range found {
		found[i].Status, found[i].Key, found[i].Checks = cases.DocumentChecked, cases.KeptKey("demo", r.ID, found[i].ID), map[string]any{"type": "image/png"}
	}
	must[cases.ExecutionInput](d)(d.FinishWork(t.Context(), job, cases.Outcome{Payload: true, Documents: found, Run: d.runOf(job)}))
	now := d.get(r.ID)
	if now.Documents[0].Status != cases.DocumentRejected || now.Documents[1].Status != cases.DocumentChecked || now.Documents[0].Key != "documents/demo/"+r.ID+"/doc_1" {
		t.Errorf("documents %+v", now.Documents)
	}
	d.verified(r.ID)
}

func TestLookingAtADocumentIsInTheHistory(t *testing.T) {
	d := newDesk(t)
	r := d.start()
	d.announce(r.ID, "doc_1", "passport", "")
	_, err := d.DocumentLink(t.Context(), reviewer, r.ID, "doc_1")
	wantCode(t, err, problem.NotFound)
	d.files.put("quarantine/demo/"+r.ID+"/doc_1", cases.ObjectInfo{Size: 10, SHA256: sum("a")})
	must[cases.Record](d)(d.DocumentArrived(t.Context(), "demo", r.ID, "doc_1"))
	link := must[cases.Link](d)(d.DocumentLink(t.Context(), reviewer, r.ID, "doc_1"))
	entry := d.store.last().Entry
	if !strings.HasSuffix(link.URL, "doc_1") || entry.Cause != cases.CauseDocumentViewed || entry.Actor.ID != "user_1" {
		t.Errorf("link %v, entry %+v", link, entry)
	}
}

func TestKeysOfUploadsAreReadBack(t *testing.T) {
	tenant, id, document, ok := cases.ParseQuarantineKey("quarantine/demo/case_1/doc_1")
	if !ok || tenant != "demo" || id != "case_1" || document != "doc_1" {
		t.Errorf("%s, %s, %s, %v", tenant, id, document, ok)
	}
	for _, key := range []string{"", "documents/demo/case_1/doc_1", "quarantine/demo/case_1", "quarantine/a/b/c/d"} {
		if _, _, _, ok := cases.ParseQuarantineKey(key); ok {
			t.Errorf("%q was read as an upload's key", key)
		}
	}
}

const twoSided = `
id: licences
title: Both sides of a licence
subject: individual
documents:
  - {kind: licence, title: Driving licence, required: true, sides: [front, back]}
  - {kind: photo, title: Photograph, required: true, sides: [portrait]}
initial: collect
by: [applicant, client, reviewer]
states:
  collect:
    on:
      SUBMIT: {target: over, guard: documents.all_received}
      DECIDED: {target: over, guard: documents.all_decided}
      REDO: {target: over, guard: documents.any_revision}
      APPROVED: {target: over, guard: "documents.by_kind.licence == 'approved'"}
      REJECTED: {target: over, guard: "documents.by_kind.licence == 'rejected'"}
  over: {type: final}
`

func TestKindWithSidesNeedsEachOfThem(t *testing.T) {
	d := newDesk(t, twoSided)
	r := must[cases.Record](d)(d.Start(t.Context(), client, cases.StartCommand{Workflow: "licences", Subject: cases.SubjectInput{Type: "individual"}}))
	allowed := func() []string {
		t.Helper()
		names := []string{}
		for _, next := range must[cases.View](d)(d.View(t.Context(), reviewer, d.get(r.ID))).Next {
			if next.Allowed && next.Event != "DECIDED" {
				names = append(names, next.Event)
			}
		}
		return names
	}
	want := func(events ...string) {
		t.Helper()
		if got := allowed(); !slices.Equal(got, events) {
			t.Errorf("allowed %v, want %v", got, events)
		}
	}
	decide := func(document, decision string) {
		t.Helper()
		must[cases.Record](d)(d.DecideDocument(t.Context(), reviewer, r.ID, document, d.get(r.ID).Version, cases.DocumentDecisionCommand{Decision: decision, Reason: "r"}))
	}
	d.upload(r.ID, "doc_1", "licence", "front")
	d.upload(r.ID, "doc_2", "photo", "") // a kind with one side needs no side
	want()
	d.upload(r.ID, "doc_3", "licence", "back")
	want("SUBMIT")
	decide("doc_1", "approved")
	want("SUBMIT") // a kind is as far as its least page
	decide("doc_3", "approved")
	want("SUBMIT", "APPROVED")
	decide("doc_3", "rejected")
	want("SUBMIT", "REJECTED")
	decide("doc_3", "revision")
	want("REDO")
	d.verified(r.ID)
}
