package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded/boltfile"
	"ballerine/internal/store/embedded/redo"
)

// openWhole opens the file of a path, or explains in plain words what is wrong with it and what to do.
func openWhole(path string, options *bbolt.Options) (bolt *bbolt.DB, err error) {
	before, statErr := os.Stat(path)
	switch {
	case statErr == nil && before.Size() == 0:
		return nil, damaged(path, nil, "is empty: it was truncated, or its creation was cut short")
	case errors.Is(statErr, os.ErrNotExist) && len(Snapshots(filepath.Dir(path))) > 0:
		return nil, damaged(path, nil, "is missing, although there are snapshots of it")
	case errors.Is(statErr, os.ErrNotExist) && hasLog(path):
		return nil, damaged(path, nil, "is missing, although its log exists")
	}
	// bbolt goes through the file in a goroutine of its own when it opens it for writing, where a panic ends the process: the
	// file is looked through before.
	if statErr == nil {
		err = guarded(func() error { return readThrough(path, *options) })
	}
	if err == nil {
		err = guarded(func() error {
			bolt, err = bbolt.Open(path, 0o600, options)
			return err
		})
	}
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, problem.Wrap(err, problem.Unavailable, "Another process is using the data (%s). Stop it, or connect to it with --endpoint.", path)
	case isFull(err):
		return nil, full(err)
	case isReadOnly(err):
		return nil, problem.Wrap(err, problem.Unavailable, "The data file %s is not readable or writable by this user, or is on a read-only file system. Nothing was changed.", path)
	case err != nil:
		return nil, damaged(path, err, "is damaged, or is not a data file")
	}
	return bolt, nil
}

// readThrough opens the file for reading, so that no other process writes to it, and goes over all of it.
func readThrough(path string, options bbolt.Options) error {
	options.ReadOnly, options.InitialMmapSize = true, 0
	bolt, err := bbolt.Open(path, 0o600, &options)
	if err != nil {
		return err
	}
	defer bolt.Close() // it was only read
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() // it was only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return boltfile.Check(file, info.Size(), bolt.Info().PageSize)
}

// guarded turns a panic of the file's library, and a fault of the memory that the file is mapped to, into an error.
func guarded(run func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(before)
	defer func() {
		if r := recover(); r != nil {
			err = problem.New(problem.Internal, "The data file is damaged: stop, and restore a snapshot or a backup (ballerine restore).").Detail("found", fmt.Sprint(r))
		}
	}()
	return run()
}

// damaged states what is wrong with the file, and what can be done.
func damaged(path string, cause error, what string) error {
	return problem.Wrap(cause, problem.Internal, "The data file %s %s. Nothing was changed. %s", path, what, advice(filepath.Dir(path)))
}

// damagedLog states that writes are lost that were newer than the file, and what can be done.
func damagedLog(path string, cause error) error {
	files, folder := redo.Paths(path), filepath.Dir(path)
	return problem.Wrap(cause, problem.Internal, "The log of the data file %s (%s, %s) is damaged, missing, or belongs to another state of the file: acknowledged writes of the last seconds before the system stopped may be lost (%v). "+
		"Nothing was changed. If the two log files are elsewhere, move them back next to the data file. To continue with the readable data: ballerine restore %s --data %s --force --accept-loss. %s",
		path, filepath.Base(files[0]), filepath.Base(files[1]), cause, path, folder, advice(folder))
}

// advice states which snapshot or backup can be restored.
func advice(folder string) string {
	snapshots := Snapshots(folder)
	if len(snapshots) == 0 {
		return "There is no snapshot. To restore a backup: ballerine restore FILE --data " + folder + " --force"
	}
	newest := snapshots[len(snapshots)-1]
	return fmt.Sprintf("The latest snapshot is from %s: ballerine restore %s --data %s --force", newest.At.UTC().Format(time.DateTime), newest.Path, folder)
}

// ErrLogDamaged is of a data file whose log has lost writes.
var ErrLogDamaged = redo.ErrDamaged

// LogPaths are the two files of the log of a data file.
func LogPaths(data string) [2]string { return redo.Paths(data) }

// hasLog reports whether the log of a data file exists.
func hasLog(path string) bool {
	for _, file := range redo.Paths(path) {
		if _, err := os.Stat(file); err == nil {
			return true
		}
	}
	return false
}

func full(cause error) error {
	return problem.Wrap(cause, problem.Unavailable, "The disk is full: this change was not written, but no earlier data is lost. Free some space, and try again.")
}

// isFull reports whether there was no space left to write. The file's library passes some errors on as text only.
func isFull(err error) bool {
	return err != nil && slices.ContainsFunc([]syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}, func(number syscall.Errno) bool {
		return errors.Is(err, number) || strings.HasSuffix(err.Error(), ": "+number.Error())
	})
}

// isReadOnly reports whether a file or folder may not be written.
func isReadOnly(err error) bool {
	return errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// Writable reports whether the file accepts writes. If the newest group of writes has failed, it tries one; if the file
// did not accept what is in the log, it tries that. Errors: Unavailable.
func (db *DB) Writable(ctx context.Context) error {
	if db.unsettled.Load() {
		if err := db.Flush(ctx); err != nil {
			return err
		}
	}
	if !db.failed.Load() {
		return nil
	}
	return db.Update(ctx, func(tx *Tx) error {
		tx.Put(bucketProbe, "probe", make([]byte, 64<<10)) // as large as a record can be: a smaller one might fit where no record does
		return nil
	})
}

const bucketProbe = "probe"

// unwritten states why a group of writes failed.
func unwritten(err error) error {
	var known *problem.Error
	switch {
	case isFull(err):
		return full(err)
	case errors.As(err, &known):
		return err
	case isReadOnly(err):
		return problem.Wrap(err, problem.Unavailable, "The data folder is not writable by this user, or is on a read-only file system: %v.", err)
	}
	return problem.Wrap(err, problem.Unavailable, "The data file could not be written.")
}
