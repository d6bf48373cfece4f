package local_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/cases"
)

const collects = "id: collects\ntitle: Collects\ninitial: first\ndocuments:\n  - {kind: passport}\nstates:\n  first: {on: {GO: done}}\n  done: {type: final}\n"

// TestADamagedDocumentIsAProblemForWhoLooksAtIt changes a byte of an upload on the disk.
func TestADamagedDocumentIsAProblemForWhoLooksAtIt(t *testing.T) {
	data := t.TempDir()
	s := newSystem(t, data, collects)
	t.Cleanup(s.stop)
	content := []byte("\x89PNG\r\n\x1a\n pretend, and not looked at")
	sum := sha256.Sum256(content)
	r := s.start("collects", "individual", map[string]any{})
	document, upload, err := s.Core.Cases.AnnounceDocument(t.Context(), s.client, r.ID, cases.AnnounceCommand{Kind: "passport", ContentType: "image/png", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), upload.Method, upload.URL, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %v", response.Status, err)
	}
	link := "/v1/cases/" + r.ID + "/documents/" + document.ID + "/link"
	s.until("the upload is received", func() bool {
		status, _ := s.call("manager", "GET", link, nil)
		return status == http.StatusOK
	})
	files, err := filepath.Glob(filepath.Join(data, "objects", "k.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bytes.Replace(text, []byte("pretend"), []byte("changed"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, answer := s.call("manager", "GET", link, nil)
	s.is("a link to what is damaged", status, answer, http.StatusInternalServerError, "document_damaged")
	if detail, _ := answer["detail"].(string); !strings.Contains(detail, "is damaged") || !strings.Contains(detail, document.ID) {
		t.Errorf("%v", answer)
	}
	s.until("the metrics tell of it", func() bool {
		text := s.metrics()
		return strings.Contains(text, `object_damaged_total{what="content"}`) && strings.Contains(text, "data_unreadable_values 0")
	})
}

func (s *system) metrics() string {
	s.t.Helper()
	response, err := http.Get(s.URL + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}
