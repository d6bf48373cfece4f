package keyring_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"ballerine/internal/keyring"
	"ballerine/internal/problem"
)

func secret(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

// kept is where secrets are.
type kept struct {
	now     time.Time
	secrets [][]byte
	fail    error
	reads   int
}

func (k *kept) read(context.Context) ([][]byte, error) {
	k.reads++
	return k.secrets, k.fail
}

func TestASecretThatWasReplacedIsReadAgain(t *testing.T) {
	k := &kept{now: time.Unix(0, 0), secrets: [][]byte{secret(1)}}
	var log strings.Builder
	ring, err := keyring.Reading(k.read, func() time.Time { return k.now }, slog.New(slog.NewTextHandler(&log, nil)), k.secrets...)
	if err != nil {
		t.Fatal(err)
	}
	k.secrets = [][]byte{secret(2), secret(1)}
	if got := ring.Secrets(); len(got) != 1 || k.reads != 0 {
		t.Errorf("%d secrets after %d reads", len(got), k.reads)
	}
	k.now = k.now.Add(5 * time.Minute)
	if got := ring.Secrets(); len(got) != 2 || !bytes.Equal(got[0], secret(2)) {
		t.Errorf("after five minutes: %v", got)
	}
	k.now, k.fail = k.now.Add(time.Hour), errors.New("down")
	if got := ring.Secrets(); len(got) != 2 {
		t.Errorf("what cannot be read has changed the secrets: %v", got)
	}
	k.now, k.fail, k.secrets = k.now.Add(time.Hour), nil, [][]byte{[]byte("short")}
	if got := ring.Secrets(); len(got) != 2 || !bytes.Equal(got[0], secret(2)) {
		t.Errorf("a secret that is none has replaced them: %v", got)
	}
	if said := log.String(); strings.Count(said, "not renewed") != 2 || !strings.Contains(said, "down") || !strings.Contains(said, "at least 32 bytes") || strings.Contains(said, "short") {
		t.Errorf("logged: %s", said)
	}
}

func TestWhatAnUnknownSecretHasSignedIsTriedOnceMore(t *testing.T) {
	k := &kept{now: time.Unix(0, 0), secrets: [][]byte{secret(1)}}
	ring, err := keyring.Reading(k.read, func() time.Time { return k.now }, nil, k.secrets...)
	if err != nil {
		t.Fatal(err)
	}
	k.secrets = [][]byte{secret(2), secret(1)}
	fits := func(n byte) func([]byte) bool { return func(s []byte) bool { return bytes.Equal(s, secret(n)) } }
	k.now = k.now.Add(10 * time.Second)
	if !ring.Any(fits(2)) || !ring.Any(fits(1)) || k.reads != 1 {
		t.Errorf("after %d reads", k.reads)
	}
	for range 100 {
		if ring.Any(fits(3)) {
			t.Error("an unknown secret fits")
		}
	}
	if k.reads != 1 {
		t.Errorf("nonsense has made it read %d times", k.reads)
	}
}

func TestASecretHasToBeLong(t *testing.T) {
	if _, err := keyring.Of(); problem.CodeOf(err) != problem.Invalid {
		t.Error(err)
	}
	if _, err := keyring.Of(secret(1), make([]byte, 31)); problem.CodeOf(err) != problem.Invalid {
		t.Error(err)
	}
}

func TestATextIsASecretOrAListOfThem(t *testing.T) {
	one, two := base64.StdEncoding.EncodeToString(secret(1)), base64.StdEncoding.EncodeToString(secret(2))
	for _, c := range []struct {
		text   string
		usable int
		good   bool
	}{
		{strings.Repeat("x", 32), 1, true},
		{fmt.Sprintf(`{"keys": [%q, %q]}`, two, one), 2, true},
		{"short", 0, false},
		{fmt.Sprintf(`{"keys": ["c2hvcnQ=", %q]}`, one), 1, false},
		{fmt.Sprintf(`{"keys": [%q, "NEW KEY IN BASE64"]}`, one), 0, false},
		{fmt.Sprintf(`{"keys": [%q, %q]`, two, one), 0, false}, // it was cut off
		{fmt.Sprintf("\n{keys: [%q, %q]}", two, one), 0, false},
		{`{"keys": [], "note": "long enough to be taken for a key of its own"}`, 0, false},
		{"", 0, false},
	} {
		usable, err := keyring.Parse(c.text)
		if len(usable) != c.usable || (err == nil) != c.good || err != nil && problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%s: %d %v", c.text, len(usable), err)
		}
		if err != nil && strings.Contains(err.Error(), "NEW KEY") {
			t.Errorf("the error quotes the secret: %v", err)
		}
	}
	if usable, err := keyring.Parse(fmt.Sprintf(`{"keys": [%q, %q]}`, two, one)); err != nil || !bytes.Equal(usable[0], secret(2)) {
		t.Errorf("%v %v", usable, err)
	}
}
