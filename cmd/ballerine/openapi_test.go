package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestTheOpenAPIDocumentIsPrintedForTheSystemItIsFor(t *testing.T) {
	for server, want := range map[string]string{"": "/", "https://risk.example.com/": "https://risk.example.com"} {
		got := call(t, "", "openapi", "--server", server)
		var document struct {
			OpenAPI string
			Servers []struct{ URL string }
			Paths   map[string]any
		}
		if err := json.Unmarshal([]byte(got.out), &document); err != nil {
			t.Fatal(err)
		}
		if document.OpenAPI != "3.1.0" || len(document.Servers) != 1 || document.Servers[0].URL != want || document.Paths["/v1/events"] == nil {
			t.Errorf("%q: %s %v, %d paths", server, document.OpenAPI, document.Servers, len(document.Paths))
		}
	}
	for _, wrong := range []string{"risk.example.com", "ftp://risk.example.com", "https://", "https://risk.example.com/?q=1", "https://user:pass@risk.example.com"} {
		if got := call(t, "", "openapi", "--server", wrong); got.code != exitUsage {
			t.Errorf("%s: %d", wrong, got.code)
		}
	}
}

func TestTheReferenceIsWrittenToAFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "site")
	if got := call(t, "", "openapi", "--folder", folder); got.code != 0 || got.out != "" {
		t.Fatalf("%d: %s%s", got.code, got.out, got.errs)
	}
	for _, name := range []string{"openapi.json", "docs.html", "docs.css"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
