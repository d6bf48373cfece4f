package backup

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

// DataFile is the name of the data file in its folder.
const DataFile = "ballerine.db"

const (
	manifestName = "manifest.json"
	format       = 1
	copyWait     = 5 * time.Minute // for the process that has the data open
	readFor      = time.Hour       // how long the values of the copy are checked
)

// Manifest states what is in a backup.
type Manifest struct {
	Format  int               `json:"format"`
	Created time.Time         `json:"created"`
	Files   map[string]Digest `json:"files"` // by their path in the folder, with slashes
	// Unreadable is how many values of the data file cannot be read, by bucket.
	Unreadable map[string]int `json:"unreadable,omitempty"`
}

// Digest of a file.
type Digest struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Objects is how many of the files are uploaded documents. Exchanges with vendors are stored beside them.
func (m Manifest) Objects() (number int) {
	for name := range m.Files {
		if strings.HasPrefix(name, "objects/") && !strings.Contains(name, "/k.exchanges%2F") {
			number++
		}
	}
	return number
}

// WriteOptions of Write.
type WriteOptions struct {
	WithDamage bool // also when some values of the data file cannot be read
}

// Write packs a data folder into a file that does not exist yet, whether the system is running or not. Errors: Invalid
// if there is no data, the file exists, or values of the data cannot be read; Unavailable.
func Write(ctx context.Context, folder, file string, options WriteOptions, now time.Time) (Manifest, error) {
	if _, err := os.Stat(filepath.Join(folder, DataFile)); err != nil {
		return Manifest{}, problem.Wrap(err, problem.Invalid, "There is no data in %s.", folder)
	}
	if _, err := os.Lstat(file); err == nil {
		return Manifest{}, problem.New(problem.Invalid, "The file %s already exists: choose another name.", file)
	}
	data, err := copyOf(ctx, folder)
	if err != nil {
		return Manifest{}, err
	}
	defer os.Remove(data) // what stays is found by the next backup
	found, err := embedded.Look(data, "", readFor)
	if err != nil {
		return Manifest{}, fmt.Errorf("look through the data: %w", err)
	}
	if found.Number() > 0 && !options.WithDamage {
		return Manifest{}, problem.Wrap(found.Err(), problem.Invalid, "%d values of the data cannot be read (%s), so the backup would be incomplete. Nothing was written. "+
			"Keep earlier backups and snapshots. To back up the readable data anyway, use --with-damage.", found.Number(), found)
	}
	part := file + ".part"
	manifest, err := pack(folder, data, part, Manifest{Format: format, Created: now.UTC(), Files: map[string]Digest{}, Unreadable: found.Values})
	if err == nil {
		err = os.Rename(part, file)
	}
	if err != nil {
		_ = os.Remove(part) // the first error is the one to report
		return Manifest{}, fmt.Errorf("write the backup: %w", err)
	}
	return manifest, nil
}

// copyOf is a consistent copy of the data file: made here, or by the process that has it open.
func copyOf(ctx context.Context, folder string) (string, error) {
	db, err := embedded.Open(filepath.Join(folder, DataFile))
	if problem.CodeOf(err) == problem.Unavailable {
		ctx, cancel := context.WithTimeout(ctx, copyWait)
		defer cancel()
		return embedded.RequestSnapshot(ctx, folder)
	}
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "."+DataFile+".backup")
	err = db.CopyTo(path)
	return path, errors.Join(err, db.Close())
}

