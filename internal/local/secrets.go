package local

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

// secrets of one data folder, made on first use and readable by their owner only.
type secrets struct {
	Signing        []byte          `json:"signing"`         // of flow tokens, callback tokens and cursors
	AccessKey      string          `json:"access_key"`      // of the object server, and name of the database in a DynamoDB Local
	ObjectKey      string          `json:"object_key"`      // the secret of the access key
	VendorKey      string          `json:"vendor_key"`      // that the sandbox vendor expects
	CallbackSecret string          `json:"callback_secret"` // with which it signs calls back
	DemoKey        string          `json:"demo_key"`        // the demo tenant's API key
	Issuer         json.RawMessage `json:"issuer,omitempty"`

	path string
}

// bucketSecrets has which secrets belong to the data: a digest of them, under one key.
const bucketSecrets = "installation"

const keySecrets = "secrets"

// openSecrets reads the secrets of a data folder, and makes them for new data only: what was made with lost ones would
// be void without any visible reason. With renew, data takes the existing secrets, or gets new ones. Errors: Internal;
// the message states what to do.
func openSecrets(ctx context.Context, dir string, db *embedded.DB, renew bool) (*secrets, error) {
	s := &secrets{path: filepath.Join(dir, "secrets.json")}
	known, used, err := belonging(db)
	if err != nil {
		return nil, err
	}
	there, err := s.read()
	switch {
	case err != nil && renew:
		if err := os.Rename(s.path, s.path+".before"); err != nil {
			return nil, fmt.Errorf("move aside the previous secrets: %w", err)
		}
		there = false
	case err != nil:
		return nil, lostSecrets(err, s.path, "cannot be used")
	case !there && used && !renew:
		return nil, lostSecrets(nil, s.path, "is missing")
	case there && known != "" && known != s.digest() && !renew:
		return nil, lostSecrets(nil, s.path, "belongs to other data")
	}
	if !there {
		if s, err = newSecrets(s.path); err != nil {
			return nil, err
		}
	}
	if known == s.digest() {
		return s, nil
	}
	return s, db.Update(ctx, func(tx *embedded.Tx) error {
		tx.Put(bucketSecrets, keySecrets, []byte(s.digest()))
		return nil
	})
}

// belonging returns which secrets belong to the data, and whether anything has been made with them. Data of a former
// version does not state which.
func belonging(db *embedded.DB) (digest string, used bool, err error) {
	err = db.View(func(tx *embedded.Tx) error {
		digest = string(tx.Get(bucketSecrets, keySecrets))
		used = digest != "" || tx.Used()
		return nil
	})
	return digest, used, err
}

func lostSecrets(cause error, path, what string) error {
	folder := filepath.Dir(path)
	return problem.Wrap(cause, problem.Internal, "The file %s %s. It is required for links and tokens of applicants, callbacks of vendors, sign-ins, the full-text search and access to uploaded documents. "+
		"Nothing was changed. Restore it from a backup (ballerine restore FILE --data %s --force), or from the source of the copied folder. "+
		"To continue with new secrets, which invalidates all earlier links, tokens and sign-ins, start once with --new-secrets.", path, what, folder)
}

// read reads the file and reports whether it exists. Errors: it cannot be read, or is incomplete.
func (s *secrets) read() (there bool, err error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	if err := json.Unmarshal(text, s); err != nil {
		return true, fmt.Errorf("it is incomplete: %w", err)
	}
	if len(s.Signing) < 32 || s.AccessKey == "" || s.ObjectKey == "" || s.VendorKey == "" || s.CallbackSecret == "" {
		return true, errors.New("it is incomplete: some of the secrets are missing")
	}
	return true, nil
}

func newSecrets(path string) (*secrets, error) {
	s := &secrets{path: path, Signing: make([]byte, 32)}
	if _, err := rand.Read(s.Signing); err != nil {
		return nil, fmt.Errorf("make secrets: %w", err)
	}
	s.AccessKey, s.ObjectKey, s.VendorKey, s.CallbackSecret = rand.Text(), rand.Text(), rand.Text(), "whsec_"+base64.StdEncoding.EncodeToString([]byte(rand.Text()+rand.Text()))
	return s, s.save()
}

// digest by which the secrets are known again.
func (s *secrets) digest() string {
	mac := hmac.New(sha256.New, s.Signing)
	mac.Write([]byte("the secrets of this data")) // a hash never fails to write
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *secrets) save() error {
	text, err := json.MarshalIndent(s, "", "  ") //nolint:gosec // keeping secrets is what the file is for; only its owner reads it
	if err != nil {
		return fmt.Errorf("encode secrets: %w", err)
	}
	return writeWhole(s.path, text)
}

// writeWhole makes a file appear whole or not at all, also when the power fails.
func writeWhole(path string, text []byte) (err error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
