package objects

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/rclone/gofakes3"

	"ballerine/internal/problem"
)

// Config of a server.
type Config struct {
	Dir       string // of the files
	Bucket    string // the only one
	AccessKey string
	SecretKey string
	MaxSize   int64    // of an object; default 64 MB
	Origins   []string // that browsers may upload from; "*": any
	// OnCreated is called for each object that was put, as S3's notifications do. It must not block.
	OnCreated func(key string)
	// OnDamaged is called for each request for an object that is not as it was written, and what of it is not: "length", "metadata" or
	// "content". It must not block.
	OnDamaged func(key, what string)
	Logger    *slog.Logger
}

// New returns the server. It answers path-style requests: /<bucket>/<key>. Error: the folder cannot be made.
func New(config Config) (http.Handler, error) {
	if config.MaxSize == 0 {
		config.MaxSize = 64 << 20
	}
	disk, err := openDisk(config)
	if err != nil {
		return nil, err
	}
	if config.AccessKey == "" || config.SecretKey == "" {
		return nil, problem.New(problem.Internal, "The object server needs credentials.")
	}
	s3 := gofakes3.New(disk, gofakes3.WithV4Auth(map[string]string{config.AccessKey: config.SecretKey}), gofakes3.WithoutVersioning())
	return guard(config, s3.Server()), nil
}

// guard adds what browsers need, and refuses what is too large before it is read.
func guard(config Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What people upload is never taken for anything but what it was declared as, and has no rights of this origin.
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
		if origin := r.Header.Get("Origin"); origin != "" && (slices.Contains(config.Origins, origin) || slices.Contains(config.Origins, "*")) {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Methods", "GET, PUT, HEAD")
			h.Set("Access-Control-Allow-Headers", strings.Join([]string{"content-type", "if-none-match", "x-amz-checksum-sha256"}, ", "))
			h.Set("Access-Control-Expose-Headers", "ETag")
			h.Set("Access-Control-Max-Age", "600")
			h.Add("Vary", "Origin")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if r.ContentLength > config.MaxSize {
			http.Error(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>EntityTooLarge</Code><Message>Your proposed upload exceeds the maximum allowed size</Message></Error>`, http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), answerKey{}, w.Header())))
	})
}
