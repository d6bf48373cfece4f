package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (s *server) registerHealth(api huma.API) {
	type health struct {
		Status  string `json:"status"`
		Version string `json:"version,omitempty"`
	}
	up := op("", "getHealth", "GET", "/v1/health", "Report that the server is up; 503 while it cannot store anything")
	up.Errors = append(up.Errors, http.StatusServiceUnavailable)
	add(s, api, up, func(c ctx, _ *none) (*body[health], error) {
		if s.Writable != nil {
			if err := s.Writable(c); err != nil {
				return nil, err
			}
		}
		return &body[health]{health{"ok", s.Version}}, nil
	})
}
