package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/local"
	"ballerine/internal/task"
)

// TestAnUploadWhoseNoticeDiedWithTheProcessIsFoundAtStart stops the clock: to the sweep, no case is ever quiet.
func TestAnUploadWhoseNoticeDiedWithTheProcessIsFoundAtStart(t *testing.T) {
	now := time.Now()
	options := local.Options{Data: t.TempDir(), Definitions: definitions(t), Now: func() time.Time { return now }}
	dying := local.Wrapped(options, func(name string, handler task.Handler) task.Handler {
		if name == "document" {
			return func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, errors.New("killed") }
		}
		return handler
	})
	s := run(t, dying)
	r := s.start("kyc", "individual", nil)
	doc, upload, err := s.Core.Cases.AnnounceDocument(t.Context(), s.client, r.ID, cases.AnnounceCommand{
		Kind: "passport", ContentType: "image/png", Size: 3, SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), upload.Method, upload.URL, strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", response, err)
	}
	response.Body.Close()
	s.stop()

	s = run(t, options)
	defer s.stop()
	s.until("the upload is noted", func() bool {
		r, err := s.Core.Cases.Get(t.Context(), s.client, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r.Documents[0].ID == doc.ID && r.Documents[0].Status == cases.DocumentReceived
	})
}
