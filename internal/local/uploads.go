package local

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"ballerine/internal/cases"
)

// created notifies the document function of an upload, as S3 does. It is notified before the upload is answered, so that
// a client that uploads and submits immediately finds the document received.
func (s *Stack) created(functions functions, key string) {
	if !strings.HasPrefix(key, "quarantine/") {
		return
	}
	payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": map[string]any{"bucket": map[string]any{"name": bucket}, "object": map[string]any{"key": key}},
	}}})
	if err == nil {
		_, err = functions.Invoke(context.Background(), "document", payload)
	}
	if err != nil {
		s.options.Logger.Error("the notification of an upload failed", "error", err.Error())
	}
}

// missedUploads reports the uploads that arrived just before the former process died: otherwise they would only be
// noticed when the sweep checks cases that have long been quiet.
func (s *Stack) missedUploads(ctx context.Context) {
	for after := ""; ; {
		refs, next, err := s.stores.cases.Open(ctx, s.options.Now().Add(time.Minute), after, 200)
		if err != nil {
			s.options.Logger.Warn("uploads without a notification were not searched for", "error", err.Error())
			return
		}
		for _, ref := range refs {
			record, err := s.stores.cases.Get(ctx, ref.Tenant, ref.ID)
			if err == nil && record.Status == cases.StatusActive {
				_, err = s.Core.Cases.ReconcileUploads(ctx, record)
			}
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				s.options.Logger.Warn("an upload was not checked: the sweep will check it", "case_id", ref.ID, "error", err.Error())
			}
		}
		if after = next; after == "" {
			return
		}
	}
}
