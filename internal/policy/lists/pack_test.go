package lists

import (
	"fmt"
	"testing"
	"time"
)

// FuzzChunk reads what is kept: what is no chunk is refused, what is one is written as it was read.
func FuzzChunk(f *testing.F) {
	good := []byte{format}
	for i := range 3 {
		good = appendEntry(good, Entry{Value: fmt.Sprint(i), Note: "n", ExpiresAt: time.UnixMilli(int64(i)).UTC()})
	}
	f.Add(string(good))
	f.Add("")
	f.Add("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	f.Fuzz(func(t *testing.T, text string) {
		again := []byte{format}
		err := each(text, func(value string, until int64, note string) error {
			again = appendEntry(again, entryOf(value, until, note))
			return nil
		})
		if err != nil {
			return
		}
		count := 0
		if err := each(string(again), func(string, int64, string) error { count++; return nil }); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheLargestEditionFitsTheItemsOfATable(t *testing.T) {
	var table Table
	note := string(make([]byte, 0, MaxNote))
	for i := range MaxNote {
		note += string(rune('a' + i%26))
	}
	for i := 0; i < MaxBytes; i += MaxNote + 12 {
		value := fmt.Sprintf("value %06d", i)
		table.entries, table.keys = append(table.entries, Entry{Value: value, Note: note}), append(table.keys, value)
	}
	chunks, bodies, err := table.split(1, nil)
	if err != nil || len(chunks) < 60 || len(chunks) > 200 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	for name, body := range bodies {
		if len(body) > 350<<10 {
			t.Errorf("%s has %d bytes", name, len(body))
		}
		if _, err := unpack(body); err != nil {
			t.Error(err)
		}
	}
}
