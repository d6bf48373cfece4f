package statechart

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

var update = flag.Bool("update", false, "write the golden files anew")

// happening is an element of events.json. after advances the clock, timer by timer, before the event.
type happening struct {
	Type    string `json:"type"`
	Payload any    `json:"payload"`
	After   string `json:"after"`
	State   string `json:"state"`
	Visit   int    `json:"visit"`
}

// outcome is a line of expected.jsonl.
type outcome struct {
	Event   string         `json:"event"`
	Label   string         `json:"label"`
	In      []string       `json:"in,omitempty"` // the configuration, when it is more than one state
	Status  Status         `json:"status"`
	Tags    []string       `json:"tags,omitempty"`
	Context map[string]any `json:"context,omitempty"` // what was written
	Effects []string       `json:"effects,omitempty"`
	Trace   []string       `json:"trace,omitempty"`
	Stale   bool           `json:"stale,omitempty"`
	Error   string         `json:"error,omitempty"`
	Allowed any            `json:"allowed,omitempty"`
}

// specimen plays one case of testdata/semantics.
type specimen struct {
	chart    *Chart
	snapshot Snapshot
	context  map[string]any
	now      time.Time
	out      bytes.Buffer
	t        *testing.T
}

// TestSemantics plays every folder of testdata/semantics: chart.yaml and events.json give expected.jsonl.
func TestSemantics(t *testing.T) {
	folders, err := filepath.Glob("testdata/semantics/*")
	if err != nil || len(folders) < 120 {
		t.Fatal("the specification is not there", len(folders), err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) { playFolder(t, folder) })
	}
}

func playFolder(t *testing.T, folder string) {
	text, err := os.ReadFile(filepath.Join(folder, "chart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := &specimen{chart: parse(t, string(text)), context: map[string]any{}, now: start, t: t}
	var events []happening
	s.read(filepath.Join(folder, "events.json"), &events)
	if _, err := os.Stat(filepath.Join(folder, "context.json")); err == nil {
		s.read(filepath.Join(folder, "context.json"), &s.context)
	}
	r, err := s.chart.Start(s.context, s.now)
	s.note("(start)", r, err)
	for _, e := range events {
		s.play(e)
	}
	file := filepath.Join(folder, "expected.jsonl")
	if *update {
		if err := os.WriteFile(file, s.out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wanted, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if s.out.String() != string(wanted) {
		t.Errorf("got\n%s\nwanted\n%s", s.out.String(), wanted)
	}
}

func (s *specimen) read(file string, into any) {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *specimen) play(e happening) {
	if e.After != "" {
		delay, ok := ParseDelay(e.After)
		if !ok {
			s.t.Fatal("after is no duration")
		}
		s.now = delay.After(s.now)
		if e.Type == "" {
			event, due := s.chart.Due(s.snapshot, s.now)
			if !due {
				s.note("(nothing is due)", Result{Snapshot: s.snapshot, Context: s.context}, nil)
			}
			for ; due; event, due = s.chart.Due(s.snapshot, s.now) {
				s.step(event)
			}
			return
		}
	}
	s.step(Event{Type: e.Type, Payload: e.Payload, State: e.State, Visit: e.Visit})
}

func (s *specimen) step(event Event) {
	r, err := s.chart.Step(s.snapshot, s.context, event, s.now)
	s.note(event.Type, r, err)
}

func (s *specimen) note(event string, r Result, err error) {
	o := outcome{Event: event, Stale: r.Stale}
	if err != nil {
		o.Error = string(problem.CodeOf(err))
		var e *problem.Error
		if errors.As(err, &e) {
			o.Allowed = e.Details["allowed"]
		}
	} else {
		s.snapshot, s.context = r.Snapshot, r.Context
	}
	for _, name := range r.Changed {
		if o.Context == nil {
			o.Context = map[string]any{}
		}
		o.Context[name] = r.Context[name]
	}
	for _, e := range r.Effects {
		o.Effects = append(o.Effects, s.line(e))
	}
	for _, g := range r.Trace {
		o.Trace = append(o.Trace, s.line(g))
	}
	o.Label, o.Status, o.Tags = s.chart.Position(s.snapshot).Label, s.snapshot.Status, s.chart.Tags(s.snapshot)
	if in := s.chart.Configuration(s.snapshot); len(in) > 1 {
		o.In = in
	}
	s.out.WriteString(s.line(o) + "\n")
}

func (s *specimen) line(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		s.t.Fatal(err)
	}
	return strings.NewReplacer("\n", "", `\"`, "'").Replace(b.String())
}
