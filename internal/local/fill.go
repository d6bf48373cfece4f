package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

// The first data of a folder is made in a folder of its own inside it. Only when all of it exists does it become the
// data: an interrupted start leaves nothing, and the next one starts over.
const (
	seedFolder   = ".seeding"
	seedComplete = "complete" // in the folder: it is complete, and only has to be moved
	dataFile     = "ballerine.db"
)

// Fill lets fill set up the first data of a folder, before a Start with the same options: it does not touch a folder
// whose tenant has cases. fill gets a folder to start a stack on, with the keys, people and subscriptions that are in
// the data already, and closes that stack. Errors: Invalid with a DynamoDB, Unavailable if the data is in use.
func Fill(ctx context.Context, options Options, fill func(ctx context.Context, folder string) error) error {
	if options.DynamoDB != "" {
		return problem.New(problem.Invalid, "Demo cases can only be created in the data folder's own file: remove --seed or --dynamodb.")
	}
	if err := os.MkdirAll(options.Data, 0o700); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	if err := finishSeed(options.Data); err != nil {
		return err
	}
	db, err := embedded.Open(filepath.Join(options.Data, dataFile)) // held, so that no other process writes meanwhile
	if err != nil {
		return err
	}
	page, err := db.Cases().List(ctx, DemoTenant, cases.Query{Limit: 1})
	if err != nil || len(page.Records) > 0 {
		return errors.Join(err, db.Close())
	}
	err = fillAside(ctx, options, db, fill)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return finishSeed(options.Data)
}

// fillAside lets the folder be filled beside the data, with what is in the data already.
func fillAside(ctx context.Context, options Options, db *embedded.DB, fill func(ctx context.Context, folder string) error) error {
	folder := filepath.Join(options.Data, seedFolder)
	if err := os.RemoveAll(folder); err != nil { // of a start that was broken off
		return fmt.Errorf("remove leftovers of a previous start: %w", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("create the folder to fill: %w", err)
	}
	if err := db.CopyTo(filepath.Join(folder, dataFile)); err != nil {
		return fmt.Errorf("copy data: %w", err)
	}
	if err := copyFile(filepath.Join(options.Data, "secrets.json"), filepath.Join(folder, "secrets.json")); err != nil {
		return err
	}
	if err := fill(ctx, folder); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(folder, "demo.env")); err != nil { // of the stack that is gone
		return fmt.Errorf("remove its environment: %w", err)
	}
	if err := keepLists(options.Data, folder); err != nil {
		return err
	}
	return writeWhole(filepath.Join(folder, seedComplete), nil)
}

// keepLists removes the watch lists of a filled folder where the data has some: these count.
func keepLists(data, folder string) error {
	kept, err := watchlistFiles(data)
	if err != nil || len(kept) == 0 {
		return err
	}
	filled, err := watchlistFiles(folder)
	for _, file := range filled {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

// watchlistFiles are the objects of a data folder that belong to watch lists.
func watchlistFiles(folder string) (found []string, err error) {
	entries, err := os.ReadDir(filepath.Join(folder, "objects"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "k.watchlists") {
			found = append(found, filepath.Join(folder, "objects", entry.Name()))
		}
	}
	return found, err
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
