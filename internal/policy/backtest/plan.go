package backtest

import (
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Planning of a run.
type Planning struct {
	Parts  int           // at most so many
	Finest time.Duration // a part spans at least so much, unless what it is cut from is shorter
}

// Plan cuts spans into windows: each span gets the same number of them, because it is not known how many decisions it
// has. The windows are in order, do not overlap, and hold every time of the spans and no time between windows twice. The
// distribution of decisions over them does not affect the result, only how soon it is there.
func (p Planning) Plan(spans []Window) []Window {
	most := max(1, p.Parts)
	spans = joined(spans, most)
	var windows []Window
	for i, span := range spans {
		share := most*(i+1)/len(spans) - most*i/len(spans)
		windows = append(windows, span.cut(p.pieces(span, share))...)
	}
	return windows
}

// joined merges neighbours until at most the given number is left.
func joined(spans []Window, most int) []Window {
	if len(spans) <= most {
		return spans
	}
	var fewer []Window
	for i := range most {
		group := spans[len(spans)*i/most : len(spans)*(i+1)/most]
		fewer = append(fewer, Window{group[0].From, group[len(group)-1].To})
	}
	return fewer
}

func (p Planning) pieces(span Window, share int) int {
	if p.Finest <= 0 {
		return max(1, share)
	}
	return max(1, min(share, int(span.To.Sub(span.From)/p.Finest)))
}

// cut into pieces of the same length.
func (w Window) cut(pieces int) []Window {
	length := w.To.Sub(w.From)
	var cuts []Window
	from := w.From
	for i := range pieces {
		to := w.From.Add(length/time.Duration(pieces)*time.Duration(i+1) + length%time.Duration(pieces)*time.Duration(i+1)/time.Duration(pieces))
		if to.After(from) {
			cuts = append(cuts, Window{from, to})
			from = to
		}
	}
	return cuts
}

// Span is what stores return for the places of the first and the last decision of a stretch; see ledger.Head.Place.
// Errors: Internal when they are none.
func Span(first, last string) (w Window, err error) {
	if w.From, err = timeOf(first); err != nil {
		return w, err
	}
	if w.To, err = timeOf(last); err != nil {
		return w, err
	}
	w.To = w.To.Add(1) // right after it
	return w, nil
}

// timeOf a place.
func timeOf(place string) (time.Time, error) {
	stamp, _, _ := strings.Cut(place, "#")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return at, problem.Wrap(err, problem.Internal, "The position of a decision cannot be read.")
	}
	return at, nil
}
