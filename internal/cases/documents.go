package cases

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ballerine/internal/country"
	"ballerine/internal/docscan"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/statechart"
	"ballerine/internal/workflow"
)

// Limits of documents.
const (
	maxDocumentCount = 100      // a case
	MaxDocumentBytes = 25 << 20 // a document, unless its kind allows less
)

// AnnounceCommand states what will be uploaded, exactly.
type AnnounceCommand struct {
	ID          string // reserved by the caller so that a retry announces nothing twice; "" makes one
	Kind        string
	Side        string
	ContentType string
	Size        int64
	SHA256      string // hex
	Properties  map[string]any
}

// AnnounceDocument adds a document to a case and returns the one upload that it allows. Errors: NotFound, Invalid (all
// places at once), NotCollecting, CaseClosed, Conflict.
func (s *Service) AnnounceDocument(ctx context.Context, p identity.Principal, id string, cmd AnnounceCommand) (Document, Upload, error) {
	if err := sees(p, id); err != nil {
		return Document{}, Upload{}, err
	}
	if cmd.ID == "" {
		cmd.ID = s.NewID("doc")
	}
	cmd.SHA256 = strings.ToLower(cmd.SHA256)
	var document Document
	_, err := s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		if at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == cmd.ID }); at >= 0 {
			document, d.unchanged = d.record.Documents[at], true
			return nil
		}
		if err := d.open(); err != nil {
			return err
		}
		if err := d.collects(p); err != nil {
			return err
		}
		if err := checkAnnounced(d, cmd); err != nil {
			return err
		}
		if err := d.standsIn(p); err != nil {
			return err
		}
		document = Document{
			ID: cmd.ID, Kind: cmd.Kind, Side: cmd.Side, ContentType: cmd.ContentType, Size: cmd.Size, SHA256: cmd.SHA256,
			Key: QuarantineKey(p.Tenant, id, cmd.ID), Status: DocumentAwaitingUpload, Properties: cmd.Properties, CreatedAt: d.now, UpdatedAt: d.now,
			By: string(p.Kind), As: d.entry.Actor.As, UploadUntil: d.now.Add(s.UploadExpiry),
		}
		d.record.Documents = append(slices.Clone(d.record.Documents), document)
		if err := d.announceable(document); err != nil {
			return err
		}
		d.entry.Cause = CauseDocument
		d.member(memberDocuments)
		d.detail("document", map[string]any{"id": document.ID, "kind": document.Kind, "side": document.Side, "status": document.Status})
		return nil
	})
	if err != nil {
		return Document{}, Upload{}, err
	}
	upload, err := s.Objects.PresignPut(ctx, document.Key, document.ContentType, document.Size, document.SHA256, s.UploadExpiry)
	return document, upload, err
}

