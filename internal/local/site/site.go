// Package site serves the built dashboard and the applicants' pages on one machine, as CloudFront does on AWS: the page for every
// route, immutable assets, and a strict content security policy.
package site

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Policy is the content security policy of the dashboard and the applicants' pages: nothing inline, nothing from elsewhere.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; " +
	"worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// Config is what the dashboard reads at /config.json.
type Config struct {
	Issuer  string `json:"issuer"`
	Client  string `json:"client_id"`
	Demo    bool   `json:"demo"`
	Version string `json:"version"`
	Logout  string `json:"logout"` // "oidc"
}

// Routes are the dashboard's own paths: each serves the page, which knows what to show.
var Routes = []string{"/{$}", "/queue", "/cases/{case}", "/settings", "/showcase", "/signed-out", "/sign-in/callback"}

// Site serves the built pages. Its files are read once.
type Site struct {
	files  map[string]file
	config []byte
	missed string // what is missing when there are no pages
}

type file struct {
	plain, zipped []byte
	kind, tag     string
	forever       bool
}

// New reads the pages. files is nil if they were not built: the pages then state so, and what is missing.
func New(files fs.FS, config Config, missing string) (*Site, error) {
	s := &Site{missed: missing}
	var err error
	if s.config, err = json.Marshal(config); err != nil {
		return nil, fmt.Errorf("encode the dashboard's configuration: %w", err)
	}
	s.files, err = read(files)
	return s, err
}

// read reads built pages, by their paths. nil has none.
func read(files fs.FS) (map[string]file, error) {
	found := map[string]file{}
	if files == nil {
		return found, nil
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(entry.Name(), ".") && name != "."
		if err == nil && hidden && entry.IsDir() {
			return fs.SkipDir
		}
		if err != nil || hidden || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		found["/"+name], err = newFile(name, text)
		return err
	})
	return found, err
}

func newFile(name string, text []byte) (file, error) {
	sum := sha256.Sum256(text)
	f := file{plain: text, tag: `"` + hex.EncodeToString(sum[:8]) + `"`, kind: mime.TypeByExtension(path.Ext(name)), forever: strings.HasPrefix(name, "assets/")}
	switch path.Ext(name) {
	case ".mjs":
		f.kind = "text/javascript; charset=utf-8"
	case ".wasm":
		f.kind = "application/wasm"
	case "":
		f.kind = "application/octet-stream"
	}
	if strings.HasPrefix(f.kind, "text/") || strings.Contains(f.kind, "javascript") || strings.Contains(f.kind, "json") || strings.Contains(f.kind, "svg") {
		var zipped bytes.Buffer
		w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if err != nil {
			return f, fmt.Errorf("compress %s: %w", name, err)
		}
		if _, err := w.Write(text); err != nil {
			return f, fmt.Errorf("compress %s: %w", name, err)
		}
		if err := w.Close(); err != nil {
			return f, fmt.Errorf("compress %s: %w", name, err)
		}
		f.zipped = zipped.Bytes()
	}
	return f, nil
}

// Register adds the dashboard's paths to a mux.
func (s *Site) Register(mux *http.ServeMux) {
	for _, route := range Routes {
		mux.HandleFunc("GET "+route, s.page)
	}
	mux.HandleFunc("GET /assets/", s.asset)
	for name := range s.files {
		if name != "/index.html" && !strings.HasPrefix(name, "/assets/") {
			mux.HandleFunc("GET "+name, s.asset)
		}
	}
	mux.HandleFunc("GET /config.json", func(w http.ResponseWriter, _ *http.Request) {
		guard(w.Header())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(s.config) // the caller has gone: the error cannot be reported
	})
}

// Applicants adds the applicants' pages to a mux, below /flow/: the page with its files. files is nil if they were not built: the page
// then states what is missing.
func Applicants(mux *http.ServeMux, files fs.FS, missing string) error {
	found, err := read(files)
	if err != nil {
		return err
	}
	pages := &Site{files: found, missed: missing}
	mux.HandleFunc("GET /flow/{$}", pages.page)
	mux.Handle("GET /flow", http.RedirectHandler("/flow/", http.StatusMovedPermanently)) // browsers keep what is behind #
	asset := http.StripPrefix("/flow", http.HandlerFunc(pages.asset))
	mux.Handle("GET /flow/assets/", asset)
	for name := range found {
		if name != "/index.html" && !strings.HasPrefix(name, "/assets/") {
			mux.Handle("GET /flow"+name, asset)
		}
	}
	return nil
}

// Reference adds the description of the API to a mux: openapi.json, and docs.html at /docs with docs.css. build makes
// the files by their names when one is requested for the first time.
func Reference(mux *http.ServeMux, build func() (map[string][]byte, error)) {
	files := sync.OnceValues(func() (map[string]file, error) {
		texts, err := build()
		made := map[string]file{}
		for name, text := range texts {
			f, failed := newFile(name, text)
			made[name], err = f, errors.Join(err, failed)
		}
		return made, err
	})
	for path, name := range map[string]string{"/openapi.json": "openapi.json", "/docs": "docs.html", "/docs.css": "docs.css"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			made, err := files()
			if err != nil {
				guard(w.Header())
				http.Error(w, "The description of the API could not be created.", http.StatusInternalServerError)
				return
			}
			write(w, r, made[name])
		})
	}
}

// Fallback serves the page to people at an unknown address, so that it reports that inside its frame, and passes
// everything else to next: a program that requests the same address gets the API's answer.
func (s *Site) Fallback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api := r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/")
		if r.Method == http.MethodGet && !api && strings.Contains(r.Header.Get("Accept"), "text/html") {
			s.page(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guard sets what every answer of the site has.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

func (s *Site) page(w http.ResponseWriter, r *http.Request) {
	index, ok := s.files["/index.html"]
	if !ok {
		guard(w.Header())
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, "<!doctype html><html lang=\"en\"><title>Ballerine</title><h1>Ballerine</h1><p>%s</p></html>\n", s.missed)
		return
	}
	write(w, r, index)
}

func (s *Site) asset(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.URL.Path]
	if !ok {
		guard(w.Header())
		http.NotFound(w, r)
		return
	}
	write(w, r, f)
}

func write(w http.ResponseWriter, r *http.Request, f file) {
	h := w.Header()
	guard(h)
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.tag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.plain
	if f.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = f.zipped
		h.Set("Content-Encoding", "gzip")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
