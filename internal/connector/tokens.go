package connector

import (
	"sync"
	"time"
)

// maxTokens is how many tokens are kept at once.
const maxTokens = 1_000

// tokens keeps access tokens by grant until they end or a vendor refuses them. The zero value is ready. It is safe for concurrent use.
type tokens struct {
	mutex sync.Mutex
	kept  map[string]*kept
}

// kept is a token, or none, and the request for the next one that is under way.
type kept struct {
	value    string
	former   string    // the one before
	replace  time.Time // when the next one is requested
	end      time.Time
	incoming *incoming
}

// incoming is a request for a token. Its result may be read once done is closed.
type incoming struct {
	done  chan struct{}
	value string
	err   error
}

// take returns a token that is good for a while, or the request for the next one, which is the caller's to make if it is the first. value is
// then the token before, while it lasts.
func (t *tokens) take(key string, now time.Time) (value string, waiting *incoming, first bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	k := t.kept[key]
	if k == nil {
		t.makeRoom(now)
		k = &kept{}
		t.kept[key] = k
	}
	if k.value != "" && now.Before(k.replace) {
		return k.value, nil, false
	}
	if k.incoming == nil {
		k.incoming, first = &incoming{done: make(chan struct{})}, true
	}
	if now.Before(k.end) {
		value = k.value
	}
	return value, k.incoming, first
}

// makeRoom drops tokens that have expired, and any other one when there are too many. Calls that wait for one still get it.
func (t *tokens) makeRoom(now time.Time) {
	if t.kept == nil {
		t.kept = map[string]*kept{}
	}
	if len(t.kept) < maxTokens {
		return
	}
	for key, k := range t.kept {
		if k.incoming == nil && !now.Before(k.end) {
			delete(t.kept, key)
		}
	}
	for key := range t.kept {
		if len(t.kept) < maxTokens {
			return
		}
		delete(t.kept, key)
	}
}

// put ends a request. When it failed, the token before serves until its end: the vendor's token server may be away for a moment.
func (t *tokens) put(key string, request *incoming, got fetched, err error, now time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	request.value, request.err = got.value, err
	if k := t.kept[key]; k != nil && k.incoming == request {
		k.incoming = nil
		switch {
		case err == nil:
			k.replaced()
			k.value, k.end = got.value, now.Add(got.life)
			k.replace = k.end.Add(-min(longestForesay, got.life/foresayFraction))
		case k.value != "" && now.Before(k.end):
			request.value, request.err = k.value, nil
		default:
			delete(t.kept, key)
		}
	}
	close(request.done)
}

// drop forgets a token that the vendor refused, unless it has been replaced already.
func (t *tokens) drop(key, value string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if k := t.kept[key]; k != nil && k.value == value {
		k.replaced()
		k.value = ""
	}
}

// replaced notes that there will be another token.
func (k *kept) replaced() {
	if k.value != "" {
		k.former = k.value
	}
}

// given are the tokens that a grant has given: the last two.
func (t *tokens) given(key string) []string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if k := t.kept[key]; k != nil {
		return []string{k.value, k.former}
	}
	return nil
}
