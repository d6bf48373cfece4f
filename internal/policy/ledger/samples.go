package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"ballerine/internal/expr"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Sample is a decision as a backtest sees it.
type Sample struct {
	*Head
	Input map[string]any // nil: it is not kept, or there are values

	values *expr.Values // what a draft reads of the input; nil: see Input
}

// Lazy returns a sample on demand: decoding is done by the workers. The sample is valid until the reader is used again.
type Lazy interface {
	Sample(r *Reader) (Sample, error)
}

// Source yields decisions, some at a time, in any order.
type Source func(ctx context.Context, yield func([]Lazy) error) error

// Reader reads samples, one after the other, and of their inputs what a draft reads. The zero value reads everything.
type Reader struct {
	bulk    *rules.Bulk // nil: everything
	values  expr.Values
	decoder decoder
	buffer  []byte
	head    Head
}

// input decodes an object, or null. It returns errNotPlain when encoding/json should do it.
func (r *Reader) input(into *Sample, depth int) error {
	d := &r.decoder
	if r.bulk == nil || d.next() != '{' {
		v, err := d.value(depth)
		input, ok := v.(map[string]any)
		if into.Input = input; err == nil && !ok && v != nil {
			return errNotPlain
		}
		return err
	}
	r.bulk.Begin(&r.values)
	into.values = &r.values
	return d.spread(r.bulk.Spots(), &r.values, depth)
}

// Sample implements Lazy: it is already decoded.
func (s Sample) Sample(*Reader) (Sample, error) { return s, nil }

// Sample implements Lazy: it reads the input and leaves the answer.
func (s *Sealed) Sample(r *Reader) (Sample, error) {
	sample := Sample{Head: &s.Head}
	if s.Unreadable {
		return sample, unreadable(errHead)
	}
	if len(s.Body) == 0 {
		return sample, nil
	}
	input, _, err := unpackInput(r.buffer[:0], s.Body)
	if err != nil || len(input) == 0 {
		return sample, unreadable(err)
	}
	r.buffer = input
	d := &r.decoder
	d.reset(string(input))
	d.space()
	err = r.input(&sample, 1)
	if d.space(); err == nil && d.at == len(d.text) {
		return sample, nil
	}
	sample = Sample{Head: &s.Head}
	return sample, unreadable(json.Unmarshal(input, &sample.Input))
}

// Line is a decision of an exported file: JSON of a Decision.
type Line string

// Sample implements Lazy.
func (l Line) Sample(r *Reader) (Sample, error) {
	d := &r.decoder
	d.reset(string(l))
	r.head = Head{}
	sample, seen := Sample{Head: &r.head}, false
	err := d.head(&r.head, func(name string) (err error) {
		if name != "input" {
			return d.skip(2)
		}
		if seen {
			return errNotPlain // encoding/json adds the second to the first
		}
		seen = true
		return r.input(&sample, 2)
	})
	d.space()
	if err != nil || d.at < len(d.text) || r.head.Outcome == "" {
		return l.whole()
	}
	return sample, nil
}

// whole reads a line with all that is in it.
func (l Line) whole() (Sample, error) {
	var d struct {
		Head
		Input map[string]any `json:"input"`
	}
	err := json.Unmarshal([]byte(l), &d)
	if err == nil && d.Outcome == "" {
		err = errors.New("no outcome")
	}
	return Sample{Head: &d.Head, Input: d.Input}, unreadable(err)
}

func unreadable(err error) error {
	if err == nil {
		return nil
	}
	return problem.Wrap(err, problem.Invalid, "A kept decision cannot be read.")
}

// How many decisions a source yields at a time.
const (
	pageSize  = 200
	headsSize = 1000 // without bodies
)

// Lines are the decisions of an exported file, one a line.
func Lines(file io.Reader) Source {
	return func(_ context.Context, yield func([]Lazy) error) error {
		lines := bufio.NewReaderSize(file, 1<<20)
		for {
			page, err := linesOf(lines)
			if len(page) > 0 {
				if err := yield(page); err != nil {
					return err
				}
			}
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return problem.Wrap(err, problem.Unavailable, "The decisions could not be read.")
			}
		}
	}
}

// linesOf reads a page of lines into one text.
func linesOf(lines *bufio.Reader) (page []Lazy, err error) {
	var text strings.Builder
	var ends []int
	for err == nil && len(ends) < pageSize {
		var part []byte
		part, err = lines.ReadSlice('\n')
		text.Write(part)
		if errors.Is(err, bufio.ErrBufferFull) {
			err = nil
			continue
		}
		ends = append(ends, text.Len())
	}
	begin := 0
	for _, end := range ends {
		if line := strings.TrimSpace(text.String()[begin:end]); line != "" {
			page = append(page, Line(line))
		}
		begin = end
	}
	return page, err
}

// Pages are decisions of a store, the newest first.
type Pages struct {
	Store          Store
	Tenant, Policy string
	Filter         Filter
	After          string    // where a former run ended
	Max            int       // decisions; 0: all
	Deadline       time.Time // no page is begun after it; zero: none
	Heads          bool      // without what the decisions saw

	Next string // when it is done: where the next run begins; "": there is no more
}

// Source implements the type Source.
func (p *Pages) Source(ctx context.Context, yield func([]Lazy) error) error {
	p.Next = p.After
	for given := 0; ; {
		size := pageSize
		if p.Heads {
			size = headsSize
		}
		if p.Max > 0 {
			size = min(size, p.Max-given)
		}
		found, next, err := p.Store.Decisions(ctx, p.Tenant, p.Policy, Query{Filter: p.Filter, After: p.Next, Limit: size, Bodies: !p.Heads})
		if err != nil {
			return err
		}
		page := make([]Lazy, len(found))
		for i := range found {
			page[i] = &found[i]
		}
		if len(page) > 0 {
			if err := yield(page); err != nil {
				return err
			}
		}
		given, p.Next = given+len(page), next
		if next == "" || p.Max > 0 && given >= p.Max || !p.Deadline.IsZero() && time.Now().After(p.Deadline) {
			return nil
		}
	}
}
