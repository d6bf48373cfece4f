package embedded

import (
	"strings"

	"github.com/tidwall/btree"
	"go.etcd.io/bbolt"
)

// layer are writes that the data file does not have yet: bucket, NUL, key -> value; nil means that the key was deleted.
// Copies of a layer share what is equal.
type layer = btree.Map[string, []byte]

func inLayer(bucket, key string) string { return bucket + "\x00" + key }

// source is a place where keys of one bucket are, in order. Its key is "" before the first and behind the last.
type source interface {
	// seek goes to the first key that is not less.
	seek(key string)
	// below goes to the last key that is less.
	below(key string)
	next()
	prev()
	at() (key string, value []byte)
}

// layerSource is the bucket in a layer.
type layerSource struct {
	iter   btree.MapIter[string, []byte]
	bucket string // with its NUL
	there  bool
}

func newLayerSource(l *layer, bucket string) *layerSource {
	return &layerSource{iter: l.Iter(), bucket: inLayer(bucket, "")}
}

func (s *layerSource) seek(key string) { s.there = s.iter.Seek(s.bucket + key) }

func (s *layerSource) below(key string) {
	if s.iter.Seek(s.bucket + key) {
		s.there = s.iter.Prev()
	} else {
		s.there = s.iter.Last()
	}
}

func (s *layerSource) next() { s.there = s.there && s.iter.Next() }
func (s *layerSource) prev() { s.there = s.there && s.iter.Prev() }

func (s *layerSource) at() (key string, value []byte) {
	if !s.there {
		return "", nil
	}
	key, ok := strings.CutPrefix(s.iter.Key(), s.bucket)
	if !ok { // another bucket's
		return "", nil
	}
	return key, s.iter.Value()
}

// fileSource is the bucket in the data file.
type fileSource struct {
	cursor *bbolt.Cursor
	key    string
	value  []byte
}

func (s *fileSource) set(key, value []byte) { s.key, s.value = string(key), value }

func (s *fileSource) seek(key string) { s.set(s.cursor.Seek([]byte(key))) }

func (s *fileSource) below(key string) {
	found, _ := s.cursor.Seek([]byte(key))
	if found == nil {
		s.set(s.cursor.Last())
	} else {
		s.set(s.cursor.Prev())
	}
	for s.key >= key && s.key != "" { // Last of a bucket that has none less
		s.prev()
	}
}

func (s *fileSource) next()                { s.set(s.cursor.Next()) }
func (s *fileSource) prev()                { s.set(s.cursor.Prev()) }
func (s *fileSource) at() (string, []byte) { return s.key, s.value }

// merged iterates over a bucket, merging its layers and the file.
type merged struct {
	sources []source // the newest first
	back    bool
}

// bucket is a bucket in all of its places.
func (tx *Tx) bucket(name string, back bool) *merged {
	m := &merged{back: back}
	for _, l := range tx.layers {
		if l.Len() > 0 {
			m.sources = append(m.sources, newLayerSource(l, name))
		}
	}
	if b := tx.bolt.Bucket([]byte(name)); b != nil {
		m.sources = append(m.sources, &fileSource{cursor: b.Cursor()})
	}
	return m
}

// from goes to the first key that is not less, or backwards to the last that is less.
func (m *merged) from(key string) {
	for _, s := range m.sources {
		if m.back {
			s.below(key)
		} else {
			s.seek(key)
		}
	}
}

// next returns the next key that exists and moves past it. The key is "" at the end.
func (m *merged) next() (string, []byte) {
	for {
		var key string
		var value []byte
		for _, s := range m.sources {
			if k, v := s.at(); k != "" && (key == "" || m.back && k > key || !m.back && k < key) {
				key, value = k, v
			}
		}
		if key == "" {
			return "", nil
		}
		for _, s := range m.sources {
			if k, _ := s.at(); k == key {
				m.step(s)
			}
		}
		if value != nil { // nil: deleted by a layer
			return key, value
		}
	}
}

func (m *merged) step(s source) {
	if m.back {
		s.prev()
	} else {
		s.next()
	}
}
