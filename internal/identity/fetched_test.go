package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"ballerine/internal/problem"
)

// signing is a provider of tokens whose key set is asked for in the test's way.
type signing struct {
	t   *testing.T
	key jose.JSONWebKey // private
}

func newSigning(t *testing.T, id string) signing {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signing{t, jose.JSONWebKey{Key: key, KeyID: id, Algorithm: string(jose.ES256), Use: "sig"}}
}

func (s signing) public() jose.JSONWebKey { return s.key.Public() }

// token is one that the key has signed and that names a key.
func (s signing) token(named string, now time.Time) string {
	s.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.key.Key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", named))
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": "http://issuer.test", "aud": "dashboard", "sub": "user_1", "tenant": "t", "exp": now.Add(time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func peopleOf(keys *fetched) *People {
	return NewPeople(Issuer{URL: "http://issuer.test", Audience: "dashboard", Keys: keys, Now: keys.now})
}

func TestTokensOfAKeyOfJustNowAreGood(t *testing.T) {
	former, latter := newSigning(t, "former"), newSigning(t, "latter")
	synctest.Test(t, func(t *testing.T) {
		answers, fetches := make(chan []jose.JSONWebKey), 0
		people := peopleOf(&fetched{now: time.Now, ask: func(context.Context) ([]jose.JSONWebKey, error) {
			fetches++
			return <-answers, nil
		}})
		errs := make(chan error, 10)
		check := func(text string) {
			go func() {
				_, err := people.Check(t.Context(), text)
				errs <- err
			}()
			synctest.Wait() // it has ended or waits for keys
		}
		check(former.token("former", time.Now()))
		answers <- []jose.JSONWebKey{former.public()}
		if err := <-errs; err != nil {
			t.Fatal("a token of the only key:", err)
		}
		check(latter.token("unknown", time.Now())) // a fetch is under way …
		for range 3 {
			check(latter.token("latter", time.Now())) // … that was answered before the issuer began to sign with another key
		}
		answers <- []jose.JSONWebKey{former.public()}
		if problem.CodeOf(<-errs) != problem.InvalidCredentials {
			t.Error("a token of no key is good")
		}
		answers <- []jose.JSONWebKey{latter.public(), former.public()}
		for range 3 {
			if err := <-errs; err != nil {
				t.Error("a token of the new key:", err)
			}
		}
		check(former.token("former", time.Now()))
		if err := <-errs; err != nil || fetches != 3 {
			t.Errorf("a token of the former key: %v, after %d fetches, want 3", err, fetches)
		}
	})
}

func TestForgedTokensCauseFewFetches(t *testing.T) {
	good, forger, latter := newSigning(t, "good"), newSigning(t, "forger"), newSigning(t, "latter")
	now, fetches, set := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 0, []jose.JSONWebKey{good.public()}
	people := peopleOf(&fetched{now: func() time.Time { return now }, ask: func(context.Context) ([]jose.JSONWebKey, error) {
		fetches++
		return set, nil
	}})
	check := func(what, text string, want problem.Code) {
		t.Helper()
		if _, err := people.Check(t.Context(), text); problem.CodeOf(err) != want {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	check("a good token", good.token("good", now), "")
	for n := range refusedBurst {
		check("a forged token", forger.token("key "+strconv.Itoa(n), now), problem.InvalidCredentials)
	}
	for n := range 100 {
		check("one of a flood", forger.token("another "+strconv.Itoa(n), now), problem.Unavailable)
		check("one that names a key that is there", forger.token("good", now), problem.InvalidCredentials)
		check("a good one beside them", good.token("good", now), "")
	}
	if fetches != 1+refusedBurst {
		t.Errorf("%d fetches, want %d", fetches, 1+refusedBurst)
	}
	set = append(set, latter.public())
	check("a new key in the flood", latter.token("latter", now), problem.Unavailable)
	now = now.Add(refusedPause)
	check("a new key after a pause", latter.token("latter", now), "")
	check("a forged token after the fetch", forger.token("x", now), problem.Unavailable)
	if fetches != 2+refusedBurst {
		t.Errorf("%d fetches, want %d", fetches, 2+refusedBurst)
	}
}

func TestWhoCannotWaitForKeysIsNotRefused(t *testing.T) {
	key := newSigning(t, "good")
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error)
		people := peopleOf(&fetched{now: time.Now, ask: func(context.Context) ([]jose.JSONWebKey, error) {
			return []jose.JSONWebKey{key.public()}, <-answers
		}})
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, 2)
		check := func(ctx context.Context) {
			go func() {
				_, err := people.Check(ctx, key.token("good", time.Now()))
				errs <- err
			}()
			synctest.Wait()
		}
		check(ctx)
		check(t.Context())
		cancel()
		if err := <-errs; problem.CodeOf(err) != problem.Unavailable {
			t.Error("a call that was given up:", err)
		}
		answers <- nil
		if err := <-errs; err != nil {
			t.Error("the call beside it:", err)
		}
		time.Sleep(keysTime)
		check(t.Context())
		answers <- errors.New("away")
		if err := <-errs; err != nil {
			t.Error("keys that cannot be fetched again:", err)
		}
		time.Sleep(keysOutage)
		check(t.Context())
		answers <- errors.New("away")
		if err := <-errs; problem.CodeOf(err) != problem.Unavailable {
			t.Error("keys that are too old:", err)
		}
	})
}

func TestKeysOfNoUseAreLeftOutOfASet(t *testing.T) {
	good, other := newSigning(t, "good"), newSigning(t, "other")
	other.key.Use = "enc"
	now := time.Now()
	texts := []json.RawMessage{json.RawMessage(`{"kty": "OKP", "crv": "Ed448", "x": "AAAA", "kid": "a"}`), json.RawMessage(`7`), json.RawMessage(`{"kty": "oct", "k": "c2VjcmV0", "kid": "b"}`)}
	for _, key := range []jose.JSONWebKey{other.public(), good.public()} {
		text, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": texts})
	}))
	defer server.Close()
	people := NewPeople(Issuer{URL: "http://issuer.test", Audience: "dashboard", JWKS: server.URL})
	if _, err := people.Check(t.Context(), good.token("good", now)); err != nil {
		t.Error("a key beside some of no use:", err)
	}
	if _, err := people.Check(t.Context(), good.token("", now)); err != nil {
		t.Error("a token that names no key:", err)
	}
	if _, err := people.Check(t.Context(), other.token("other", now)); problem.CodeOf(err) != problem.InvalidCredentials {
		t.Error("a key for encryption has signed:", err)
	}
}