func pack(folder, data, file string, m Manifest) (_ Manifest, err error) {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return m, err
	}
	defer func() {
		if err == nil {
			err = out.Sync()
		}
		err = errors.Join(err, out.Close())
	}()
	archive := zip.NewWriter(out)
	if m.Files[DataFile], err = add(archive, DataFile, data); err != nil {
		return m, err
	}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(folder, path)
		if err != nil || relErr != nil {
			return errors.Join(err, relErr)
		}
		switch {
		case entry.IsDir() && name == "snapshots":
			return fs.SkipDir
		case !entry.Type().IsRegular(), name == DataFile, strings.HasPrefix(name, DataFile+"."), strings.HasPrefix(name, "."+DataFile), strings.HasSuffix(name, ".part"):
			return nil
		}
		name = filepath.ToSlash(name)
		digest, err := add(archive, name, path)
		if errors.Is(err, os.ErrNotExist) {
			return nil // an upload that was moved or dropped meanwhile
		}
		m.Files[name] = digest
		return err
	})
	if err != nil {
		return m, err
	}
	w, err := archive.Create(manifestName)
	if err == nil {
		err = json.NewEncoder(w).Encode(m)
	}
	return m, errors.Join(err, archive.Close())
}

func add(archive *zip.Writer, name, path string) (d Digest, err error) {
	in, err := os.Open(path)
	if err != nil {
		return d, err
	}
	defer in.Close() // it was only read
	w, err := archive.Create(name)
	if err != nil {
		return d, err
	}
	sum := sha256.New()
	d.Bytes, err = io.Copy(io.MultiWriter(w, sum), in)
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return d, err
}

// Options of Restore.
type Options struct {
	Force      bool // put aside what is in the folder
	AcceptLoss bool // go on without what is lost of the log of the data file that is restored
}

// Restore unpacks a backup, or a snapshot of the data file, into a folder. A folder that holds data is refused unless
// Force is set: then the former data is kept beside it under the name that is returned. Nothing is changed before all of
// the backup has been read and found complete. Errors: Invalid, Unavailable if the folder's data is open.
func Restore(file, folder string, options Options, now time.Time) (m Manifest, kept string, err error) {
	there, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return m, "", fmt.Errorf("restore: %w", err)
	}
	if len(there) > 0 {
		if err := free(folder, options.Force); err != nil {
			return m, "", err
		}
	}
	folder = filepath.Clean(folder)
	fresh := folder + ".restoring"
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return m, "", problem.Wrap(err, problem.Invalid, "The folder %s cannot be created; is another restore in progress?", fresh)
	}
	defer os.RemoveAll(fresh) // it is gone when all went well
	if strings.HasSuffix(file, ".db") {
		m, err = restoreSnapshot(file, folder, fresh, now)
	} else {
		m, err = unpack(file, fresh)
	}
	if err == nil && options.AcceptLoss {
		err = embedded.Salvage(filepath.Join(fresh, DataFile))
	}
	if err == nil {
		err = opens(fresh)
	}
	if err != nil {
		return m, "", err
	}
	if len(there) > 0 {
		kept = folder + ".before-" + now.UTC().Format("20060102T150405Z")
		if err := os.Rename(folder, kept); err != nil {
			return m, "", fmt.Errorf("restore: %w", err)
		}
	} else if err := os.Remove(folder); err != nil && !errors.Is(err, os.ErrNotExist) {
		return m, "", fmt.Errorf("restore: %w", err)
	}
	if err := os.Rename(fresh, folder); err != nil {
		return m, kept, fmt.Errorf("restore (the previous data is in %s): %w", kept, err)
	}
	return m, kept, nil
}

// free reports whether the folder's data may be put aside.
func free(folder string, force bool) error {
	switch _, err := os.Stat(filepath.Join(folder, DataFile)); {
	case errors.Is(err, os.ErrNotExist) && force:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return problem.New(problem.Invalid, "The folder %s is not empty. With --force it is moved aside, not deleted.", folder)
	case err != nil:
		return fmt.Errorf("restore: %w", err)
	}
	db, err := embedded.Open(filepath.Join(folder, DataFile))
	if problem.CodeOf(err) == problem.Unavailable {
		return problem.Wrap(err, problem.Unavailable, "The data in %s is in use: stop the system first.", folder)
	}
	if err == nil {
		err = db.Close()
	} // data that cannot be opened is a reason to restore
	if !force {
		return problem.Wrap(err, problem.Invalid, "There is data in %s, which may be newer. With --force it is moved aside, not deleted.", folder)
	}
	return nil
}

