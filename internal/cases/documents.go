package cases

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/workflow"
)

// Limits of documents.
const (
	maxDocuments     = 100      // a case
	MaxDocumentBytes = 25 << 20 // a document, unless its kind allows less
)

// AnnounceCommand says what will be uploaded, exactly.
type AnnounceCommand struct {
	ID          string // reserved by the caller so that a retry announces nothing twice; "" makes one
	Kind        string
	Side        string
	ContentType string
	Size        int64
	SHA256      string // hex
	Properties  map[string]any
}

// AnnounceDocument adds a document to a case and gives the one upload that it allows. Errors: NotFound, Invalid (all
// places at once), CaseClosed, Conflict.
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
			document, d.nothing = d.record.Documents[at], true
			return nil
		}
		if err := d.open(); err != nil {
			return err
		}
		if err := checkAnnounced(d, cmd); err != nil {
			return err
		}
		document = Document{
			ID: cmd.ID, Kind: cmd.Kind, Side: cmd.Side, ContentType: cmd.ContentType, Size: cmd.Size, SHA256: cmd.SHA256,
			Key: quarantineKey(p.Tenant, id, cmd.ID), Status: DocumentAwaitingUpload, Properties: cmd.Properties, CreatedAt: d.now, UpdatedAt: d.now,
		}
		d.record.Documents = append(slices.Clone(d.record.Documents), document)
		d.entry.Cause = CauseDocument
		d.changed("documents")
		d.detail("document", map[string]any{"id": document.ID, "kind": document.Kind, "side": document.Side, "status": document.Status})
		return nil
	})
	if err != nil {
		return Document{}, Upload{}, err
	}
	upload, err := s.Objects.PresignPut(ctx, document.Key, document.ContentType, document.Size, document.SHA256, s.UploadExpiry)
	return document, upload, err
}

// checkAnnounced finds everything that is wrong with an announcement.
func checkAnnounced(d *draft, cmd AnnounceCommand) error {
	e := problem.New(problem.Invalid, "The document cannot be taken.")
	if len(d.record.Documents) >= maxDocuments {
		e.With("body", "too_many", "a case has at most %d documents", maxDocuments)
	}
	if sum, err := hex.DecodeString(cmd.SHA256); err != nil || len(sum) != 32 {
		e.With("body.sha256", "format", "the SHA-256 of the file has 64 hexadecimal digits")
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
		e.With("body.size", "range", "a document has 1 to %d bytes", limit)
	}
	if len(kind.ContentTypes) > 0 && !slices.Contains(kind.ContentTypes, cmd.ContentType) {
		e.With("body.content_type", "unsupported", "allowed: %s", strings.Join(kind.ContentTypes, ", "))
	}
	switch {
	case len(kind.Sides) > 1 && cmd.Side == "":
		e.With("body.side", "required", "say which of: %s", strings.Join(kind.Sides, ", "))
	case len(kind.Sides) > 0 && cmd.Side != "" && !slices.Contains(kind.Sides, cmd.Side):
		e.With("body.side", "unknown", "allowed: %s", strings.Join(kind.Sides, ", "))
	}
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

// quarantineKey is where bytes lie until they are checked. All its parts are ids.
func quarantineKey(tenant, id, document string) string {
	return fmt.Sprintf("quarantine/%s/%s/%s", tenant, id, document)
}

// KeptKey is where the bytes of a checked document lie.
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

// DocumentArrived notes that the announced bytes are there. Hearing of it twice changes nothing. Errors: NotFound, Conflict.
func (s *Service) DocumentArrived(ctx context.Context, tenant, id, document string) (Record, error) {
	return s.apply(ctx, tenant, id, Actor{Kind: string(identity.System), ID: "upload"}, func(d *draft) error {
		at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == document })
		if at < 0 {
			return problem.New(problem.NotFound, "There is no such document.")
		}
		doc := d.record.Documents[at]
		if doc.Status != DocumentAwaitingUpload {
			d.nothing = true
			return nil
		}
		info, err := s.Objects.Head(ctx, doc.Key)
		if err != nil {
			return err
		}
		doc.Status = DocumentReceived
		if info.Size != doc.Size || (info.SHA256 != "" && info.SHA256 != doc.SHA256) {
			doc.Status = DocumentRefused
		}
		d.putDocument(at, doc, "received")
		return nil
	})
}

func (d *draft) putDocument(at int, doc Document, what string) {
	doc.UpdatedAt = d.now
	d.record.Documents = slices.Clone(d.record.Documents)
	d.record.Documents[at] = doc
	d.entry.Cause = CauseDocument
	d.changed("documents")
	d.detail("document", map[string]any{"id": doc.ID, "kind": doc.Kind, "side": doc.Side, "status": doc.Status, "what": what})
}

