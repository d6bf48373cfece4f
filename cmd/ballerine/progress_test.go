package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

func TestABarReportsHowFarItIsAndWhatIsLeft(t *testing.T) {
	b := &bar{what: "decisions", fraction: -1}
	for _, c := range []struct {
		done     int
		fraction float64
		want     string
	}{
		{0, -1, "0 decisions"},
		{5000, -1, "5000 decisions, 500/s"},
		{5000, 0.25, " 25 % [======                  ] 5000 decisions, 500/s, 30s left"},
		{20000, 1, "100 % [========================] 20000 decisions, 2000/s"},
	} {
		b.done, b.fraction = c.done, c.fraction
		if got := b.line(10 * time.Second); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestABarIsDrawnOnATerminalOnly(t *testing.T) {
	pipe, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	quiet := newBar(pipe, "decisions")
	quiet.count(5)
	quiet.part(0.5)
	quiet.end()
	if info, err := pipe.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	terminal := &bytes.Buffer{}
	now := time.Unix(0, 0)
	b := &bar{out: terminal, what: "decisions", fraction: -1, began: now, now: func() time.Time { return now }}
	for range 100 {
		now = now.Add(10 * time.Millisecond)
		b.count(1)
	}
	b.end()
	b.count(7)
	if lines := strings.Count(terminal.String(), "1 decisions"); lines != 10 || !strings.HasSuffix(terminal.String(), "\r\x1b[K") {
		t.Errorf("%d times: %q", lines, terminal.String())
	}
}
