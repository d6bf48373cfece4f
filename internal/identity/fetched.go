package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// keysTime is how long an issuer's keys are believed without being fetched again: a key that the issuer has withdrawn
	// signs no longer than that.
	keysTime = 10 * time.Minute
	// keysOutage is how long they are believed when they cannot be fetched again.
	keysOutage = time.Hour
	// keysRetry is how long the next attempt waits then.
	keysRetry = time.Minute
	// refusedBurst and refusedPause bound the fetches that tokens cause which the keys at hand do not verify: anybody can
	// send such tokens. So many fetches at once, then one in each pause.
	refusedBurst = 10
	refusedPause = 6 * time.Second
	// maxKeySet is the largest answer that is read.
	maxKeySet = 1 << 20
)

// fetched are an issuer's keys from elsewhere, for as long as they are believed. A token is refused only by keys that were
// asked for after it had come: the issuer may have begun to sign with another key just now. oidc's own key set lets a call join
// a fetch that began before it, has no bound for such fetches, and keeps a key that was withdrawn until the process ends.
type fetched struct {
	ask func(ctx context.Context) ([]jose.JSONWebKey, error)
	now func() time.Time

	mutex   sync.Mutex
	keys    *keySet
	begun   int           // fetches
	running chan struct{} // closed when the fetch that runs has ended; nil: none runs
	failure error         // of the last fetch
	retry   time.Time     // keys that are old are not fetched before, because they could not be
	paid    time.Time     // until when the fetches for refused tokens are used up
}

// keySet is the answer to one fetch.
type keySet struct {
	keys   []jose.JSONWebKey
	number int       // of the fetch
	since  time.Time // when it began
}

// errCrowded is the answer where too many tokens were not verified by the keys at hand.
var errCrowded = errors.New("too many tokens name keys that the issuer does not have")

// VerifySignature implements oidc.KeySet. That keys cannot be fetched is reported apart from a signature that is not good,
// which the verifier does not do.
func (f *fetched) VerifySignature(ctx context.Context, text string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA})
	if err != nil {
		return nil, err
	}
	payload, outage, err := f.verify(ctx, jws)
	if reported, ok := ctx.Value(outageKey{}).(*error); ok && outage {
		*reported = err
	}
	return payload, err
}

func (f *fetched) verify(ctx context.Context, jws *jose.JSONWebSignature) (payload []byte, outage bool, err error) {
	before := f.fetches()
	keys, err := f.current(ctx)
	if err != nil {
		return nil, true, err
	}
	payload, known, err := keys.verify(jws)
	if err == nil || keys.number > before {
		return payload, false, err
	}
	newer, failure := f.newer(ctx, before)
	if failure != nil { // a key that is known and has not signed this is an answer; one that is not known is none
		return nil, !known || !errors.Is(failure, errCrowded), failure
	}
	payload, _, err = newer.verify(jws)
	return payload, false, err
}

func (f *fetched) fetches() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.begun
}

// verify returns what was signed, and whether the key that the token names is in the set.
func (k *keySet) verify(jws *jose.JSONWebSignature) (payload []byte, known bool, err error) {
	id := jws.Signatures[0].Header.KeyID
	for i := range k.keys {
		if id != "" && k.keys[i].KeyID != id {
			continue
		}
		known = known || id != ""
		if payload, err := jws.Verify(&k.keys[i]); err == nil {
			return payload, true, nil
		}
	}
	return nil, known, errors.New("no key of the issuer has signed the token")
}

// current are the keys to go by: new ones when those that are there are old, those all the same while the issuer cannot be
// asked and they are not too old.
func (f *fetched) current(ctx context.Context) (*keySet, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	now := f.now()
	if f.keys != nil && (now.Sub(f.keys.since) < keysTime || now.Before(f.retry)) {
		return f.keys, nil
	}
	err := f.wait(ctx, f.fetch())
	switch {
	case err == nil:
		return f.keys, nil
	case f.keys != nil && now.Sub(f.keys.since) < keysOutage && ctx.Err() == nil:
		return f.keys, nil
	}
	return nil, err
}

// newer are keys of a fetch that began after so many others had.
func (f *fetched) newer(ctx context.Context, before int) (*keySet, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for f.keys == nil || f.keys.number <= before {
		wait := f.running
		late := wait != nil && f.begun <= before // it may have been answered before this token was signed
		if wait == nil {
			if !f.affordable() {
				return nil, errCrowded
			}
			wait = f.fetch()
		}
		if err := f.wait(ctx, wait); err != nil && !late {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return f.keys, nil
}

// affordable reports whether a refused token may cause a fetch now, and counts it.
func (f *fetched) affordable() bool {
	now := f.now()
	if f.paid.Before(now) {
		f.paid = now
	}
	if f.paid.Sub(now) > (refusedBurst-1)*refusedPause {
		return false
	}
	f.paid = f.paid.Add(refusedPause)
	return true
}

// wait lets go of the mutex until the fetch has ended, and returns how it ended.
func (f *fetched) wait(ctx context.Context, running chan struct{}) error {
	f.mutex.Unlock()
	defer f.mutex.Lock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-running:
		f.mutex.Lock()
		defer f.mutex.Unlock()
		return f.failure
	}
}

// fetch begins one if none runs. It continues when its caller has gone, since others may wait for it.
func (f *fetched) fetch() chan struct{} {
	if f.running != nil {
		return f.running
	}
	f.begun++
	number, since, running := f.begun, f.now(), make(chan struct{})
	f.running = running
	go func() {
		keys, err := f.ask(context.Background())
		f.mutex.Lock()
		defer f.mutex.Unlock()
		if f.failure = err; err == nil {
			f.keys, f.retry = &keySet{keys: keys, number: number, since: since}, time.Time{}
		} else {
			f.retry = f.now().Add(keysRetry)
			if f.keys != nil && f.now().Sub(f.keys.since) >= keysOutage {
				f.keys = nil
			}
		}
		f.running = nil
		close(running)
	}()
	return running
}

// ask fetches a set of keys. Those that are of no use for signatures or cannot be read are left out: others may be good.
func ask(client *http.Client, url string) func(context.Context) ([]jose.JSONWebKey, error) {
	return func(ctx context.Context) ([]jose.JSONWebKey, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return nil, fmt.Errorf("fetching keys: %w", err)
		}
		request.Header.Set("Cache-Control", "no-cache")
		response, err := client.Do(request)
		if err != nil {
			return nil, fmt.Errorf("fetching keys: %w", err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("fetching keys: the issuer responded with %d", response.StatusCode)
		}
		var set struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if err := json.NewDecoder(io.LimitReader(response.Body, maxKeySet)).Decode(&set); err != nil {
			return nil, fmt.Errorf("fetching keys: %w", err)
		}
		keys := []jose.JSONWebKey{}
		for _, text := range set.Keys {
			var key jose.JSONWebKey
			if err := json.Unmarshal(text, &key); err == nil && verifies(key) {
				keys = append(keys, key)
			}
		}
		return keys, nil
	}
}

// verifies reports whether a key is a public one for signatures: a shared secret in a public set must not verify anything.
func verifies(key jose.JSONWebKey) bool {
	switch key.Key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return key.Use == "" || key.Use == "sig"
	}
	return false
}
