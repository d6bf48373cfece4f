package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const stripeLike = `id: sessions
title: Sessions
mode: callback
request: {method: POST, url: "https://api.example.com/sessions"}
callback:
  timeout: P1D
  when: "body.type != 'started'"
  signature: {secret: SESSIONS_HOOK, scheme: timestamp-body, signature_header: Stripe-Signature, timestamp_field: t, signature_field: v1}
  schema: {type: object, required: [type]}
`

func TestAStoredCallbackIsVerifiedOffline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.yaml")
	if err := os.WriteFile(file, []byte(stripeLike), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BALLERINE_SECRET_SESSIONS_HOOK", "a-real-secret")
	// Signatures of the bodies under "a-real-secret" at 1767225600, made with OpenSSL.
	done, started := `{"type":"done"}`, `{"type":"started"}`
	signed := map[string]string{done: "8b3d8883eeaf2372b009f70ae5caf5d45351b22843032265c19b886390743c31", started: "af16be6edd460ca870ae6df75fcdddf6a69610a33cadf2bbda97ec56259bd11d"}
	verify := func(body, signature, now string, more ...string) called {
		return call(t, body, append([]string{"connector", "verify", file, "--callback", "-", "--header", "Stripe-Signature: t=1767225600,v1=" + signature, "--now", now}, more...)...)
	}
	if got := verify(done, signed[done], "2026-01-01T00:04:00Z"); got.code != 0 || got.out != "valid\n{\"type\":\"done\"}\n" {
		t.Errorf("%+v", got)
	}
	if got := verify(done, signed[done], "2026-01-01T00:04:00Z", "--json"); got.out != `{"answer":true,"result":{"type":"done"},"valid":true}`+"\n" {
		t.Errorf("%+v", got)
	}
	if got := verify(started, signed[started], "2026-01-01T00:04:00Z"); got.code != 0 || !strings.Contains(got.out, "not the answer") {
		t.Errorf("%+v", got)
	}
	for name, got := range map[string]called{
		"another body": verify(done+" ", signed[done], "2026-01-01T00:00:00Z"), "too late": verify(done, signed[done], "2026-01-01T00:06:00Z"),
		"twice": verify(done, signed[done], "2026-01-01T00:00:00Z", "--header", "Stripe-Signature: x"),
	} {
		if got.code != exitProblems || !strings.Contains(got.errs, "signature of the callback is not valid") || strings.Contains(got.errs+got.out, "a-real-secret") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	refused(t, nil, exitUsage, "NAME: VALUE|--now|--callback", "connector", "verify", file, "--header", "x", "--now", "soon")
	t.Setenv("BALLERINE_SECRET_SESSIONS_HOOK", "")
	if got := verify(done, signed[done], "2026-01-01T00:00:00Z"); got.code == 0 || !strings.Contains(got.errs, "SESSIONS_HOOK") {
		t.Errorf("without the secret: %+v", got)
	}
}
