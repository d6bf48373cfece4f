package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local/simclock"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

// Demo cases are set up in a folder of their own inside the data folder, on a stack whose clock begins weeks ago. Only
// when all of them are there do they become the data: a start that was broken off leaves nothing, and the next begins anew.
const (
	seedFolder   = ".seeding"
	seedComplete = "complete" // in the folder: all is there, it only has to be moved
	dataFile     = "ballerine.db"
)

// Seed sets demo cases up in a data folder whose tenant has none, before a Start with the same options. progress hears
// how many of how many are done; nil: nobody does. Errors: Invalid with a DynamoDB, Unavailable when the data is in use.
func Seed(ctx context.Context, options Options, progress func(done, total int)) error {
	if options.DynamoDB != "" {
		return problem.New(problem.Invalid, "Demo cases are set up in the data folder's own file: leave --seed away, or --dynamodb.")
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	if err := os.MkdirAll(options.Data, 0o700); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	if err := finishSeed(options.Data); err != nil {
		return err
	}
	db, err := embedded.Open(filepath.Join(options.Data, dataFile)) // held, so that nobody else writes meanwhile
	if err != nil {
		return err
	}
	page, err := db.Cases().List(ctx, demoTenant, cases.Query{Limit: 1})
	if err != nil || len(page.Records) > 0 {
		return errors.Join(err, db.Close())
	}
	err = seedAside(ctx, options, progress)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return finishSeed(options.Data)
}

// seedAside sets the demo cases up beside the data, with what is in the data already: keys, people, subscriptions.
func seedAside(ctx context.Context, options Options, progress func(done, total int)) error {
	folder := filepath.Join(options.Data, seedFolder)
	if err := os.RemoveAll(folder); err != nil { // of a start that was broken off
		return fmt.Errorf("remove what a former start has left: %w", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("create folder of demo cases: %w", err)
	}
	for _, name := range []string{dataFile, "secrets.json"} {
		if err := copyFile(filepath.Join(options.Data, name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	now := time.Now()
	clock := simclock.New(now.Add(-demoPast))
	faults := &faults{}
	stack, err := Start(ctx, Options{
		Data: folder, Address: "127.0.0.1:0", Definitions: options.Definitions, Version: options.Version,
		Logger: errorsOnly(options.Logger), Now: clock.Now, clock: clock, fault: faults.of,
	})
	if err != nil {
		return err
	}
	s := &seeder{stack: stack, clock: clock, now: now, faults: faults, progress: progress}
	err = s.run(ctx)
	if err = errors.Join(err, stack.Close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(folder, "demo.env")); err != nil { // of the stack that is gone
		return fmt.Errorf("remove its environment: %w", err)
	}
	return writeWhole(filepath.Join(folder, seedComplete), []byte(now.UTC().Format(time.RFC3339)))
}

// finishSeed moves complete demo cases into the data folder. It may be broken off anywhere and be called again.
func finishSeed(data string) error {
	folder := filepath.Join(data, seedFolder)
	if _, err := os.Stat(filepath.Join(folder, seedComplete)); err != nil {
		return nil //nolint:nilerr // there is nothing to finish
	}
	err := filepath.WalkDir(filepath.Join(folder, "objects"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		inside, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return moveFile(path, filepath.Join(data, inside))
	})
	for _, name := range []string{"secrets.json", dataFile} { // the file last: with it the cases are there
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			err = moveFile(filepath.Join(folder, name), filepath.Join(data, name))
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // what is not there was moved before
		return fmt.Errorf("move the demo cases into the data folder: %w", err)
	}
	return os.RemoveAll(folder)
}

func moveFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	return os.Rename(from, to)
}

// copyFile copies a file that may not be there.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy data: %w", err)
	}
	defer func() { _ = source.Close() }() // it was only read
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy data: %w", err)
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// errorsOnly keeps the log quiet about what demo vendors do on purpose.
func errorsOnly(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		logger = slog.Default()
	}
	return slog.New(quiet{logger.Handler()})
}

type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (quiet) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }

// demoUser is one of the demo people as a principal.
func demoUser(email string) identity.Principal {
	for i, person := range demoPeople {
		if person.email == email {
			return identity.Principal{
				Tenant: demoTenant, Kind: identity.User, ID: fmt.Sprintf("user_%s%d", person.role, i),
				Name: person.name, Email: person.email, Roles: []string{person.role},
			}
		}
	}
	return identity.Principal{}
}
