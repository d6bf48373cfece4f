package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

func TestDataGoesOnWithItsOwnSecretsOnly(t *testing.T) {
	other := filepath.Join(t.TempDir(), "secrets.json")
	if _, err := newSecrets(other); err != nil {
		t.Fatal(err)
	}
	foreign, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	remove := func(path string, _ []byte) error { return os.Remove(path) }
	write := func(text []byte) func(string, []byte) error {
		return func(path string, _ []byte) error { return os.WriteFile(path, text, 0o600) }
	}
	for name, one := range map[string]struct {
		damage  func(path string, text []byte) error
		before  bool   // the data is of a version that did not record which secrets belong to it
		refused string // "": the data is used on
	}{
		"as they were":                   {func(string, []byte) error { return nil }, false, ""},
		"as they were, of before":        {func(string, []byte) error { return nil }, true, ""},
		"missing":                        {remove, false, "is missing"},
		"missing, of before":             {remove, true, "is missing"},
		"emptied":                        {write(nil), false, "cannot be used"},
		"an empty object":                {write([]byte("{}")), false, "cannot be used"},
		"zeros":                          {write(make([]byte, 300)), false, "cannot be used"},
		"cut":                            {func(path string, text []byte) error { return os.WriteFile(path, text[:len(text)/2], 0o600) }, false, "cannot be used"},
		"other data's":                   {write(foreign), false, "other data"},
		"a folder":                       {func(path string, _ []byte) error { _ = os.Remove(path); return os.Mkdir(path, 0o700) }, false, "cannot be used"},
		"other data's, as far as we see": {write(foreign), true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			db, err := embedded.Open(filepath.Join(folder, dataFile))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close() // the test is about the secrets
			made, err := openSecrets(t.Context(), folder, db, false)
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(t.Context(), func(tx *embedded.Tx) error {
				tx.Put("keys", "demo\x00key_1", []byte("{}"))
				if one.before {
					tx.Delete(bucketSecrets, keySecrets)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(made.path)
			if err != nil {
				t.Fatal(err)
			}
			if err := one.damage(made.path, text); err != nil {
				t.Fatal(err)
			}
			_, err = openSecrets(t.Context(), folder, db, false)
			if one.refused == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if problem.CodeOf(err) != problem.Internal || !strings.Contains(err.Error(), one.refused) || !strings.Contains(err.Error(), "--new-secrets") || !strings.Contains(err.Error(), "ballerine restore") {
				t.Fatalf("%v", err)
			}
			again, err := openSecrets(t.Context(), folder, db, true)
			if err != nil || again.digest() == made.digest() {
				t.Fatalf("with new ones: %v", err)
			}
			if kept, err := openSecrets(t.Context(), folder, db, false); err != nil || kept.digest() != again.digest() {
				t.Errorf("the next time: %v", err)
			}
		})
	}
}
