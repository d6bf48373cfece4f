// Package cache is a bounded cache that evicts the least recently used value. It is safe for concurrent use.
// docs/architecture.md lists what is cached where, and for how long after an erasure.
package cache

import lru "github.com/hashicorp/golang-lru/v2"

// Cache keeps the values that were used last, by key.
type Cache[K comparable, V any] struct{ lru *lru.Cache[K, V] }

// New is an empty cache of at most size values; size is at least 1.
func New[K comparable, V any](size int) *Cache[K, V] {
	kept, err := lru.New[K, V](size)
	if err != nil {
		panic(err) // a size that is written down in the code and is not positive
	}
	return &Cache[K, V]{kept}
}

// Get is the value of a key, and whether there is one.
func (c *Cache[K, V]) Get(key K) (V, bool) { return c.lru.Get(key) }

// Put keeps a value, instead of another one of the key.
func (c *Cache[K, V]) Put(key K, value V) { c.lru.Add(key, value) }

// Remove forgets the value of a key, if there is one.
func (c *Cache[K, V]) Remove(key K) { c.lru.Remove(key) }

// Len is how many values there are.
func (c *Cache[K, V]) Len() int { return c.lru.Len() }
