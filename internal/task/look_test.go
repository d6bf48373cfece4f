package task

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"sync"
	"testing"

	"ballerine/internal/docscan"
)

// However many documents come at once, pictures are decoded side by side only while they fit into the memory of one, and the
// same bytes once.
func TestPicturesAreLookedAtWithinBounds(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4000, 4000))); err != nil {
		t.Fatal(err)
	}
	look := newLooker(nil)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if got, err := look.at(t.Context(), b.Bytes(), false); err != nil || !got.Whole || got.Spread != 0 {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
	group.Wait()
	if look.seen.Len() != 1 {
		t.Errorf("%d are remembered", look.seen.Len())
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := look.room.Acquire(t.Context(), docscan.MaxPixels); err != nil {
		t.Fatal(err)
	}
	if _, err := newLookerWith(look).at(ended, b.Bytes(), false); err == nil {
		t.Error("nothing waited for room")
	}
	for n := range maxSeen + 3 {
		look.seen.Put(looked{sum: [32]byte{byte(n), byte(n >> 8), 1}}, docscan.Look{})
	}
	if look.seen.Len() > maxSeen {
		t.Errorf("%d are remembered", look.seen.Len())
	}
}

// newLookerWith shares the room and remembers nothing.
func newLookerWith(other *looker) *looker {
	l := newLooker(nil)
	l.room = other.room
	return l
}
