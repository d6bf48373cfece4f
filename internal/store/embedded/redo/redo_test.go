package redo_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/store/embedded/redo"
)

const id = 77

// one is a log's generation.
const one = 5

func begin(t testing.TB, data string, number uint64) *redo.Log {
	t.Helper()
	log, err := redo.Begin(data, id, one, number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close(false) }) // some tests have closed it
	return log
}

func group(n int) []redo.Write {
	return []redo.Write{
		{Bucket: "things", Key: fmt.Sprint("key", n), Value: bytes.Repeat([]byte{byte(n)}, 300*n)},
		{Bucket: "things", Key: "gone"},
		{Bucket: "empty", Key: "value", Value: []byte{}},
	}
}

// read returns the numbers of the records behind one, and wants each to be what was written.
func read(t *testing.T, data string, after uint64) (numbers []uint64, err error) {
	t.Helper()
	err = redo.Read(data, redo.State{ID: id, After: after, Generation: one}, func(number uint64, writes []redo.Write) error {
		numbers = append(numbers, number)
		if want := group(int(number)); !reflect.DeepEqual(writes, want) {
			t.Errorf("record %d is %v, want %v", number, writes, want)
		}
		return nil
	})
	return numbers, err
}

func appendTo(t *testing.T, log *redo.Log, records int) {
	t.Helper()
	for range records {
		if err := log.Append(group(int(log.Number() + 1))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatWasAppendedIsReadInOrderOverBothFiles(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.db")
	log := begin(t, data, 4)
	appendTo(t, log, 3)
	log.Turn()
	appendTo(t, log, 2)
	for after, want := range map[uint64][]uint64{4: {5, 6, 7, 8, 9}, 6: {7, 8, 9}, 7: {8, 9}, 9: nil, 12: nil} {
		if got, err := read(t, data, after); err != nil || !slices.Equal(got, want) {
			t.Errorf("after %d: %v %v, want %v", after, got, err, want)
		}
	}
	log.Turn() // the data file has up to 7
	appendTo(t, log, 1)
	if got, err := read(t, data, 7); err != nil || !slices.Equal(got, []uint64{8, 9, 10}) {
		t.Errorf("after a file was used again: %v %v", got, err)
	}
	if err := log.Close(true); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, data, 0); !errors.Is(err, redo.ErrDamaged) || got != nil {
		t.Errorf("after the log was removed, which has to be there: %v %v", got, err)
	}
	if err := redo.Read(data, redo.State{ID: id, After: 10}, nil); err != nil {
		t.Errorf("after the log was removed, which need not be there: %v", err)
	}
}

// A crash leaves of a record that was not acknowledged any of its blocks, and in the place of the others what was there before:
// room, or records of an earlier turn.
func TestARecordThatACrashCutShortIsTheEnd(t *testing.T) {
	for _, turns := range []int{0, 2} {
		data := filepath.Join(t.TempDir(), "data.db")
		log := begin(t, data, 0)
		var after uint64
		for range turns { // the other file, and this one again
			appendTo(t, log, 4)
			after = log.Number()
			log.Turn()
		}
		appendTo(t, log, 2)
		path := redo.Paths(data)[0]
		before := readFile(t, path)
		whole := int(log.Size())
		appendTo(t, log, 1)
		text := readFile(t, path)
		blocks := (int(log.Size()) - whole) / 512
		want := []uint64{after + 1, after + 2}
		for kept := range 1<<min(blocks, 6) - 1 { // a bit for each block, of which the last stands for the rest
			torn := bytes.Clone(text)
			for n := range blocks {
				if at := 4096 + whole + 512*n; kept>>min(n, 5)&1 == 0 {
					copy(torn[at:at+512], before[at:])
				}
			}
			writeFile(t, path, torn)
			got, err := read(t, data, after)
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("blocks %b are kept: %v %v, want %v", kept, got, err, want)
			}
		}
		writeFile(t, path, text)
		if got, err := read(t, data, after); err != nil || len(got) != 3 {
			t.Errorf("all are kept: %v %v", got, err)
		}
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func writeFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLostRecordsBeforeLaterOnesAreDamage(t *testing.T) {
	prepared := func(t *testing.T) (data string, text []byte) {
		data = filepath.Join(t.TempDir(), "data.db")
		log := begin(t, data, 0)
		appendTo(t, log, 4)
		text, err := os.ReadFile(redo.Paths(data)[0])
		if err != nil {
			t.Fatal(err)
		}
		return data, text
	}
	t.Run("a flipped byte", func(t *testing.T) {
		data, text := prepared(t)
		for _, at := range []int{2, 9, 20, 30, 600, 1100} {
			flipped := bytes.Clone(text)
			flipped[4096+at] ^= 1
			if err := os.WriteFile(redo.Paths(data)[0], flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := read(t, data, 0); !errors.Is(err, redo.ErrDamaged) {
				t.Errorf("byte %d: %v", at, err)
			}
		}
	})
	t.Run("another data file's log", func(t *testing.T) {
		data, _ := prepared(t)
		for name, state := range map[string]redo.State{
			"must be there": {ID: id + 1, Generation: one}, "of another generation": {ID: id, Generation: one + 1},
			"need not be there": {ID: id + 1}, "of the same file, when it need not be there": {ID: id, After: 2}, "when another one is done with": {ID: id, After: 3, Done: one + 1},
		} {
			err := redo.Read(data, state, func(number uint64, _ []redo.Write) error { return fmt.Errorf("record %d is shown", number) })
			if !errors.Is(err, redo.ErrDamaged) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, state := range map[string]redo.State{"the file has it": {ID: id, After: 4}, "done with": {ID: id, After: 2, Done: one}} {
			if err := redo.Read(data, state, nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Whatever is lost of a log's files and reads as nothing, or as zeros, is noticed; the records before it are shown.
func TestWhatIsLostOfALogIsNoticed(t *testing.T) {
	whole := func(t *testing.T) (data string) {
		data = filepath.Join(t.TempDir(), "data.db")
		log := begin(t, data, 0)
		appendTo(t, log, 4)
		log.Turn()
		appendTo(t, log, 3)
		return data
	}
	change := func(t *testing.T, path string, with func(text []byte) []byte) {
		writeFile(t, path, with(readFile(t, path)))
	}
	for name, damage := range map[string]func(t *testing.T, path, other string){
		"missing": func(t *testing.T, path, _ string) { _ = os.Remove(path) },
		"emptied": func(t *testing.T, path, _ string) { writeFile(t, path, nil) },
		"zeros": func(t *testing.T, path, _ string) {
			change(t, path, func(text []byte) []byte { clear(text); return text })
		},
		"the other one": func(t *testing.T, path, other string) { writeFile(t, path, readFile(t, other)) },
		"no head": func(t *testing.T, path, _ string) {
			change(t, path, func(text []byte) []byte { clear(text[:4096]); return text })
		},
		"the last byte": func(t *testing.T, path, _ string) {
			change(t, path, func(text []byte) []byte { return text[:len(text)-1] })
		},
		"the last room": func(t *testing.T, path, _ string) {
			change(t, path, func(text []byte) []byte { clear(text[len(text)-512:]); return text })
		},
	} {
		for i := range 2 {
			data := whole(t)
			paths := redo.Paths(data)
			damage(t, paths[i], paths[1-i])
			if _, err := read(t, data, 0); !errors.Is(err, redo.ErrDamaged) || !strings.Contains(err.Error(), filepath.Base(paths[i])) {
				t.Errorf("%s, file %d: %v", name, i, err)
			}
		}
	}
	data := whole(t)
	path, text := redo.Paths(data)[1], readFile(t, redo.Paths(data)[1])
	for at := 0; at < len(text); at += 512 { // at the boundaries of records, too
		writeFile(t, path, text[:at])
		if got, err := read(t, data, 0); !errors.Is(err, redo.ErrDamaged) {
			t.Fatalf("cut at %d: %v %v", at, got, err)
		}
		zeros := bytes.Clone(text)
		clear(zeros[at:])
		writeFile(t, path, zeros)
		if got, err := read(t, data, 0); !errors.Is(err, redo.ErrDamaged) || len(got) < 4 {
			t.Fatalf("zeros from %d on: %v %v", at, got, err)
		}
		if at += 37 * 512; at > 20<<10 { // there is nothing but room
			at += 64 << 10
		}
	}
}

// What a crash leaves while a file grows is no damage: the file is longer than its head states.
func TestAFileThatWasGrowingIsWhole(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.db")
	log := begin(t, data, 0)
	appendTo(t, log, 3)
	path := redo.Paths(data)[0]
	text := readFile(t, path)
	for _, more := range []int{1, 512, 5000, 1 << 20} {
		writeFile(t, path, append(bytes.Clone(text), make([]byte, more)...))
		if got, err := read(t, data, 0); err != nil || !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Errorf("%d more bytes: %v %v", more, got, err)
		}
	}
	for log.Size() < 5<<20 { // several times, with a head that was being written
		appendTo(t, log, 1)
		if log.Number() == 60 {
			if err := log.Append([]redo.Write{{Bucket: "b", Key: "k", Value: make([]byte, 3<<20)}}); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	text = readFile(t, path)
	for _, at := range []int{0, 512} {
		torn := bytes.Clone(text)
		torn[at+20] ^= 1
		writeFile(t, path, torn)
		n := 0
		err := redo.Read(data, redo.State{ID: id, Generation: one}, func(uint64, []redo.Write) error { n++; return nil })
		if err != nil || n != int(log.Number()) {
			t.Errorf("without the head at %d: %d of %d records, %v", at, n, log.Number(), err)
		}
	}
}

// Files of a version without heads are read as that one read them.
func TestALogOfTheVersionBeforeIsRead(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.db")
	text, err := os.ReadFile("testdata/before.log0")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, redo.Paths(data)[0], append(text, make([]byte, 4<<10)...))
	var got []uint64
	err = redo.Read(data, redo.State{ID: id, After: 1}, func(number uint64, writes []redo.Write) error {
		got = append(got, number)
		if want := group(int(number)); !reflect.DeepEqual(writes, want) {
			t.Errorf("record %d is %v, want %v", number, writes, want)
		}
		return nil
	})
	if err != nil || !slices.Equal(got, []uint64{2, 3}) {
		t.Errorf("%v %v", got, err)
	}
	if err := redo.Read(data, redo.State{ID: id, After: 1, Generation: one}, nil); !errors.Is(err, redo.ErrDamaged) {
		t.Errorf("where one with heads must be: %v", err)
	}
}

func TestAGroupThatWasNotKeptLeavesItsPlaceToTheNext(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.db")
	if err := os.Mkdir(redo.Paths(data)[1], 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := redo.Begin(data, id, one, 0); err == nil {
		t.Fatal("a folder was written to")
	}
	if err := os.Remove(redo.Paths(data)[1]); err != nil {
		t.Fatal(err)
	}
	log := begin(t, data, 0)
	appendTo(t, log, 1)
	if got, err := read(t, data, 0); err != nil || !slices.Equal(got, []uint64{1}) {
		t.Errorf("%v %v", got, err)
	}
	if err := log.Append([]redo.Write{{Bucket: strings.Repeat("x", 10), Key: "k"}}); err != nil {
		t.Error(err)
	}
}

// A log of random groups and turns is cut at a random byte behind what the data file has: what is read is a beginning of it.
func TestWhatIsReadIsABeginningOfWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		folder, err := os.MkdirTemp("", "redo")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		data := filepath.Join(folder, "data.db")
		log := begin(t, data, 0)
		defer func() { _ = log.Close(false) }() // it was only read
		var after uint64                        // the data file has it
		var newest int
		for range rapid.IntRange(1, 5).Draw(r, "turns") {
			for range rapid.IntRange(1, 4).Draw(r, "records") {
				if err := log.Append(group(int(log.Number() + 1))); err != nil {
					r.Fatal(err)
				}
			}
			if rapid.Bool().Draw(r, "turn") {
				after = log.Number()
				log.Turn()
				newest = 1 - newest
			}
		}
		acknowledged := log.Number()
		size := log.Size()
		path := redo.Paths(data)[newest]
		before := readFile(t, path)
		if err := log.Append(group(int(acknowledged + 1))); err != nil { // the crash comes while this is written
			r.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			r.Fatal(err)
		}
		for at := rapid.Int64Range(size, log.Size()).Draw(r, "cut") / 512 * 512; at < log.Size(); at += 512 {
			copy(text[4096+at:4096+at+512], before[min(4096+at, int64(len(before))):])
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			r.Fatal(err)
		}
		got, err := read(t, data, after)
		if err != nil || len(got) < int(acknowledged-after) || len(got) > int(acknowledged-after)+1 || len(got) > 0 && got[0] != after+1 {
			r.Errorf("%v %v, want what follows %d up to %d", got, err, after, acknowledged)
		}
	})
}

func FuzzReadNeverPanicsAndNeverInventsWrites(f *testing.F) {
	data := filepath.Join(f.TempDir(), "data.db")
	log := begin(f, data, 0)
	for n := range 3 {
		if err := log.Append(group(n + 1)); err != nil {
			f.Fatal(err)
		}
	}
	text := readFile(f, redo.Paths(data)[0])
	f.Add(text[:4096+log.Size()], 0, byte(0))
	f.Add(text[4096:4096+log.Size()], 0, byte(0))
	f.Add(text[:4096+log.Size()], 4800, byte(1))
	f.Add(text, 20, byte(1))
	f.Fuzz(func(t *testing.T, text []byte, at int, change byte) {
		data := filepath.Join(t.TempDir(), "data.db")
		if at >= 0 && at < len(text) {
			text[at] ^= change
		}
		for i, path := range redo.Paths(data) {
			if i == 1 || len(text)%2 == 0 {
				writeFile(t, path, text)
			}
		}
		for _, generation := range []uint64{0, one} {
			last := uint64(0)
			err := redo.Read(data, redo.State{ID: id, Generation: generation}, func(number uint64, _ []redo.Write) error {
				if number != last+1 {
					t.Errorf("record %d after %d", number, last)
				}
				last = number
				return nil
			})
			if err != nil && !errors.Is(err, redo.ErrDamaged) {
				t.Errorf("%v is no word about damage", err)
			}
		}
	})
}
