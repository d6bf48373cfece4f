package local

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

func loadSecrets(dir string) (*secrets, error) {
	s := &secrets{path: filepath.Join(dir, "secrets.json")}
	text, err := os.ReadFile(s.path)
	if err == nil {
		if err := json.Unmarshal(text, s); err != nil {
			return nil, fmt.Errorf("read %s: %w", s.path, err)
		}
		return s, nil
	}
	if !os.IsNotExist(err) {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	s.Signing = make([]byte, 32)
	if _, err := rand.Read(s.Signing); err != nil {
		return nil, fmt.Errorf("make secrets: %w", err)
	}
	s.AccessKey, s.ObjectKey, s.VendorKey, s.CallbackSecret = rand.Text(), rand.Text(), rand.Text(), "whsec_"+base64.StdEncoding.EncodeToString([]byte(rand.Text()+rand.Text()))
	return s, s.save()
}

func (s *secrets) save() error {
	text, err := json.MarshalIndent(s, "", "  ") //nolint:gosec // keeping secrets is what the file is for; only its owner reads it
	if err != nil {
		return fmt.Errorf("encode secrets: %w", err)
	}
	return writeWhole(s.path, text)
}

// writeWhole makes a file appear whole or not at all.
func writeWhole(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(path+".new", path)
}