// opens reports whether what was unpacked is a data file, and all of it.
func opens(folder string) error {
	db, err := embedded.Open(filepath.Join(folder, DataFile))
	switch {
	case errors.Is(err, embedded.ErrLogDamaged):
		return problem.Wrap(err, problem.Invalid, "The newest writes of the data file to be restored are in a log next to it, which is damaged or missing. Nothing was changed. With --accept-loss the readable data is restored.")
	case err != nil:
		return problem.Wrap(err, problem.Invalid, "The data file to be restored cannot be opened. Nothing was changed.")
	}
	return db.Close()
}

func unpack(file, folder string) (m Manifest, err error) {
	archive, err := zip.OpenReader(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, problem.Wrap(err, problem.NotFound, "There is no file %s.", file)
	}
	if err != nil {
		return m, problem.Wrap(err, problem.Invalid, "The file %s is not a backup, or is incomplete.", file)
	}
	defer archive.Close() // it was only read
	text, err := fs.ReadFile(archive, manifestName)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || m.Format != format || m.Files[DataFile].SHA256 == "" {
		return m, problem.Wrap(err, problem.Invalid, "The file %s is not a backup that this version can read.", file)
	}
	for name, want := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return m, problem.New(problem.Invalid, "The backup names a file outside its folder. Nothing was changed.")
		}
		got, err := extract(archive, name, filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil || got != want {
			return m, problem.Wrap(err, problem.Invalid, "The backup is damaged: %s has changed. Nothing was changed.", name)
		}
	}
	return m, nil
}

func extract(archive fs.FS, name, path string) (d Digest, err error) {
	in, err := archive.Open(name)
	if err != nil {
		return d, err
	}
	defer in.Close() // it was only read
	return write(in, path)
}

// write copies a stream into a new file and waits for the disk.
func write(in io.Reader, path string) (d Digest, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return d, err
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return d, err
	}
	sum := sha256.New()
	d.Bytes, err = io.Copy(io.MultiWriter(out, sum), in)
	if err == nil {
		err = out.Sync()
	}
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return d, errors.Join(err, out.Close())
}

// withLog takes what a data file that is no copy has beside it.
func withLog(file, fresh string) error {
	to := embedded.LogPaths(filepath.Join(fresh, DataFile))
	for i, path := range embedded.LogPaths(file) {
		in, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // whether it has to be there is in the data file
		}
		if err != nil {
			return err
		}
		_, err = write(in, to[i])
		if err := errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

// restoreSnapshot takes the data file from a snapshot, or from wherever it is with its log, and everything else from the
// folder as it is.
func restoreSnapshot(file, folder, fresh string, now time.Time) (Manifest, error) {
	m := Manifest{Format: format, Created: now.UTC(), Files: map[string]Digest{}}
	in, err := os.Open(file)
	if err != nil {
		return m, problem.Wrap(err, problem.Invalid, "The snapshot %s cannot be read.", file)
	}
	defer in.Close() // it was only read
	if m.Files[DataFile], err = write(in, filepath.Join(fresh, DataFile)); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	if err := withLog(file, fresh); err != nil {
		return m, fmt.Errorf("restore: %w", err)
	}
	return m, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(folder, path)
		if err != nil || relErr != nil {
			return errors.Join(err, relErr)
		}
		if !entry.Type().IsRegular() || name == DataFile || strings.HasPrefix(name, DataFile+".") {
			return nil
		}
		in, err := os.Open(path) //nolint:gosec // a folder of ours, to which nothing else writes
		if err != nil {
			return err
		}
		defer in.Close() // it was only read
		m.Files[filepath.ToSlash(name)], err = write(in, filepath.Join(fresh, name))
		return err
	})
}
