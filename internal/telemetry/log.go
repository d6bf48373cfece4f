package telemetry

import (
	"io"
	"log/slog"
)

// NewLogger logs JSON lines with the attributes of With.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(Handler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}
