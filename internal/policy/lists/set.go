package lists

import (
	"math"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/text"
)

// Set is an edition's entries, to be asked. It is never changed, and safe for concurrent use.
type Set struct {
	edition string
	shape   Shape
	texts   map[string]int64 // key -> milliseconds since 1970 from which on the entry does not count
	numbers map[float64]int64
	parts   map[string]string // of chunks by name, as they were read
	size    int               // bytes of memory, about
}

var _ expr.List = (*Set)(nil)

// never is when an entry expires that does not.
const never = math.MaxInt64

// overhead of an entry in memory beside its text, in bytes, about.
const overhead = 48

func newSet(edition string, shape Shape, entries int) *Set {
	s := &Set{edition: edition, shape: shape, size: entries * overhead}
	if shape.Holds == Number {
		s.numbers = make(map[float64]int64, entries)
	} else {
		s.texts = make(map[string]int64, entries)
	}
	return s
}

// add takes an entry in its normal form.
func (s *Set) add(value string, until int64) error {
	if s.shape.Holds != Number {
		key := s.shape.key(value)
		if key != value {
			s.size += len(key)
		}
		if before, there := s.texts[key]; !there || before < until { // of editions from before letters were folded wholly
			s.texts[key] = until
		}
		return nil
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return unreadable(nil) // the cause would contain the value
	}
	s.numbers[n] = until
	return nil
}

// Edition implements expr.List.
func (s *Set) Edition() string { return s.edition }

// Len is the number of entries, those that have expired among them.
func (s *Set) Len() int { return len(s.texts) + len(s.numbers) }

// Holds implements expr.List. It takes the same time whatever the length of the list, and no memory for what is written as
// Unicode recommends.
func (s *Set) Holds(value any, at time.Time) (holds, fits bool) {
	var until int64
	var there bool
	if s.shape.Holds == Number {
		n, ok := numberOf(value)
		if !ok {
			return false, false
		}
		until, there = s.numbers[n]
	} else {
		text, ok := value.(string)
		if !ok || (s.shape.Holds == Date && !isDate(text)) {
			return false, false
		}
		until, there = s.text(text)
	}
	return there && at.UnixMilli() < until, true
}

func (s *Set) text(written string) (until int64, there bool) {
	written = text.Compose(strings.TrimSpace(written))
	if len(written) > MaxValue {
		return 0, false
	}
	if s.shape.Holds != Text || s.shape.Matching != IgnoringCase {
		until, there = s.texts[written]
		return until, there
	}
	var buffer [MaxValue]byte
	until, there = s.texts[string(text.AppendFold(buffer[:0], written))]
	return until, there
}
