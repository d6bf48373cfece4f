package local_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ballerine/internal/cases"
)

const (
	sending = `
id: sending
title: Sends a document to a vendor
initial: collect
documents: [{kind: passport, required: false}]
states:
  collect: {on: {READY: ask}}
  ask: {invoke: {src: vendor, id: answer, input: {plugin: reader}}, onDone: decided}
  decided: {type: final}
`
	reader = `
id: reader
title: Reads documents
request:
  method: POST
  url: "%s/read"
  format: multipart
  body:
    file: {$document: "{documents[0].id}", name: passport.png}
    text: {$document: "{documents[0].id}", as: base64}
    link: {$document: "{documents[0].id}", as: link}
response: {format: text}
`
)

// The vendor gets the bytes that the applicant has uploaded, in every way in which a request can hold them.
func TestAVendorIsSentTheDocumentsOfACase(t *testing.T) {
	received := make(chan map[string]string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := map[string]string{}
		file, header, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		content, _ := io.ReadAll(file)
		got["file"], got["text"] = header.Filename+" "+header.Header.Get("Content-Type")+" "+string(content), r.FormValue("text")
		linked, err := http.Get(r.FormValue("link"))
		if err != nil {
			t.Error(err)
			return
		}
		content, _ = io.ReadAll(linked.Body)
		linked.Body.Close()
		got["link"] = linked.Header.Get("Content-Type") + " " + string(content)
		received <- got
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "READ")
	}))
	defer server.Close()
	s := newSystem(t, t.TempDir())
	defer s.stop()
	if status, answer := s.call("developer", "POST", "/v1/plugins/reader/versions", map[string]any{"source": fmt.Sprintf(reader, server.URL)}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	if status, answer := s.call("developer", "POST", "/v1/workflows/sending/versions", map[string]any{"source": sending}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	r := s.start("sending", "individual", nil)
	_, upload, err := s.Core.Cases.AnnounceDocument(t.Context(), s.client, r.ID, cases.AnnounceCommand{
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
	s.until("the upload is noted", func() bool {
		r, err = s.Core.Cases.Get(t.Context(), s.client, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r.Documents[0].Status == cases.DocumentReceived
	})
	s.send(r.ID, "READY")
	s.reach(r.ID, "decided")
	got := <-received
	for way, want := range map[string]string{"file": "passport.png image/png abc", "text": "YWJj", "link": "image/png abc"} {
		if got[way] != want {
			t.Errorf("%s: %q", way, got[way])
		}
	}
	if r, err = s.Core.Cases.Get(t.Context(), s.client, r.ID); err != nil || r.Context["answer"] != "READ" {
		t.Errorf("%v %v", r.Context, err)
	}
}
