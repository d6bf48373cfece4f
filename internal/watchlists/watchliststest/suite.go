// Package watchliststest has the behaviour that every store of watch lists must have, and one in memory.
package watchliststest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"

	"ballerine/internal/problem"
	"ballerine/internal/watchlists"
)

// Memory keeps objects in memory.
type Memory struct {
	mutex   sync.Mutex
	objects map[string][]byte

	// Fails is asked before each call, with the method and the key; nil: none fails.
	Fails func(method, key string) error
	// After is asked after each write that was made; an error is the answer to it.
	After func(method, key string) error
}

var _ watchlists.Objects = (*Memory)(nil)

func (m *Memory) fails(method, key string) error {
	if m.Fails == nil {
		return nil
	}
	return m.Fails(method, key)
}

func tagOf(content []byte) string { s := sha256.Sum256(content); return hex.EncodeToString(s[:]) }

// Get implements watchlists.Objects.
func (m *Memory) Get(_ context.Context, key string, limit int64) ([]byte, string, error) {
	if err := m.fails("Get", key); err != nil {
		return nil, "", err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	content, there := m.objects[key]
	switch {
	case !there:
		return nil, "", problem.New(problem.NotFound, "There is no such object.")
	case int64(len(content)) > limit:
		return nil, "", problem.New(problem.TooLarge, "The object is too large.")
	}
	return bytes.Clone(content), tagOf(content), nil
}

// Put implements watchlists.Objects.
func (m *Memory) Put(_ context.Context, key string, content []byte, tag string) error {
	if err := m.fails("Put", key); err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	before, there := m.objects[key]
	if there != (tag != "") || there && tagOf(before) != tag {
		return problem.New(problem.Conflict, "Somebody else has written the object.")
	}
	if m.objects == nil {
		m.objects = map[string][]byte{}
	}
	m.objects[key] = bytes.Clone(content)
	if m.After != nil {
		return m.After("Put", key)
	}
	return nil
}

// Delete implements watchlists.Objects.
func (m *Memory) Delete(_ context.Context, key string) error {
	if err := m.fails("Delete", key); err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.objects, key)
	return nil
}

// Keys are those of all objects, in no order.
func (m *Memory) Keys() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var keys []string
	for key := range m.objects {
		keys = append(keys, key)
	}
	return keys
}

// Replace writes over an object, whatever it was.
func (m *Memory) Replace(key string, content []byte) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.objects[key] = content
}

// Objects is the suite.
func Objects(t *testing.T, objects watchlists.Objects) {
	ctx := t.Context()
	wantCode := func(err error, want problem.Code) {
		t.Helper()
		if problem.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key := "watchlists/catalogues/demo.json"
	_, _, err := objects.Get(ctx, key, 10)
	wantCode(err, problem.NotFound)
	wantCode(objects.Put(ctx, key, []byte("x"), `"d41d8cd98f00b204e9800998ecf8427e"`), problem.Conflict)
	must(objects.Put(ctx, key, []byte("first"), ""))
	wantCode(objects.Put(ctx, key, []byte("again"), ""), problem.Conflict)
	content, tag, err := objects.Get(ctx, key, 5)
	must(err)
	if string(content) != "first" || tag == "" {
		t.Errorf("%q with the tag %q", content, tag)
	}
	_, _, err = objects.Get(ctx, key, 4)
	wantCode(err, problem.TooLarge)
	must(objects.Put(ctx, key, []byte("second"), tag))
	wantCode(objects.Put(ctx, key, []byte("third"), tag), problem.Conflict)

	var running sync.WaitGroup
	_, tag, err = objects.Get(ctx, key, 10)
	must(err)
	answers := make([]error, 8)
	for i := range answers {
		running.Go(func() { answers[i] = objects.Put(ctx, key, fmt.Appendf(nil, "writer %d", i), tag) })
	}
	running.Wait()
	won := 0
	for _, err := range answers {
		if err == nil {
			won++
		} else if problem.CodeOf(err) != problem.Conflict {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of 8 writers have replaced the same object: %v", won, errors.Join(answers...))
	}
	must(objects.Delete(ctx, key))
	must(objects.Delete(ctx, key))
	_, _, err = objects.Get(ctx, key, 10)
	wantCode(err, problem.NotFound)
}
