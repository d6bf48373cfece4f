package peers_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ballerine/internal/problem"
	"ballerine/internal/source"
	"ballerine/internal/statechart"
	"ballerine/internal/statechart/charttest"
)

func TestMain(m *testing.M) { charttest.Main(m) }

// job is a chart with events, as run.mjs reads it.
type job struct {
	Machine any     `json:"machine"`
	Events  []event `json:"events"`
}

type event struct {
	Type  string `json:"type,omitempty"`
	After int    `json:"after,omitempty"` // milliseconds
}

// answer is what XState did, by SCXML's choice of transitions and by its own.
type answer struct {
	SCXML    []step `json:"scxml"`
	XState   []step `json:"xstate"`
	Differed int    `json:"differed"` // the first step in which its own choice was another one
}

type step struct {
	Configuration []string `json:"configuration"`
	Status        string   `json:"status"`
	N             int      `json:"n"`
}

// peer is XState in a process of its own.
type peer struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t *testing.T) *peer {
	t.Helper()
	return startPeer(t, "run.mjs")
}

func startPeer(t *testing.T, script string) *peer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(map[string]string{"run.mjs": "node_modules/xstate5", "import.mjs": "node_modules/xstate4"}[script])
	}
	if err != nil {
		const message = "XState is not installed: npm ci --prefix internal/statechart/peers"
		if os.Getenv("CI") != "" {
			t.Fatal("CI must have: " + message)
		}
		t.Skip("SKIPPED, NOT TESTED HERE: " + message)
	}
	command := exec.Command(node, script)
	command.Stderr = os.Stderr
	in, err1 := command.StdinPipe()
	out, err2 := command.StdoutPipe()
	if err1 != nil || err2 != nil || command.Start() != nil {
		t.Fatal("node does not start")
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<24)
	return &peer{in, scanner}
}

func (p *peer) play(t *rapid.T, j job) (a answer) {
	text, err := json.Marshal(j)
	if err == nil {
		_, err = p.in.Write(append(text, '\n'))
	}
	if err != nil || !p.out.Scan() {
		t.Fatalf("XState has gone: %v\n%s", err, text)
	}
	if err := json.Unmarshal(p.out.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// ours plays the same events.
func ours(t *rapid.T, chart *statechart.Chart, events []event) (steps []step) {
	now := begin
	r, err := chart.Start(map[string]any{"n": 0.0}, now)
	look := func(err error) {
		if problem.CodeOf(err) == problem.Livelock {
			steps = append(steps, step{[]string{}, "livelock", 0})
			return
		}
		n, _ := r.Context["n"].(float64)
		steps = append(steps, step{chart.Configuration(r.Snapshot), string(r.Snapshot.Status), int(n)})
	}
	apply := func(e statechart.Event, at time.Time) error {
		next, err := chart.Step(r.Snapshot, r.Context, e, at)
		switch problem.CodeOf(err) {
		case problem.EventNotAllowed, problem.CaseClosed:
			return nil
		case problem.Livelock:
			return err
		}
		if err != nil {
			t.Fatal(err)
		}
		r = next
		return nil
	}
	look(err)
	for _, e := range events {
		if err != nil {
			break
		}
		if e.After == 0 {
			err = apply(statechart.Event{Type: e.Type}, now)
			look(err)
			continue
		}
		until := now.Add(time.Duration(e.After) * time.Millisecond)
		for err == nil { // each timer at its own time, as a clock would
			at := chart.Deadline(r.Snapshot)
			if at.IsZero() || at.After(until) {
				break
			}
			due, _ := chart.Due(r.Snapshot, at)
			err = apply(due, at)
		}
		now = until
		look(err)
	}
	return steps
}

// TestRandomChartsDoWhatTheyDoInXState checks configuration, status and context against XState after every event. With
// SCXML's choice of transitions there is no difference at all; with XState's own there is none until it chooses otherwise.
func TestRandomChartsDoWhatTheyDoInXState(t *testing.T) {
	xstate := start(t)
	events, otherwise, ended := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		drawn := charttest.Draw(t, charttest.Options{Parallel: true, Timers: true, Wildcard: true, OneAlways: true, States: rapid.SampledFrom([]int{4, 6, 12}).Draw(t, "size")})
		doc := source.Parse("random.json", drawn.JSON())
		chart := statechart.Parse(doc, statechart.Options{})
		if chart == nil {
			t.Fatalf("%v\n%s", doc.Diagnostics, drawn.JSON())
		}
		j := job{Machine: drawn.Peer(), Events: drawEvents(t, drawn)}
		theirs, mine := xstate.play(t, j), ours(t, chart, j.Events)
		until := len(mine)
		for _, steps := range [][]step{mine, theirs.SCXML} {
			// Where each notices that a chart goes round for ever is its own business; XState does not when nothing changes.
			if i := slices.IndexFunc(steps, func(s step) bool { return s.Status == "livelock" }); i >= 0 {
				until = min(until, i)
			}
		}
		if diff := cmp.Diff(theirs.SCXML[:until], mine[:until]); diff != "" {
			t.Fatalf("- XState, + ours\n%s\n%s\n%v", diff, drawn.JSON(), j.Events)
		}
		events += until
		if theirs.Differed >= 0 {
			otherwise++
			until = min(until, theirs.Differed)
		}
		if diff := cmp.Diff(theirs.XState[:until], mine[:until]); diff != "" {
			t.Fatalf("with its own choice: - XState, + ours\n%s\n%s\n%v", diff, drawn.JSON(), j.Events)
		}
		if mine[len(mine)-1].Status == "done" {
			ended++
		}
	})
	t.Logf("%d events; in %d charts XState chose otherwise than SCXML; %d came to their end", events, otherwise, ended)
	if events == 0 || ended == 0 {
		t.Error("nothing was compared")
	}
}

func drawEvents(t *rapid.T, chart *charttest.Chart) (events []event) {
	names := slices.Clone(charttest.Events)
	for _, s := range chart.States {
		names = append(names, "GO_"+s.Name)
	}
	for range rapid.IntRange(1, 12).Draw(t, "events") {
		if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
			events = append(events, event{After: 1000 * rapid.IntRange(1, 4).Draw(t, "seconds")})
			continue
		}
		events = append(events, event{Type: rapid.SampledFrom(names).Draw(t, "event")})
	}
	return events
}
