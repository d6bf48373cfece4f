package connector

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

func TestCallsBeyondTheRateAreSpreadOverTime(t *testing.T) {
	v := newTarget(t)
	v.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{}`)
	}
	p := parse(t, base+"  method: POST\nlimit: {rate: 2/s}\n")
	client := v.client()
	now := time.Unix(1_700_000_000, 0)
	client.Now = func() time.Time { return now }
	var pauses []string
	for range 6 {
		_, err := client.Do(t.Context(), p, call)
		if err == nil {
			pauses = append(pauses, "made")
			continue
		}
		if !Limited(err) || Resting(err) {
			t.Fatal(err)
		}
		pauses = append(pauses, fmt.Sprint(problem.As(err).Details["retry_after_seconds"]))
	}
	if got := strings.Join(pauses, " "); got != "made made 1 1 2 2" {
		t.Errorf("%s", got)
	}
	other := call
	other.Tenant = "another"
	if _, err := client.Do(t.Context(), p, other); err != nil {
		t.Errorf("another tenant waits: %v", err)
	}
	now = now.Add(time.Second)
	for range 2 {
		if _, err := client.Do(t.Context(), p, call); err != nil {
			t.Errorf("a second later: %v", err)
		}
	}
}

// gate lets nobody through before it is opened.
type gate struct {
	entered chan bool
	open    chan bool
}

func (g gate) RoundTrip(*http.Request) (*http.Response, error) {
	g.entered <- true
	<-g.open
	return response(http.StatusOK, asJSON(), []byte(`{}`)), nil
}

func TestNoMoreCallsAtOnceThanTheLimitSays(t *testing.T) {
	way := gate{make(chan bool, 9), make(chan bool)}
	p := parse(t, base+"  method: POST\nlimit: {concurrency: 2}\n")
	client := newTarget(t).client()
	client.HTTP = &http.Client{Transport: way}
	var running sync.WaitGroup
	for range 2 {
		running.Go(func() {
			if _, err := client.Do(context.WithoutCancel(t.Context()), p, call); err != nil {
				t.Error(err)
			}
		})
	}
	<-way.entered
	<-way.entered
	if _, err := client.Do(t.Context(), p, call); !Limited(err) {
		t.Errorf("a third call at once: %v", err)
	}
	close(way.open)
	running.Wait()
	if _, err := client.Do(t.Context(), p, call); err != nil {
		t.Errorf("after them: %v", err)
	}
}

// TestARateHoldsOverAnyTime: however calls come, no window has more than its share and one burst.
func TestARateHoldsOverAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.IntRange(1, 20).Draw(t, "number")
		unit := rapid.SampledFrom([]string{"s", "m", "h"}).Draw(t, "unit")
		by := *(&source{}).limit(&writtenLimit{Rate: fmt.Sprintf("%d/%s", number, unit)})
		var paces limits
		start := time.Unix(1_700_000_000, 0)
		now, made := start, 0
		for _, pause := range rapid.SliceOfN(rapid.IntRange(0, 5_000), 1, 200).Draw(t, "pauses") {
			now = now.Add(time.Duration(pause) * time.Millisecond)
			wait := paces.begin("a", by, now)
			if wait == 0 {
				made++
				paces.end("a")
			}
			if wait < 0 {
				t.Fatalf("waits for %s", wait)
			}
			if most := by.burst + int(now.Sub(start)/by.every); made > most {
				t.Fatalf("%d calls within %s, at most %d", made, now.Sub(start), most)
			}
		}
	})
}

func TestAPasswordMayHaveSpacesInIt(t *testing.T) {
	for secret, want := range map[string]string{
		"u:p": "u:p", "u:p q": "u:p q", " u:p  q \n": "u:p  q", "u:p u:q": "u:p|u:q", "u:p q  v:r s t": "u:p q|v:r s t", "": "",
	} {
		if got := strings.Join(credentials(secret), "|"); got != want {
			t.Errorf("%q holds %q", secret, got)
		}
	}
	v := (&source{}).verifier(signature{Secret: "HOOK", Scheme: basicScheme})
	for given, want := range map[string]bool{"u:pass word": true, "u:pass": false, "word": false} {
		header := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(given))}}
		if got := v.basic(header, "u:pass word"); got != want {
			t.Errorf("%s: %t", given, got)
		}
	}
}

func TestOnlyOneThingSetsAuthorization(t *testing.T) {
	_, found := ParsePlugin("p.yaml", []byte(base+"  method: POST\n  auth: {basic: {username: a, password: '{secret.P}'}}\n  sign: {secret: KEY, content: '{body}', headers: {Authorization: 'HMAC {signature}'}}\n"))
	if len(found) != 1 || found[0].Path != "request.sign.headers.Authorization" || found[0].Code != "header" {
		t.Errorf("%v", found)
	}
}

func TestThePartOfADocumentHasOneContentType(t *testing.T) {
	for of, want := range map[string]string{
		"image/png": "image/png", "text/plain; charset=utf-8": "text/plain; charset=utf-8", "image/png\r\nX-A: 1": "application/octet-stream", "": "application/octet-stream", "png": "application/octet-stream",
	} {
		if got := partType(of); got != want {
			t.Errorf("%q is %q", of, got)
		}
	}
}

// bare answers every request, and is no network.
type bare struct{}

func (bare) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, errors.New("the request cannot be read")
		}
	}
	return response(http.StatusOK, asJSON(), []byte(`{"match":true,"score":7}`)), nil
}

const measured = `
id: measured
title: Measured
request:
  method: POST
  url: "https://api.example.com/checks"
  headers: {Authorization: "Bearer {secret.KEY}"}
  body: {reference: "{case.id}", name: "{context.name}"}
  schema: {type: object, required: [reference]}
response:
  schema: {type: object, required: [match], properties: {match: {type: boolean}}}
  result: {matches: "{body.match}"}
result: {type: object, required: [matches], properties: {matches: {type: boolean}}}
`

// BenchmarkCall compares a call by a plugin with the bare one: the difference is what the plugin costs.
func BenchmarkCall(b *testing.B) {
	p, found := ParsePlugin("p.yaml", []byte(measured))
	if p == nil {
		b.Fatal(found)
	}
	client := &Client{HTTP: &http.Client{Transport: bare{}}, Secrets: MapSecrets{"KEY": "a secret of a vendor"}}
	b.Run("plugin", func(b *testing.B) {
		for b.Loop() {
			if _, err := client.Do(b.Context(), p, call); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://api.example.com/checks", strings.NewReader(`{"reference":"case_1","name":"Ada"}`))
			if err != nil {
				b.Fatal(err)
			}
			got, err := client.HTTP.Do(request)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(got.Body); err != nil {
				b.Fatal(err)
			}
			_ = got.Body.Close()
		}
	})
}
