package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"ballerine/internal/problem"
)

// Snapshots of the file are in a folder beside it, named by their time: snapshots/20260102T030405Z.db. They are made
// while the file is in use, each a consistent whole, and appear under their name only once they are on the disk.
const (
	snapshotFolder = "snapshots"
	snapshotLayout = "20060102T150405Z"
	snapshotEvery  = time.Hour
	snapshotsKept  = 8
	requestSuffix  = ".request" // a file that asks the process which has the data for a snapshot of this name
	lookEvery      = time.Second
	readFor        = time.Minute      // how long the values of a snapshot are checked
	withDamage     = "with-damage.db" // the newest snapshot that has values that cannot be read; there is at most one
	snapshotPart   = "next"           // a snapshot that is not yet checked
)

// Snapshot is a copy of the file.
type Snapshot struct {
	Path string
	At   time.Time
}

// Snapshots of a data folder, the oldest first.
func Snapshots(folder string) (found []Snapshot) {
	entries, err := os.ReadDir(filepath.Join(folder, snapshotFolder))
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		at, err := time.Parse(snapshotLayout, strings.TrimSuffix(entry.Name(), ".db"))
		if err == nil && strings.HasSuffix(entry.Name(), ".db") {
			found = append(found, Snapshot{filepath.Join(folder, snapshotFolder, entry.Name()), at})
		}
	}
	slices.SortFunc(found, func(a, b Snapshot) int { return a.At.Compare(b.At) })
	return found
}

// CopyTo writes a consistent copy of the file, while others read and write. It appears under its name once it is
// complete and on the disk.
func (db *DB) CopyTo(path string) error {
	if err := db.Flush(context.Background()); err != nil {
		return err
	}
	part := path + ".part"
	err := guarded(func() error {
		return db.bolt.View(func(tx *bbolt.Tx) error { return tx.CopyFile(part, 0o600) })
	})
	if err == nil {
		err = withoutLog(part)
	}
	if err == nil {
		err = syncPath(part)
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err == nil {
		return syncPath(filepath.Dir(path))
	}
	_ = os.Remove(part) // the first error is the one to report
	return unwritten(err)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// KeepSnapshots makes a snapshot now unless the newest is young, then one every hour, and keeps the newest few. One with
// values that cannot be read does not replace another one: it is kept beside them as with-damage.db. It answers requests
// of RequestSnapshot. It returns when ctx ends; looked is called for each snapshot with what of it cannot be read,
// report with errors.
func (db *DB) KeepSnapshots(ctx context.Context, now func() time.Time, looked func(Unreadable), report func(error)) {
	folder := filepath.Dir(db.bolt.Path())
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var tried time.Time
	for {
		if at := now(); at.Sub(tried) >= snapshotEvery {
			tried = at
			if err := db.snapshot(folder, at, looked); err != nil {
				report(err)
			}
		}
		db.answerRequests(folder, report)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (db *DB) snapshot(folder string, at time.Time, looked func(Unreadable)) error {
	there := Snapshots(folder)
	if len(there) > 0 && at.Sub(there[len(there)-1].At) < snapshotEvery {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(folder, snapshotFolder), 0o700); err != nil {
		return fmt.Errorf("make a snapshot: %w", err)
	}
	part := filepath.Join(folder, snapshotFolder, snapshotPart)
	if err := db.CopyTo(part); err != nil {
		return fmt.Errorf("make a snapshot: %w", err)
	}
	if err := db.look(part, looked); err != nil {
		return errors.Join(err, os.Rename(part, filepath.Join(folder, snapshotFolder, withDamage)))
	}
	if err := os.Rename(part, filepath.Join(folder, snapshotFolder, at.UTC().Format(snapshotLayout)+".db")); err != nil {
		return fmt.Errorf("make a snapshot: %w", err)
	}
	if err := syncPath(filepath.Join(folder, snapshotFolder)); err != nil {
		return fmt.Errorf("make a snapshot: %w", err)
	}
	_ = os.Remove(filepath.Join(folder, snapshotFolder, withDamage)) // of a time that is over
	for _, old := range there[:max(0, len(there)+1-snapshotsKept)] {
		if err := os.Remove(old.Path); err != nil {
			return fmt.Errorf("forget an old snapshot: %w", err)
		}
	}
	return nil
}

// look checks the values of a copy, and continues where the former call ran out of time. Errors: Internal.
func (db *DB) look(path string, looked func(Unreadable)) error {
	found, err := Look(path, db.lookFrom, readFor)
	if err != nil {
		return fmt.Errorf("look through a snapshot: %w", err)
	}
	db.lookFrom = found.Next
	looked(found)
	if err := found.Err(); err != nil {
		return problem.Wrap(err, problem.Internal, "The data file has %d values that cannot be read (%s). Until they are repaired, snapshots do not replace earlier ones: all snapshots are in %s. %s",
			found.Number(), found, filepath.Join(filepath.Dir(path), withDamage), advice(filepath.Dir(db.bolt.Path())))
	}
	return nil
}

func (db *DB) answerRequests(folder string, report func(error)) {
	requests, err := filepath.Glob(filepath.Join(folder, snapshotFolder, "*"+requestSuffix))
	if err != nil {
		return // a pattern of our own
	}
	for _, request := range requests {
		if err := db.CopyTo(strings.TrimSuffix(request, requestSuffix)); err != nil {
			report(fmt.Errorf("make a copy for a backup: %w", err))
			continue
		}
		_ = os.Remove(request) // should it stay, the copy is made again
	}
}

// RequestSnapshot asks the process that has the data of a folder open for a copy, and waits for it. The caller removes
// it. Errors: Unavailable if there is no answer.
func RequestSnapshot(ctx context.Context, folder string) (string, error) {
	if err := os.MkdirAll(filepath.Join(folder, snapshotFolder), 0o700); err != nil {
		return "", fmt.Errorf("ask for a copy: %w", err)
	}
	path := filepath.Join(folder, snapshotFolder, fmt.Sprintf("backup-%d", os.Getpid()))
	if err := os.WriteFile(path+requestSuffix, nil, 0o600); err != nil {
		return "", fmt.Errorf("ask for a copy: %w", err)
	}
	for {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		select {
		case <-ctx.Done():
			_ = os.Remove(path + requestSuffix) // it was not taken
			return "", problem.Wrap(ctx.Err(), problem.Unavailable, "The process that uses the data did not create a copy in time.")
		case <-time.After(lookEvery / 5):
		}
	}
}
