package task

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/url"

	"github.com/aws/aws-lambda-go/events"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/cases"
	"ballerine/internal/document"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
)

// readAtOnce bounds how many documents of a case are read side by side.
const readAtOnce = 8

// NewDocument handles the document function. It has two kinds of events: the task of the state machine, which checks a
// case's documents, and the object store's notification that an upload has arrived.
func NewDocument(base Base, objects cases.Objects) Handler {
	check := base.worker("document").handler(func(ctx context.Context, job cases.Job, _ int) (cases.Outcome, string, error) {
		outcome, err := checkDocuments(ctx, base, objects, job)
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
			base.Logger.WarnContext(ctx, "an upload belongs to no document", "document_id", documentID)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return json.RawMessage(`{}`), nil
}

// checkDocuments reads the newest state of every document that counts, checks them together, and moves what is in
// order out of quarantine.
func checkDocuments(ctx context.Context, base Base, objects cases.Objects, job cases.Job) (cases.Outcome, error) {
	counted := make([]cases.Document, 0, len(job.Record.Documents))
	for _, doc := range job.Record.Documents {
		if doc.Status != cases.DocumentRejected && doc.Status != cases.DocumentRevision {
			counted = append(counted, doc)
		}
	}
	inputs, err := readDocuments(ctx, objects, counted)
	if err != nil {
		return cases.Outcome{}, err
	}
	var required []document.Requirement
	for _, kind := range job.Workflow.Documents {
		if kind.Required {
			required = append(required, document.Requirement{Kind: kind.Kind, Sides: kind.Sides})
		}
	}
	applicant, _ := job.Record.Context["applicant"].(map[string]any)
	report := document.CheckCase(inputs, applicant, required, base.Now())
	found, err := settle(ctx, objects, job, counted, inputs, report)
	if err != nil {
		return cases.Outcome{}, err
	}
	payload, err := toJSON(report)
	return cases.Outcome{Payload: payload, Documents: found}, err
}

// readDocuments fetches the beginning of each document. One that was never uploaded is given without bytes.
func readDocuments(ctx context.Context, objects cases.Objects, documents []cases.Document) ([]document.Input, error) {
	inputs := make([]document.Input, len(documents))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readAtOnce)
	for i, doc := range documents {
		inputs[i] = document.Input{ID: doc.ID, Kind: doc.Kind, Side: doc.Side, ContentType: doc.ContentType, Properties: doc.Properties}
		if doc.Status == cases.DocumentRefused {
			continue
		}
		group.Go(func() error {
			head, err := objects.Read(ctx, doc.Key, document.HeadSize)
			if problem.CodeOf(err) == problem.NotFound {
				return nil
			}
			inputs[i].Head = head
			return err
		})
	}
	return inputs, group.Wait()
}

// settle gives each uploaded document its status and checks, and moves the good ones out of quarantine.
func settle(ctx context.Context, objects cases.Objects, job cases.Job, documents []cases.Document, inputs []document.Input, report document.Report) ([]cases.Document, error) {
	reports := map[string]document.DocumentReport{}
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
		doc.Status = cases.DocumentRefused
		if r.Status == document.Checked {
			kept := cases.KeptKey(job.Record.Tenant, job.Record.ID, doc.ID)
			if doc.Key != kept {
				if err := objects.Move(ctx, doc.Key, kept); err != nil {
					return nil, err
				}
			}
			doc.Key, doc.Status = kept, cases.DocumentChecked
		}
		found = append(found, doc)
	}
	return found, nil
}

// toJSON gives a value the plain form in which it is kept and read back.
func toJSON(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The result does not encode.")
	}
	var plain any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, problem.Wrap(err, problem.Internal, "The result does not decode.")
	}
	return plain, nil
}