// announceable refuses a document whose properties are too large, or for which the case has no room. Errors: TooLarge.
func (d *draft) announceable(document Document) error {
	e := problem.New(problem.TooLarge, "The document cannot be accepted.")
	tooLarge(e, "body.properties", document.Properties, maxProperties, "properties are short: numbers, dates, names")
	tooLarge(e, "body", d.record.Documents, maxAnnounced, "the documents of the case have too many properties; shorten those of this one")
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

// checkIssuer refuses a document that is declared to be issued by a country which the kind does not accept. A document
// without a declared issuer is not refused: all of this is declared, and a vendor or a person finds out what is true.
func checkIssuer(e *problem.Error, kind workflow.DocumentKind, properties map[string]any) {
	if len(kind.Countries) == 0 {
		return
	}
	stated := map[string]string{}
	for _, name := range issuers {
		if text, _ := properties[name].(string); name != "nationality" {
			stated[name] = text
		}
	}
	zone, _ := properties["mrz"].(string)
	if read, err := docscan.ReadMRZ(zone); err == nil {
		stated["mrz"] = read.IssuingState
	}
	for _, name := range slices.Sorted(maps.Keys(stated)) {
		taken := func(code string) bool { return country.Three(code) == country.Three(stated[name]) }
		if stated[name] != "" && !slices.ContainsFunc(kind.Countries, taken) {
			e.With("body.properties."+name, "unsupported", "documents of this kind are accepted from: %s", strings.Join(kind.Countries, ", "))
		}
	}
}

// checkAnnounced finds everything that is wrong with an announcement.
func checkAnnounced(d *draft, cmd AnnounceCommand) error {
	e := problem.New(problem.Invalid, "The document cannot be accepted.")
	checkVisible(e, "body.properties", cmd.Properties)
	if len(d.record.Documents) >= maxDocumentCount {
		e.With("body", "too_many", "a case can have at most %d documents", maxDocumentCount)
	}
	if sum, err := hex.DecodeString(cmd.SHA256); err != nil || len(sum) != 32 {
		e.With("body.sha256", "format", "the SHA-256 of the file must have 64 hexadecimal digits")
	}
	kind, ok := kindOf(d.workflow, cmd.Kind)
	if !ok {
		e.With("body.kind", "unknown", "the workflow collects: %s", strings.Join(kindNames(d.workflow), ", "))
		return e
	}
	limit := int64(MaxDocumentBytes)
	if kind.MaxSize > 0 {
		limit = min(limit, kind.MaxSize)
	}
	if cmd.Size < 1 || cmd.Size > limit {
		e.With("body.size", "range", "a document must have 1 to %d bytes", limit)
	}
	if len(kind.ContentTypes) > 0 && !slices.Contains(kind.ContentTypes, cmd.ContentType) {
		e.With("body.content_type", "unsupported", "allowed: %s", strings.Join(kind.ContentTypes, ", "))
	}
	switch {
	case len(kind.Sides) > 1 && cmd.Side == "":
		e.With("body.side", "required", "choose one of: %s", strings.Join(kind.Sides, ", "))
	case len(kind.Sides) > 0 && cmd.Side != "" && !slices.Contains(kind.Sides, cmd.Side):
		e.With("body.side", "unknown", "allowed: %s", strings.Join(kind.Sides, ", "))
	}
	checkIssuer(e, kind, cmd.Properties)
	var invalid *problem.Error
	if err := kind.CheckProperties(cmd.Properties); errors.As(err, &invalid) {
		for _, f := range invalid.Fields {
			e.With("body."+f.Location, f.Code, "%s", f.Message)
		}
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func kindOf(wf *workflow.Workflow, name string) (workflow.DocumentKind, bool) {
	for _, kind := range wf.Documents {
		if kind.Kind == name {
			return kind, true
		}
	}
	return workflow.DocumentKind{}, false
}

func kindNames(wf *workflow.Workflow) []string {
	var names []string
	for _, kind := range wf.Documents {
		names = append(names, kind.Kind)
	}
	return names
}

// QuarantineKey is where announced bytes are uploaded to. Uploads that are not taken over expire there. All its parts are ids.
func QuarantineKey(tenant, id, document string) string {
	return fmt.Sprintf("quarantine/%s/%s/%s", tenant, id, document)
}

// KeptKey is where the bytes of a received document are stored.
func KeptKey(tenant, id, document string) string {
	return fmt.Sprintf("documents/%s/%s/%s", tenant, id, document)
}

// ParseQuarantineKey reads back what AnnounceDocument has put into an upload's key.
func ParseQuarantineKey(key string) (tenant, id, document string, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 4 || parts[0] != "quarantine" {
		return "", "", "", false
	}
	return parts[1], parts[2], parts[3], true
}

// DocumentArrived records that the announced bytes have arrived, and keeps them: what was received does not expire with
// the uploads that never came. A repeated notice changes nothing, and neither does an upload that arrives when the case
// no longer waits for it: it is treated as if it had not arrived. Errors: NotFound, Conflict, Unavailable.
func (s *Service) DocumentArrived(ctx context.Context, tenant, id, document string) (Record, error) {
	late, kept, doc := false, false, Document{}
	record, err := s.apply(ctx, tenant, id, Actor{Kind: string(identity.System), ID: "upload"}, func(d *draft) error {
		late, kept = false, false
		at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == document })
		if at < 0 {
			return problem.New(problem.NotFound, "There is no such document.")
		}
		doc = d.record.Documents[at]
		if late = doc.Status == DocumentAwaitingUpload && !d.takes(doc); late || doc.Status != DocumentAwaitingUpload {
			d.unchanged = true
			return nil
		}
		found, there, err := s.arrival(ctx, tenant, id, doc)
		if err == nil && !there {
			err = problem.New(problem.NotFound, "The upload does not exist.")
		}
		if err == nil {
			_, err = s.KeepUpload(ctx, tenant, id, document)
		}
		if err != nil {
			return err
		}
		d.putDocument(at, found, "received")
		kept = true
		return nil
	})
	if err != nil || late || kept && s.Now().Before(doc.UploadUntil) {
		return record, err
	}
	_, err = s.settleUpload(ctx, tenant, id, doc)
	return record, err
}

// takes reports whether the bytes of an announced document may still arrive: while the case waits for data of whoever
// announced it, as for the announcement itself. A link that is still valid reopens nothing that is closed.
func (d *draft) takes(doc Document) bool {
	turn := map[string]statechart.Audience{
		string(identity.Applicant): statechart.Applicant, string(identity.Client): statechart.Client, "": statechart.Applicant | statechart.Client,
	}
	limited, bound := turn[cmp.Or(doc.As, doc.By)]
	return d.record.Status == StatusActive && (!bound || d.workflow.Chart.Turn(d.record.Snapshot)&limited != 0)
}

func (d *draft) putDocument(at int, doc Document, what string) {
	doc.UpdatedAt = d.now
	d.record.Documents = slices.Clone(d.record.Documents)
	d.record.Documents[at] = doc
	d.entry.Cause = CauseDocument
	d.member(memberDocuments)
	d.detail("document", map[string]any{"id": doc.ID, "kind": doc.Kind, "side": doc.Side, "status": doc.Status, "what": what})
}

// DocumentDecisionCommand is what a reviewer decides about a document.
type DocumentDecisionCommand struct {
	ID       string
	Decision string // approved | rejected | revision
	Reason   string // a code; required unless approved
	Comment  string

	OnBehalfOf string        // the person for whom a key decides
	Undo       time.Duration // how long the decision can be undone; for one that is sent with the case's decision, that one's time counts
}

var documentDecisions = map[string]DocumentStatus{"approved": DocumentApproved, "rejected": DocumentRejected, "revision": DocumentRevision}

// check adds what is wrong with the command itself.
func (c DocumentDecisionCommand) check(e *problem.Error, location string) {
	status, ok := documentDecisions[c.Decision]
	if !ok {
		e.With(location+".decision", "enum", "a decision must be approved, rejected or revision")
	} else if status != DocumentApproved && c.Reason == "" {
		e.With(location+".reason", "required", "a reason is required")
	}
	checkProse(e, location+".reason", c.Reason)
	checkProse(e, location+".comment", c.Comment)
}

// DecideDocument decides one document on the version of the case that the reviewer has seen. Errors: NotFound, Invalid,
// CaseClosed, NotReady, PreconditionRequired, Stale, Conflict.
func (s *Service) DecideDocument(ctx context.Context, p identity.Principal, id, document string, seen int, cmd DocumentDecisionCommand) (Record, error) {
	cmd.ID = document
	e := problem.New(problem.Invalid, "The decision is not complete.")
	checkUndo(e, cmd.Undo)
	if cmd.check(e, "body"); len(e.Fields) > 0 {
		return Record{}, e
	}
	return s.onSeen(ctx, p, id, seen, func(d *draft) error {
		if err := d.open(); err != nil {
			return err
		}
		if err := d.decider(p, cmd.OnBehalfOf, cmd.Reason); err != nil {
			return err
		}
		if err := s.othersApproveDocuments(ctx, d, cmd); err != nil {
			return err
		}
		if err := d.decideDocument(cmd); err != nil {
			return err
		}
		d.entry.Cause = CauseDocumentDecision
		d.detail("decision", cmd.Decision)
		d.detail("reason", cmd.Reason)
		d.detail("comment", cmd.Comment)
		return nil
	})
}

// othersApproveDocuments refuses to approve documents to whoever has supplied data or documents of the case. Errors: FourEyes,
// Unavailable.
func (s *Service) othersApproveDocuments(ctx context.Context, d *draft, commands ...DocumentDecisionCommand) error {
	if !slices.ContainsFunc(commands, func(c DocumentDecisionCommand) bool { return documentDecisions[c.Decision] == DocumentApproved }) {
		return nil
	}
	return s.notSuppliers(ctx, d, "Another person must approve the document: you have supplied data or documents of this case.")
}

// decideDocument puts a decision into the record. Errors: NotFound, NotReady.
func (d *draft) decideDocument(cmd DocumentDecisionCommand) error {
	at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == cmd.ID })
	if at < 0 {
		return problem.New(problem.NotFound, "There is no such document.")
	}
	doc := d.record.Documents[at]
	switch doc.Status {
	case DocumentAwaitingUpload:
		return problem.New(problem.NotReady, "The document has not been uploaded yet.")
	case DocumentRefused: // approving it would show what must not be shown
		return problem.New(problem.NotReady, "The uploaded file is not the announced one, so it cannot be decided.")
	}
	doc.Status = documentDecisions[cmd.Decision]
	doc.Decision = &DocumentDecision{Decision: cmd.Decision, Reason: cmd.Reason, Comment: cmd.Comment, By: d.entry.Actor, At: d.now}
	d.revocableDocument(d.record.Documents[at], cmd.Undo)
	d.putDocument(at, doc, "decided")
	return nil
}

