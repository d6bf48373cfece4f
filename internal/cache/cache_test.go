package cache_test

import (
	"sync"
	"testing"

	"ballerine/internal/cache"
)

func TestTheLeastRecentlyUsedValueGoesFirst(t *testing.T) {
	c := cache.New[string, int](2)
	c.Put("a", 1)
	c.Put("b", 2)
	c.Get("a")
	c.Put("c", 3)
	if _, ok := c.Get("b"); ok {
		t.Error("b is kept, though a was used after it")
	}
	for key, want := range map[string]int{"a": 1, "c": 3} {
		if got, ok := c.Get(key); !ok || got != want {
			t.Errorf("%s is %d, %t", key, got, ok)
		}
	}
}

func TestARemovedValueIsGone(t *testing.T) {
	c := cache.New[string, int](2)
	c.Put("a", 1)
	c.Put("a", 2)
	if got, _ := c.Get("a"); got != 2 || c.Len() != 1 {
		t.Errorf("%d of %d", got, c.Len())
	}
	c.Remove("a")
	c.Remove("never there")
	if _, ok := c.Get("a"); ok || c.Len() != 0 {
		t.Error("it is still there")
	}
}

func TestManyGoroutinesShareACache(t *testing.T) {
	c := cache.New[int, int](8)
	var running sync.WaitGroup
	for n := range 8 {
		running.Go(func() {
			for i := range 1000 {
				c.Put(i%16, i%16)
				if got, ok := c.Get((i + n) % 16); ok && got != (i+n)%16 {
					t.Errorf("%d under the key %d", got, (i+n)%16)
				}
			}
		})
	}
	running.Wait()
	if c.Len() > 8 {
		t.Errorf("%d values are kept", c.Len())
	}
}
