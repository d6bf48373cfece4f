package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// bar shows the progress of long work on a terminal. On anything else it is silent.
type bar struct {
	out  io.Writer // nil: it is silent
	what string    // is counted: "decisions"
	now  func() time.Time

	mutex        sync.Mutex
	began, shown time.Time
	done         int
	fraction     float64 // negative: not known
}

func newBar(w io.Writer, what string) *bar {
	b := &bar{what: what, now: time.Now, fraction: -1}
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			b.out = w
		}
	}
	b.began = b.now()
	return b
}

// count states how many are done.
func (b *bar) count(done int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.done = done
	b.show()
}

// part states how much of the work is done, 0 to 1.
func (b *bar) part(fraction float64) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.fraction = fraction
	b.show()
}

// show writes at most ten times a second.
func (b *bar) show() {
	now := b.now()
	if b.out == nil || now.Sub(b.shown) < 100*time.Millisecond {
		return
	}
	b.shown = now
	fmt.Fprint(b.out, "\r\x1b[K"+b.line(now.Sub(b.began))) // an error means that the terminal is gone
}

// end clears the line.
func (b *bar) end() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.out != nil && !b.shown.IsZero() {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
	b.out = nil
}

const barWidth = 24

func (b *bar) line(elapsed time.Duration) string {
	line := ""
	if b.fraction >= 0 {
		filled := int(min(1, b.fraction) * barWidth)
		line = fmt.Sprintf("%3.0f %% [%s%s] ", 100*min(1, b.fraction), strings.Repeat("=", filled), strings.Repeat(" ", barWidth-filled))
	}
	line += fmt.Sprintf("%d %s", b.done, b.what)
	if seconds := elapsed.Seconds(); seconds > 0 && b.done > 0 {
		line += fmt.Sprintf(", %.0f/s", float64(b.done)/seconds)
	}
	if b.fraction > 0 && b.fraction < 1 {
		left := time.Duration(float64(elapsed) * (1 - b.fraction) / b.fraction)
		line += ", " + left.Round(time.Second).String() + " left"
	}
	return line
}

// measured reports to a bar how much of a file has been read.
type measured struct {
	io.Reader
	size, read int64
	bar        *bar
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if m.read += int64(n); m.size > 0 {
		m.bar.part(float64(m.read) / float64(m.size))
	}
	return n, err
}