// Link is where a document's bytes can be read for a while.
type Link struct {
	URL         string    `json:"url"`
	ExpiresAt   time.Time `json:"expires_at"`
	ContentType string    `json:"content_type"`
}

// DocumentLink returns a short-lived link to a document's bytes, which are verified first: bytes that are not what was
// uploaded are never served. The view is recorded in the history. Errors: NotFound, DocumentDamaged.
func (s *Service) DocumentLink(ctx context.Context, p identity.Principal, id, document string) (Link, error) {
	if err := sees(p, id); err != nil {
		return Link{}, err
	}
	var doc Document
	var key, version string
	_, err := s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == document })
		if at < 0 || d.record.Documents[at].Status == DocumentAwaitingUpload || d.record.Documents[at].Status == DocumentRefused {
			return problem.New(problem.NotFound, "There is no such document.")
		}
		doc = d.record.Documents[at]
		d.entry.Cause = CauseDocumentViewed
		d.detail("document", map[string]any{"id": doc.ID})
		var err error
		key, version, err = s.reachable(ctx, p, id, doc)
		return err
	})
	if err != nil {
		return Link{}, err
	}
	url, err := s.Objects.PresignGet(ctx, key, version, doc.ContentType, doc.ID, s.LinkExpiry)
	return Link{URL: url, ExpiresAt: s.Now().UTC().Add(s.LinkExpiry), ContentType: doc.ContentType}, err
}