// DocumentDecisionCommand is what a reviewer decides about a document.
type DocumentDecisionCommand struct {
	ID       string
	Decision string // approved | rejected | revision
	Reason   string // a code; required unless approved
	Comment  string
}

var documentDecisions = map[string]DocumentStatus{"approved": DocumentApproved, "rejected": DocumentRejected, "revision": DocumentRevision}

// check adds what is wrong with the command itself.
func (c DocumentDecisionCommand) check(e *problem.Error, location string) {
	status, ok := documentDecisions[c.Decision]
	if !ok {
		e.With(location+".decision", "enum", "a decision is approved, rejected or revision")
	} else if status != DocumentApproved && c.Reason == "" {
		e.With(location+".reason", "required", "say why")
	}
}

// DecideDocument decides one document on the version of the case that the reviewer has seen. Errors: NotFound, Invalid,
// CaseClosed, NotReady, PreconditionRequired, Stale, Conflict.
func (s *Service) DecideDocument(ctx context.Context, p identity.Principal, id, document string, seen int, cmd DocumentDecisionCommand) (Record, error) {
	cmd.ID = document
	e := problem.New(problem.Invalid, "The decision is not complete.")
	if cmd.check(e, "body"); len(e.Fields) > 0 {
		return Record{}, e
	}
	return s.onSeen(ctx, p, id, seen, func(d *draft) error {
		if err := d.open(); err != nil {
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
	case DocumentRefused: // approving it would show what nobody may see
		return problem.New(problem.NotReady, "What was uploaded is not what was announced: it cannot be decided.")
	}
	doc.Status = documentDecisions[cmd.Decision]
	doc.Decision = &DocumentDecision{Decision: cmd.Decision, Reason: cmd.Reason, Comment: cmd.Comment, By: d.entry.Actor, At: d.now}
	d.putDocument(at, doc, "decided")
	return nil
}

// Link is where a document's bytes can be read for a while.
type Link struct {
	URL         string    `json:"url"`
	ExpiresAt   time.Time `json:"expires_at"`
	ContentType string    `json:"content_type"`
}

// DocumentLink gives a short-lived link to a document's bytes; the look is in the history. Errors: NotFound.
func (s *Service) DocumentLink(ctx context.Context, p identity.Principal, id, document string) (Link, error) {
	if err := sees(p, id); err != nil {
		return Link{}, err
	}
	var doc Document
	_, err := s.apply(ctx, p.Tenant, id, actorOf(p), func(d *draft) error {
		at := slices.IndexFunc(d.record.Documents, func(x Document) bool { return x.ID == document })
		if at < 0 || d.record.Documents[at].Status == DocumentAwaitingUpload || d.record.Documents[at].Status == DocumentRefused {
			return problem.New(problem.NotFound, "There is no such document to look at.")
		}
		doc = d.record.Documents[at]
		d.entry.Cause = CauseDocumentViewed
		d.detail("document", map[string]any{"id": doc.ID})
		return nil
	})
	if err != nil {
		return Link{}, err
	}
	url, err := s.Objects.PresignGet(ctx, doc.Key, doc.ContentType, doc.ID, s.LinkExpiry)
	return Link{URL: url, ExpiresAt: s.Now().UTC().Add(s.LinkExpiry), ContentType: doc.ContentType}, err
}

// extra are the fields that guards see beside the context: a summary of the documents. Of each kind and side only the
// newest counts.
func (d *draft) extra() map[string]any { return extraOf(d.workflow, d.record) }

func extraOf(wf *workflow.Workflow, record Record) map[string]any {
	newest := map[string]Document{}
	for _, doc := range record.Documents {
		newest[doc.Kind+"/"+doc.Side] = doc
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
	return map[string]any{"documents": map[string]any{
		"count": float64(len(newest)), "missing": missing, "by_kind": byKind, "all_received": allReceived && len(missing) == 0,
		"all_decided": allDecided, "any_rejected": anyRejected, "any_revision": anyRevision,
	}}
}

// complete says whether a kind has been uploaded, every side of it that it must have.
func complete(kind workflow.DocumentKind, newest map[string]Document) bool {
	there := func(side string) bool {
		doc, ok := newest[kind.Kind+"/"+side]
		return ok && doc.Status != DocumentAwaitingUpload && doc.Status != DocumentRefused && doc.Status != DocumentRevision
	}
	if len(kind.Sides) == 0 { // one document of the kind is enough, whatever side it says it is
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
