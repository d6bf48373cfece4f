package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/cases"
	"ballerine/internal/country"
	"ballerine/internal/docscan"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// readAtOnce bounds how many documents of a case are read side by side.
const readAtOnce = 8

// NewDocument handles the document function. It has two kinds of events: the task of the state machine, which checks a
// case's documents, and the object store's notification that an upload has arrived. read reads machine-readable zones.
func NewDocument(base Base, objects cases.Objects, read docscan.Reader) Handler {
	look := newLooker(read)
	worker := base.worker("document")
	worker.after = func(ctx context.Context, r request, before cases.Record) error {
		return base.Cases.SettleDocuments(ctx, r.Tenant, r.Case, before)
	}
	check := worker.handler(func(ctx context.Context, job cases.Job, _ int) (cases.Outcome, string, error) {
		outcome, err := checkDocuments(ctx, base, objects, look, job)
		return outcome, "document", err
	})
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var notification events.S3Event
		if err := json.Unmarshal(payload, &notification); err == nil && len(notification.Records) > 0 {
			return arrived(ctx, base, notification)
		}
		return check(ctx, payload)
	}
}

// arrived notes the uploads of a notification. Keys that are not those of uploads are none of its business.
func arrived(ctx context.Context, base Base, notification events.S3Event) (json.RawMessage, error) {
	for _, record := range notification.Records {
		key, err := url.QueryUnescape(record.S3.Object.Key)
		if err != nil {
			return nil, problem.Wrap(err, problem.Invalid, "The notification's key cannot be read.")
		}
		tenant, id, documentID, ok := cases.ParseQuarantineKey(key)
		if !ok {
			continue
		}
		ctx := telemetry.With(ctx, slog.String("case_id", id))
		_, err = base.Cases.DocumentArrived(ctx, tenant, id, documentID)
		if problem.CodeOf(err) == problem.NotFound {
			base.Logger.WarnContext(ctx, "an upload does not belong to a document", "document_id", documentID)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return json.RawMessage(`{}`), nil
}

// checkDocuments reads the newest state of every document that counts, checks them as a whole, and keeps the uploads:
// copied before the record states so, and removed from quarantine afterwards, so that a repeated check finds them.
func checkDocuments(ctx context.Context, base Base, objects cases.Objects, look *looker, job cases.Job) (cases.Outcome, error) {
	counted := make([]cases.Document, 0, len(job.Record.Documents))
	for _, doc := range job.Record.Documents {
		// A document that was not uploaded counts only by its kind, if that is required; late uploads are ignored.
		if doc.Status != cases.DocumentRejected && doc.Status != cases.DocumentRevision && doc.Status != cases.DocumentAwaitingUpload {
			counted = append(counted, doc)
		}
	}
	inputs, keys, err := readDocuments(ctx, objects, look, job.Record.Tenant, job.Record.ID, counted)
	if err != nil {
		return cases.Outcome{}, err
	}
	for i, doc := range counted {
		kind, _ := job.Workflow.Document(doc.Kind)
		for _, code := range kind.Countries {
			inputs[i].Issuers = append(inputs[i].Issuers, country.Three(code))
		}
	}
	var required []docscan.Requirement
	for _, kind := range job.Workflow.Documents {
		if kind.Required {
			required = append(required, docscan.Requirement{Kind: kind.Kind, Sides: kind.Sides})
		}
	}
	applicant, _ := job.Record.Context["applicant"].(map[string]any)
	report := docscan.CheckCase(inputs, applicant, required, base.Now())
	found, err := settle(counted, inputs, report)
	if err != nil {
		return cases.Outcome{}, err
	}
	for i, doc := range found {
		if found[i].Key = cases.KeptKey(job.Record.Tenant, job.Record.ID, doc.ID); keys[doc.ID] == found[i].Key {
			continue // it was read there
		}
		if found[i].Key, err = base.Cases.KeepUpload(ctx, job.Record.Tenant, job.Record.ID, doc.ID); err != nil {
			return cases.Outcome{}, err
		}
	}
	payload, err := toJSON(report)
	return cases.Outcome{Payload: payload, Documents: found}, err
}

// readDocuments examines each picture and keeps the beginning of each document. One whose bytes are gone is returned
// without them. keys are where the bytes of each document were, by its id.
func readDocuments(ctx context.Context, objects cases.Objects, look *looker, tenant, id string, documents []cases.Document) (inputs []docscan.Input, keys map[string]string, err error) {
	inputs, from, damage := make([]docscan.Input, len(documents)), make([]string, len(documents)), make([]error, len(documents))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readAtOnce)
	for i, doc := range documents {
		inputs[i] = docscan.Input{ID: doc.ID, Kind: doc.Kind, Side: doc.Side, ContentType: doc.ContentType, Properties: doc.Properties}
		if doc.Status == cases.DocumentRefused {
			continue
		}
		group.Go(func() error {
			most := int64(docscan.HeadSize)
			if strings.HasPrefix(doc.ContentType, "image/") {
				most = docscan.MaxFile + 1
			}
			file, key, err := readDocument(ctx, objects, tenant, id, doc, most)
			from[i] = key
			switch problem.CodeOf(err) {
			case "":
			case problem.NotFound:
				return nil
			case problem.DocumentDamaged:
				damage[i] = err // the others are still examined: all damaged ones are reported in one error
				return nil
			default:
				return err
			}
			inputs[i].ZoneSought = docscan.ZoneOf(doc.Kind) != docscan.ZoneNever
			inputs[i].Look, err = look.at(ctx, file, inputs[i].ZoneSought)
			inputs[i].Read = inputs[i].Look.Zone
			inputs[i].Head = bytes.Clone(file[:min(len(file), docscan.HeadSize)]) // the rest is not kept
			return err
		})
	}
	if err = group.Wait(); err == nil {
		err = damaged(documents, damage)
	}
	keys = make(map[string]string, len(documents))
	for i, doc := range documents {
		keys[doc.ID] = from[i]
	}
	return inputs, keys, err
}

// readTries is how often a document is read whose bytes are not what was uploaded: a disk can be wrong for once.
const readTries = 3

// readDocument reads what is stored of a document, and names where it is. Errors: NotFound, DocumentDamaged, Unavailable.
func readDocument(ctx context.Context, objects cases.Objects, tenant, id string, doc cases.Document, most int64) (file []byte, key string, err error) {
	for range readTries {
		key = doc.Key
		file, err = objects.Read(ctx, key, most)
		if problem.CodeOf(err) == problem.NotFound {
			key = otherKey(tenant, id, doc)
			file, err = objects.Read(ctx, key, most)
		}
		if err == nil {
			err = genuine(ctx, objects, key, doc, file)
		}
		if problem.CodeOf(err) != problem.DocumentDamaged {
			break
		}
	}
	return file, key, err
}

// genuine makes sure that what was read, the whole document or its beginning, is of what was uploaded. Errors: DocumentDamaged,
// Unavailable.
func genuine(ctx context.Context, objects cases.Objects, key string, doc cases.Document, file []byte) error {
	if int64(len(file)) == doc.Size {
		return doc.GenuineBytes(key, file)
	}
	_, err := cases.Genuine(ctx, objects, key, doc)
	return err
}

// damaged names the documents that cannot be read, and what a person can do. damage has an error for each that is damaged.
func damaged(documents []cases.Document, damage []error) error {
	var names []string
	for i, doc := range documents {
		if damage[i] != nil {
			names = append(names, doc.ID+" ("+doc.Kind+")")
		}
	}
	if len(names) == 0 {
		return nil
	}
	return problem.Wrap(errors.Join(damage...), problem.DocumentDamaged, "The stored file differs from the uploaded one: %s. Restore it from a backup and retry. Or request another file: decide the document (revision), then retry, and the check continues without it.",
		strings.Join(names, ", "))
}

// otherKey is where a document's bytes are, if they are not where its record says: it was kept meanwhile, or by a former version
// that moved them later.
func otherKey(tenant, id string, doc cases.Document) string {
	if kept := cases.KeptKey(tenant, id, doc.ID); doc.Key != kept {
		return kept
	}
	return cases.QuarantineKey(tenant, id, doc.ID)
}

// settle sets the status and checks of each uploaded document.
func settle(documents []cases.Document, inputs []docscan.Input, report docscan.Report) ([]cases.Document, error) {
	reports := map[string]docscan.DocumentReport{}
	for _, r := range report.Documents {
		reports[r.ID] = r
	}
	var found []cases.Document
	for i, doc := range documents {
		r, ok := reports[doc.ID]
		if !ok || len(inputs[i].Head) == 0 {
			continue
		}
		checks, err := toJSON(r)
		if err != nil {
			return nil, err
		}
		doc.Checks, _ = checks.(map[string]any)
		if read := inputs[i].Read; read != nil {
			doc.Checks[cases.CheckRead] = map[string]any{"mrz": read.MRZ, "confidence": read.Confidence}
		}
		doc.Status = cases.DocumentRefused
		if r.Status == docscan.Checked {
			doc.Status = cases.DocumentChecked
		}
		found = append(found, doc)
	}
	return found, nil
}

// toJSON converts a value to the plain form in which it is stored and read back.
func toJSON(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The result could not be encoded.")
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The result could not be decoded.")
	}
	return plain, nil
}