// extra are the fields that guards see beside the context: a summary of the documents, of each kind and side only the
// newest, and which checks are stale.
func (d *draft) extra() map[string]any { return extraOf(d.workflow, d.record, d.now) }

// DocumentSummary is what guards read as documents of a case that has these, in the order in which they were announced.
func DocumentSummary(wf *workflow.Workflow, documents []Document) any {
	return extraOf(wf, Record{Documents: documents}, time.Time{})["documents"]
}

// extraOf is extra of a record at a time. A document that was announced and not uploaded while its link was valid counts
// as if it had never been announced: it neither blocks a case nor replaces what was received before.
func extraOf(wf *workflow.Workflow, record Record, now time.Time) map[string]any {
	newest := map[string]Document{}
	for _, doc := range record.Documents {
		if doc.Status != DocumentAwaitingUpload || doc.awaited(now) {
			newest[doc.Kind+"/"+doc.Side] = doc
		}
	}
	byKind := map[string]any{}
	allReceived, allDecided, anyRejected, anyRevision := true, true, false, false
	for _, doc := range newest {
		if old, ok := byKind[doc.Kind].(string); !ok || rank(doc.Status) < rank(DocumentStatus(old)) {
			byKind[doc.Kind] = string(doc.Status)
		}
		allReceived = allReceived && doc.Status != DocumentAwaitingUpload && doc.Status != DocumentRefused
		allDecided = allDecided && doc.Decision != nil
		anyRejected = anyRejected || doc.Status == DocumentRejected
		anyRevision = anyRevision || doc.Status == DocumentRevision
	}
	missing := []any{}
	for _, kind := range wf.Documents {
		if kind.Required && !complete(kind, newest) {
			missing = append(missing, kind.Kind)
		}
	}
	extra := map[string]any{"documents": map[string]any{
		"count": float64(len(newest)), "missing": missing, "by_kind": byKind, "all_received": allReceived && len(missing) == 0,
		"all_decided": allDecided, "any_rejected": anyRejected, "any_revision": anyRevision,
	}}
	if marks := marksOf(wf, record.Stale); marks != nil {
		extra["stale"] = marks
	}
	return extra
}

// complete reports whether a kind has been uploaded, every side of it that it must have.
func complete(kind workflow.DocumentKind, newest map[string]Document) bool {
	there := func(side string) bool {
		doc, ok := newest[kind.Kind+"/"+side]
		return ok && doc.Status != DocumentAwaitingUpload && doc.Status != DocumentRefused && doc.Status != DocumentRevision
	}
	if len(kind.Sides) == 0 { // one document of the kind is enough, whatever side it is declared to be
		for _, doc := range newest {
			if doc.Kind == kind.Kind && there(doc.Side) {
				return true
			}
		}
		return false
	}
	for _, side := range kind.Sides {
		if !there(side) && (len(kind.Sides) > 1 || !there("")) {
			return false
		}
	}
	return true
}

// rank orders statuses from what needs most attention to what needs least.
func rank(s DocumentStatus) int {
	return slices.Index([]DocumentStatus{
		DocumentAwaitingUpload, DocumentRefused, DocumentRejected, DocumentRevision, DocumentReceived, DocumentChecked, DocumentApproved,
	}, s)
}
